import assert from "node:assert/strict";
import { test } from "node:test";

import { LatencyMeter } from "../sdk/latency.js";

test("it knows the middle and the worst of the last half minute", () => {
  const meter = new LatencyMeter();
  meter.add(0, 900);
  for (const [i, ms] of [5, 80, 20].entries()) meter.add(1_000 + i, ms);
  assert.deepEqual(meter.read(2_000), { p50: 80, worst: 900 });
  assert.deepEqual(meter.read(30_500), { p50: 20, worst: 80 });
});

test("without a sample it knows nothing, and clocks that differ make no time negative", () => {
  const meter = new LatencyMeter();
  assert.deepEqual(meter.read(0), { p50: NaN, worst: NaN });
  meter.add(0, -3);
  assert.deepEqual(meter.read(0), { p50: 0, worst: 0 });
});
