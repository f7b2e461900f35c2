import assert from "node:assert/strict";
import { test } from "node:test";

import { viewersOf } from "../sdk/gauges.js";

test("who has no socket watches, too", () => {
  assert.equal(viewersOf({ viewers: 2, lurkers: 100_000 }), 100_002);
  assert.equal(viewersOf({ viewers: 2 }), 2);
  assert.equal(viewersOf(undefined), 0);
});
