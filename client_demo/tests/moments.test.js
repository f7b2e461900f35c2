/** The heat and the chapters as a page shows them: what it asks for, and what it does with a second telling. */

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Moments } from "../viewer/moments.js";
import { words } from "../viewer/words.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BEGIN = 28_000_000 * MINUTE;

/** As much of a browser's element as these pages use. */
class Element {
  dataset = {};
  hidden = false;
  textContent = "";
  title = "";
  /** @type {Map<string, string>} */ attributes = new Map();
  /** @type {any[]} */ children = [];
  append(/** @type {any[]} */ ...children) {
    this.children.push(...children);
  }
  addEventListener() {}
  querySelector() {
    return null;
  }
  setAttribute(/** @type {string} */ name, /** @type {string} */ value) {
    this.attributes.set(name, value);
  }
}

Object.assign(globalThis, {
  HTMLElement: Element,
  document: { getElementById: () => new Element(), createElement: () => new Element(), createElementNS: () => new Element() },
});
Object.defineProperty(globalThis, "navigator", { value: { language: "en" }, configurable: true }); // newer Nodes have one

afterEach(() => mock.restoreAll());

/** @param {number} hours */
const recording = (hours) => ({ startS: 0, endS: hours * 3600, atS: 0, isLive: false });

const answered = () => new Promise((resolve) => setImmediate(resolve));

test("a recording is asked for up to its end, part after part, and shown whole", async () => {
  /** @type {string[]} */ const asked = [];
  const calls = async (/** @type {string} */ _, /** @type {string} */ path) => {
    asked.push(path);
    const from = Number(new URLSearchParams(path.split("?")[1]).get("from"));
    const highlight = { id: path, strength: 4, words: [path], from, noticed: from, until: from };
    return { ok: true, body: { highlights: [highlight], heat: [[from, 4]] } };
  };
  const moments = new Moments(/** @type {any} */ (calls), () => {});
  moments.show(recording(8), BEGIN);
  await answered();
  assert.deepEqual(asked, [
    `/highlights?from=${BEGIN}&to=${BEGIN + 6 * HOUR}`,
    `/highlights?from=${BEGIN + 6 * HOUR}&to=${BEGIN + 8 * HOUR}`,
  ]);
  moments.show(recording(8), BEGIN);
  assert.equal(moments.list.children.length, 2);
  assert.equal(moments.line.hidden, false);
});

test("a chapter gets the words and the strength that it is told again with, in its place", async () => {
  let now = 0;
  mock.method(performance, "now", () => now);
  let told = { strength: 2.5, words: ["wow"] };
  const calls = async () => {
    const highlight = { id: "one", from: BEGIN, noticed: BEGIN, until: BEGIN, ...told };
    return { ok: true, body: { highlights: [highlight], heat: [] } };
  };
  const moments = new Moments(/** @type {any} */ (calls), () => {});
  const shown = () => {
    moments.show(recording(1), BEGIN);
    const item = moments.list.children[0];
    const [go] = item.children;
    return { item, title: go.title, text: go.children[2].textContent };
  };
  moments.show(recording(1), BEGIN);
  await answered();
  const first = shown();
  assert.deepEqual([first.title, first.text], [words.chapter(2.5), "wow"]);
  told = { strength: 6, words: ["goal", "messi"] };
  now += 2 * MINUTE;
  moments.show(recording(1), BEGIN);
  await answered();
  const second = shown();
  assert.deepEqual([second.title, second.text], [words.chapter(6), "goal · messi"]);
  assert.equal(second.item, first.item);
});

test("a chapter that was deleted goes at once, and stays away though a cache still has it", async () => {
  const calls = async () => {
    const [one, two] = ["highlight-1", "highlight-2"].map((id) => ({
      id, strength: 4, words: [id], from: BEGIN, noticed: BEGIN, until: BEGIN,
    }));
    return { ok: true, body: { highlights: [one, two], heat: [] } };
  };
  const moments = new Moments(/** @type {any} */ (calls), () => {});
  moments.show(recording(1), BEGIN);
  await answered();
  moments.show(recording(1), BEGIN);
  assert.equal(moments.list.children.length, 2);
  const [, second] = moments.list.children;
  let gone = false;
  Object.assign(/** @type {any} */ (second), { remove: () => (gone = true) });
  moments.retract("highlight-2");
  moments.retract("c1");
  moments.show(recording(1), BEGIN);
  assert.equal(gone, true);
});
