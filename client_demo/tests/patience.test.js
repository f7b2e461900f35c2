import assert from "node:assert/strict";
import { test } from "node:test";

import { Patience } from "../sdk/patience.js";

/** After so many reads of a picture that stays so far behind live, one every 100 ms. */
function settled(behindMs, mostMs = 2_000) {
  const patience = new Patience();
  for (let ms = 0; ms <= 6_000; ms += 100) patience.read(ms, behindMs, mostMs);
  return patience;
}

test("it is what the picture is behind live, less two seconds, in few steps, and two seconds at most", () => {
  const values = [0, 2_000, 2_249, 2_250, 2_999, 3_000, 3_999, 4_000, 60_000].map((ms) => settled(ms).value);
  assert.deepEqual(values, [0, 0, 0, 250, 500, 1_000, 1_000, 2_000, 2_000]);
});

test("there is none without a credible date, ahead of live, or where the room allows none", () => {
  for (const behindMs of [NaN, -5_000, -Infinity]) assert.equal(settled(behindMs).value, 0);
  assert.equal(settled(60_000, 0).value, 0);
  assert.equal(settled(60_000, 999).value, 500);
});

test("it is taken back at once when the picture comes nearer or loses its date", () => {
  assert.equal(settled(30_000).read(6_016, 3_300, 2_000), 1_000);
  assert.equal(settled(30_000).read(6_016, 1_000, 2_000), 0);
  assert.equal(settled(30_000).read(6_016, NaN, 2_000), 0);
  assert.equal(settled(30_000).read(6_016, 30_000, 500), 500);
});

test("it grows only once the picture has stayed further behind for five seconds", () => {
  const patience = new Patience();
  assert.equal(patience.read(0, 30_000, 2_000), 0);
  assert.equal(patience.read(4_999, 30_000, 2_000), 0);
  assert.equal(patience.read(5_000, 30_000, 2_000), 2_000);
});

test("a picture at the edge of a step changes nothing more, however it wavers", () => {
  const patience = settled(4_000);
  let changes = 0;
  let before = patience.value;
  for (let ms = 6_000; ms < 120_000; ms += 16) {
    const now = patience.read(ms, 4_000 + 300 * Math.sin(ms / 400), 2_000);
    changes += Number(now !== before);
    before = now;
  }
  assert.deepEqual([changes, patience.value], [1, 1_000]);
});
