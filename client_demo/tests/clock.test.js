import assert from "node:assert/strict";
import { test } from "node:test";

import { ProgrammeClock } from "../sdk/clock.js";

test("the clock is unknown until something told the time", () => {
  const clock = new ProgrammeClock();
  assert.equal(clock.isKnown, false);
  assert.ok(Number.isNaN(clock.read(5)));
});

test("the clock is sure once a round trip bounds it from both sides", () => {
  const clock = new ProgrammeClock();
  clock.observe(0, 10_000);
  assert.deepEqual([clock.isKnown, clock.isExact], [true, false]);
  clock.roundTrip(0, 10, 10_005);
  assert.equal(clock.isExact, true);
});

test("of several round trips the shortest counts, now plus half of it", () => {
  const clock = new ProgrammeClock();
  clock.roundTrip(0, 400, 10_100); // uneven: 100 there, 300 back
  clock.roundTrip(1_000, 1_020, 11_010);
  clock.roundTrip(2_000, 2_900, 12_010);
  assert.equal(clock.read(3_000), 13_000);
});

test("a frame's now is a lower bound: the clock is never behind it", () => {
  const clock = new ProgrammeClock();
  clock.observe(0, 10_000);
  assert.equal(clock.read(100), 10_100);
  clock.observe(200, 10_150); // delayed on its way: tells nothing
  assert.equal(clock.read(200), 10_200);
  clock.observe(300, 10_350);
  assert.equal(clock.read(300), 10_350);
});

test("programme time never runs backwards", () => {
  const clock = new ProgrammeClock();
  clock.roundTrip(0, 200, 10_200); // nearly all the way back: 100 ms too early
  const early = clock.read(300);
  clock.roundTrip(300, 302, 10_301);
  assert.equal(clock.read(302), early);
  assert.equal(clock.read(500), 10_500);
});

test("after this machine slept, the first message sets the clock right", () => {
  const clock = new ProgrammeClock();
  clock.roundTrip(0, 10, 10_005);
  clock.observe(1_000, 71_000); // an hour's sleep in which the local clock stood still
  assert.equal(clock.read(1_000), 71_000);
  clock.roundTrip(1_000, 1_010, 71_015); // and trips from before no longer count
  assert.equal(clock.read(2_000), 72_010);
});

test("a round trip that contradicts the earlier ones replaces them", () => {
  const clock = new ProgrammeClock();
  clock.roundTrip(0, 2, 10_001);
  clock.roundTrip(1_000, 1_100, 6_050); // the programme's offset grew by 5 s
  assert.equal(clock.read(20_000), 25_000);
});
