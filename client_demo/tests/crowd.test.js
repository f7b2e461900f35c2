import assert from "node:assert/strict";
import { test } from "node:test";

import { AudienceCurve, isForAllRooms } from "../producer/crowd/curve.js";
import { NOW } from "./rooms.js";

const EXPECTED = [
  { in: 60, p10: 8, p50: 9, p90: 10 },
  { in: 300, p10: 6, p50: 9, p90: 14 },
];

function counted(...viewers) {
  const curve = new AudienceCurve();
  viewers.forEach((count, index) => curve.add(NOW + index * 5_000, count));
  return curve;
}

test("what is expected goes on from the last count", () => {
  const now = NOW / 1000;
  assert.deepEqual(counted(5, 7).columns(EXPECTED), [
    [now, now + 5, now + 65, now + 305],
    [5, 7, null, null],
    [null, 7, 8, 6],
    [null, 7, 9, 9],
    [null, 7, 10, 14],
  ]);
});

test("without counts there is nothing, without an expectation the counts alone", () => {
  assert.deepEqual(new AudienceCurve().columns(EXPECTED), [[], [], [], [], []]);
  assert.deepEqual(counted(5).columns([]), [[NOW / 1000], [5], [null], [null], [null]]);
});

test("half an hour is kept, a count in five seconds", () => {
  const curve = counted(1, 2);
  curve.add(NOW + 9_999, 3);
  curve.add(NaN, 4);
  assert.deepEqual(curve.columns([])[1], [1, 2]);
  curve.add(NOW + 30 * 60_000, 5);
  assert.deepEqual(curve.columns([])[1], [2, 5]);
});

test("a clock that was put back begins anew", () => {
  const curve = counted(1, 2);
  curve.add(NOW - 60_000, 3);
  assert.deepEqual(curve.columns([])[1], [3]);
});

test("a token that doesn't say that it is for all rooms asks for none", () => {
  const token = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
  assert.equal(isForAllRooms(token({ rooms: ["*"], name: "Zoë ~~~ ???" })), true);
  for (const other of [token({ rooms: ["gala"] }), token({}), token(null), "nonsense", ""])
    assert.equal(isForAllRooms(other), false);
});
