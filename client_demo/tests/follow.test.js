/** Whom a viewer follows, and what is told of an entity at a moment of the picture. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Follows, readFollows } from "../viewer/follow/follows.js";
import { timeText, valuesAt } from "../viewer/follow/values.js";
import { words } from "../viewer/words.js";

const T = 1_790_000_000_000;
const ADA = { entity: "athlete:1", name: "Ada", kind: "athlete" };
const BO = { entity: "athlete:2", name: "波", kind: "athlete" };

function storage(kept = {}) {
  const all = new Map(Object.entries(kept));
  return /** @type {any} */ ({ getItem: (key) => all.get(key) ?? null, setItem: (key, text) => all.set(key, text), all });
}

test("whom one follows is remembered for the room, the newest first", () => {
  const kept = storage();
  const follows = new Follows(kept, "gala");
  assert.deepEqual([follows.add(ADA), follows.add({ ...BO, followers: 7 })], [true, true]);
  assert.deepEqual(new Follows(kept, "gala").all, [BO, ADA]);
  assert.deepEqual(new Follows(kept, "other").all, []);
  follows.remove("athlete:2");
  assert.deepEqual([follows.topics, follows.has("athlete:2")], [["athlete:1"], false]);
});

test("no more are followed than a server takes, and a browser that keeps nothing changes nothing", () => {
  const full = { setItem: () => assert.fail("full"), getItem: () => null };
  const follows = new Follows(/** @type {any} */ (full), "gala");
  for (let i = 0; i < 100; i += 1) assert.ok(follows.add({ ...ADA, entity: `a:${i}` }));
  assert.equal(follows.add(BO), false);
  assert.equal(follows.all.length, 100);
});

test("what the browser kept is read as far as it makes sense", () => {
  for (const wrong of [null, "", "{", "7", '{"a": 1}', "[7, null, {}]"]) assert.deepEqual(readFollows(wrong), []);
  const odd = [ADA, { ...BO, name: 7 }, ADA, { ...BO, entity: "x".repeat(101) }, { ...BO, more: 1 }];
  assert.deepEqual(readFollows(JSON.stringify(odd)), [ADA, BO]);
});

test("a value is told with its unit, place and best, and how old it is after a minute", () => {
  const values = { speed: { value: 37.58, unit: "km/h", rank: 2, best: 38.1, at: T - 59_000 }, lane: { value: 4, at: T - 60_000 } };
  assert.deepEqual(valuesAt({ values }, [], T, "en"), [
    { label: "speed", text: "37.58 km/h", rank: 2, best: "38.1 km/h", at: T - 59_000, isSoon: false },
    { label: "lane", text: "4", at: T - 60_000, isSoon: false, ageMs: 60_000 },
  ]);
});

test("what the picture hasn't reached isn't told, but what was before", () => {
  const values = { jump: { value: 8.1, unit: "m", rank: 1, at: T + 9_000 }, lane: { value: 4, at: T + 1 } };
  const changes = [
    { name: "jump", value: 8.1, unit: "m", at: T + 9_000 },
    { name: "jump", value: 7.9, unit: "m", at: T - 1_000 },
    { name: "jump", value: 7.8, unit: "m", at: T - 9_000 },
  ];
  assert.deepEqual(valuesAt({ values }, changes, T, "en"), [
    { label: "jump", text: "7.9 m", at: T - 1_000, isSoon: true },
    { label: "lane", text: "", at: T + 1, isSoon: true },
  ]);
  assert.equal(valuesAt({ values }, changes, T + 9_000, "en")[0]?.rank, 1);
  for (const wrong of [undefined, null, 7, { a: 1 }, { a: { value: 1 } }]) assert.deepEqual(valuesAt({ values: wrong }, wrong, T, "en"), []);
  assert.deepEqual(valuesAt(undefined, [], T, "en"), []);
});

test("a value, its best and what it was before have the decimals of the schema", () => {
  const values = { jump: { value: 8.4, unit: "m", best: 8.5, at: T } };
  const told = { values, decimals: { jump: 2 } };
  const [now] = valuesAt(told, [], T, "en");
  assert.deepEqual([now?.text, now?.best], ["8.40 m", "8.50 m"]);
  const before = [{ name: "jump", value: 8, unit: "m", at: T - 9_000 }];
  assert.equal(valuesAt(told, before, T - 1_000, "en")[0]?.text, "8.00 m");
});

test("ages are said in their largest unit", () => {
  const said = (seconds) => timeText(seconds * 1000, words);
  assert.deepEqual([5.9, 60, 3_599, 7_300].map(said), ["5 sec", "1 min", "59 min", "2 hr"]);
  assert.deepEqual([1, 2, 3, 4, 11, 12, 21, 113].map(words.rank).join(" "), "1st 2nd 3rd 4th 11th 12th 21st 113th");
});
