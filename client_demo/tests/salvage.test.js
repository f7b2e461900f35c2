import assert from "node:assert/strict";
import { test } from "node:test";

import { encode } from "@msgpack/msgpack";

import { fromBytes } from "../sdk/codec.js";
import { readMessage } from "../sdk/reading.js";
import { salvage } from "../sdk/salvage.js";
import { comment, frame, welcome } from "./rooms.js";

const odd = JSON.parse('{"deep": [{"__proto__": 1}]}');
const cue = (id, data) => ({ id, name: "goal", at: 1, data });
const card = (id, data) => ({ id, kind: "stats", at: 1, data });
const arrived = (message) => {
  const bytes = encode(message);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
};
const ids = (items) => items.map((item) => item.id);

test("a frame with one odd overlay still gives its comments and the other overlays", () => {
  const sent = frame({ offset: 7, comments: [comment("1")], overlays: [card("a", odd), card("b", { x: 1 })] });
  const read = readMessage(fromBytes(arrived(sent)));
  assert.equal(read.offset, 7);
  assert.deepEqual(ids(read.comments), ["1"]);
  assert.deepEqual(ids(read.overlays), ["b"]);
});

test("a welcome with odd cues and settings is a welcome", () => {
  const recent = Array.from({ length: 40 }, (_, n) => comment(`${n}`, { text: "晚会🎉".repeat(20) }));
  const sent = welcome({ now: 5, recent, cues: [cue("a", odd), cue("b", {})], settings: { moderation: { categories: odd } } });
  const read = readMessage(fromBytes(arrived(sent)));
  assert.deepEqual(ids(read.cues), ["b"]);
  assert.deepEqual(ids(read.recent), ids(recent));
  assert.deepEqual([read.now, read.settings], [5, {}]);
});

test("values of every kind are passed by at their length", () => {
  const values = [
    null, true, 1, -1, -33, 200, 70_000, 2 ** 33, -200, -70_000, -(2 ** 33), 1.5, "x", "x".repeat(40), "x".repeat(300),
    "x".repeat(70_000), new Uint8Array(3), new Uint8Array(300), new Uint8Array(70_000), new Date(1), new Date(1e15),
    [], {}, Array(20).fill(1), Array(70_000).fill(1), Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, n])),
  ]; // prettier-ignore
  const whole = { values, odd: [odd], last: 7 };
  assert.deepEqual(salvage(encode(whole)), { values, odd: [], last: 7 });
  assert.deepEqual(salvage(encode({ ...values, last: 7 })), { ...values, last: 7 });
});

test("however deep, and cut at any byte, it never raises", () => {
  let deep = odd;
  for (let n = 0; n < 90; n += 1) deep = [deep];
  const bytes = encode({ a: [1, deep], b: "x" }, { maxDepth: 200 });
  assert.deepEqual(salvage(bytes), { a: [1], b: "x" });
  for (let cut = 0; cut < bytes.length; cut += 1) assert.equal(salvage(bytes.slice(0, cut)), undefined);
  assert.equal(salvage(new Uint8Array([...bytes, 0])), undefined);
  assert.equal(salvage(new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff])), undefined);
});
