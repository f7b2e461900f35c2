import assert from "node:assert/strict";
import { test } from "node:test";

import { afterClose, backoffMs } from "../sdk/backoff.js";

test("the bound doubles from half a second to thirty", () => {
  const bounds = [0, 1, 2, 5, 6, 7, 100].map((attempt) => backoffMs(attempt, 1));
  assert.deepEqual(bounds, [500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
});

test("jitter is full: from nothing to the bound", () => {
  assert.equal(backoffMs(3, 0), 0);
  assert.equal(backoffMs(3, 0.5), 2_000);
});

test("close codes say whether to come back", () => {
  const back = [1000, 1001, 1005, 1006, 1011, 1012, 1013, 3008, 4001];
  assert.ok(back.every((code) => afterClose(code) === "reconnect"));
  assert.ok([1009, 3003, 3009, 3503, 4000, 4004].every((code) => afterClose(code) === "final"));
  assert.equal(afterClose(3000), "new token");
});
