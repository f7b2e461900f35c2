import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const PAGES = ["viewer", "producer", "overlay"];
const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const page = (name) => read(`${name}.html`);
const scripts = (name) =>
  readdirSync(new URL(`../${name}`, import.meta.url))
    .filter((file) => file.endsWith(".js"))
    .map((file) => `${name}/${file}`);

const IMPORT_MAP = /<script type="importmap">(.*?)<\/script>/s;
const importMap = (html) => JSON.parse(IMPORT_MAP.exec(html)?.[1] ?? '{"imports":{}}').imports;

test("the pages carry no script or style of their own but the import map, which is let in by its hash", () => {
  for (const name of PAGES) {
    const html = page(name).replace(IMPORT_MAP, "");
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/, name);
  }
});

test("what a page loads lies where it is served from", () => {
  for (const name of PAGES)
    for (const [, path] of page(name).matchAll(/(?:src|href)="([^"]+)"/g)) {
      assert.match(path, /^\/client\//);
      assert.ok(existsSync(new URL(`../${path.slice("/client/".length)}`, import.meta.url)), path);
    }
});

test("every library a page maps lies where it is served from", () => {
  for (const name of PAGES)
    for (const path of Object.values(importMap(page(name)))) {
      assert.match(path, /^\/library\//);
      const file = new URL(`../node_modules/${path.slice("/library/".length)}`, import.meta.url);
      assert.ok(existsSync(file), path);
    }
});

test("every element a script asks for by its id is in its page", () => {
  for (const name of PAGES)
    for (const file of scripts(name))
      for (const [, id] of read(file).matchAll(/element\("([\w-]+)"/g))
        assert.ok(page(name).includes(`id="${id}"`), `${file}: ${id}`);
});

test("the pages set text as text, never as HTML", () => {
  for (const name of PAGES)
    for (const file of scripts(name))
      assert.doesNotMatch(read(file), /innerHTML|outerHTML|insertAdjacentHTML|document\.write/, file);
});
