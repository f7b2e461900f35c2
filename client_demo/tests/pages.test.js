import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const PAGES = ["viewer", "producer", "overlay"];
const page = (name) => readFileSync(new URL(`../${name}.html`, import.meta.url), "utf8");

test("the pages carry no script or style of their own, which their policy forbids", () => {
  for (const name of PAGES) {
    const html = page(name);
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

test("every element a script asks for by its id is in its page", () => {
  const scripts = {
    viewer: ["viewer/main.js", "viewer/composer.js"],
    producer: ["main", "cues", "moderation", "poll_form", "poll_list", "protection"].map(
      (name) => `producer/${name}.js`,
    ),
    overlay: ["overlay/main.js"],
  };
  for (const [name, files] of Object.entries(scripts))
    for (const file of files) {
      const source = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
      for (const [, id] of source.matchAll(/element\("([\w-]+)"/g))
        assert.ok(page(name).includes(`id="${id}"`), `${file}: ${id}`);
    }
});
