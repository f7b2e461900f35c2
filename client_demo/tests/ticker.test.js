import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Ticker } from "../sdk/ticker.js";

let now;
let frames;
let steps;
let ticker;

beforeEach(() => {
  [now, frames, steps] = [0, [], []];
  mock.timers.enable({ apis: ["setInterval"] });
  mock.method(performance, "now", () => now);
  ticker = new Ticker((hidden) => steps.push(hidden));
});
afterEach(() => {
  ticker.stop();
  mock.timers.reset();
  mock.restoreAll();
  delete globalThis.requestAnimationFrame;
  delete globalThis.cancelAnimationFrame;
});

/** A browser that paints when told to. */
function browser() {
  globalThis.requestAnimationFrame = (step) => frames.push(step);
  globalThis.cancelAnimationFrame = (id) => (frames[id - 1] = undefined);
}

function wait(ms, paintEveryMs = Infinity) {
  for (const end = now + ms; now < end; ) {
    now += 10;
    mock.timers.tick(10);
    if (now % paintEveryMs === 0) frames.splice(0).forEach((step) => step?.());
  }
}

test("it steps with the animation frames, and by them alone", () => {
  browser();
  ticker.start();
  wait(1_000, 20);
  assert.deepEqual(steps, Array.from({ length: 50 }, () => false));
});

test("while nothing is painted a timer steps, and says so", () => {
  browser();
  ticker.start();
  wait(100, 20);
  steps = [];
  wait(1_000);
  assert.ok(steps.length >= 3 && steps.every(Boolean));
  wait(20, 20);
  assert.equal(steps.at(-1), false);
});

test("where there are no animation frames a timer takes their place", () => {
  ticker.start();
  wait(1_000);
  assert.deepEqual(steps, Array.from({ length: 50 }, () => false));
});

test("a step that throws is not the last", () => {
  browser();
  const broken = new Ticker(() => {
    steps.push("broken");
    throw new Error("a fault");
  });
  broken.start();
  assert.throws(() => wait(20, 20));
  assert.throws(() => wait(20, 20));
  assert.equal(steps.length, 2);
  broken.stop();
});

test("once stopped it steps no more", () => {
  browser();
  ticker.start();
  wait(100, 20);
  ticker.stop();
  steps = [];
  wait(1_000, 20);
  assert.deepEqual(steps, []);
});
