import assert from "node:assert/strict";
import { test } from "node:test";

import { forecast, intervals, shareWithin } from "../polls/estimate.js";
import { NOW, poll } from "./rooms.js";

const BEHIND = { p10: 2_000, p50: 4_000, p90: 12_000, p99: 24_000 };
const OPEN = poll("p", { opens_at: NOW, closes_at: NOW + 30_000, grace: 12_000 });
const audience = (/** @type {object} */ progress, parts = {}) => ({
  told: 100,
  behind: BEHIND,
  sync: { p50: 100, p99: 300 },
  polls: [{ poll: "p", seen: 1, ended: 0.5, last_in: 20_000, ...progress }],
  ...parts,
});

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function tallyOf(choices, options) {
  return Array.from({ length: options }, (_, option) => choices.filter((one) => one === option).length);
}

test("in at least 95 of 100 polls every option ends inside its interval", () => {
  const random = chance(7);
  for (const [shares, voters, counted] of [
    [[0.5, 0.5], 200, 0.3],
    [[0.6, 0.3, 0.1], 400, 0.5],
    [[0.9, 0.05, 0.03, 0.02], 1_000, 0.2],
    [Array(8).fill(1 / 8), 300, 0.8],
  ]) {
    const runs = 500;
    let inside = 0;
    for (let run = 0; run < runs; run += 1) {
      const choices = Array.from({ length: voters }, () => {
        let left = random();
        return Math.max(0, shares.findIndex((share) => (left -= share) < 0));
      });
      const soFar = choices.slice(0, Math.round(voters * counted));
      const told = intervals({ tally: tallyOf(soFar, shares.length), voters: soFar.length }, counted);
      const ends = tallyOf(choices, shares.length).map((count) => count / voters);
      inside += Number(told.every(({ low, high }, option) => low <= ends[option] + 1e-9 && ends[option] <= high + 1e-9));
    }
    assert.ok(inside >= 0.95 * runs, `${shares}: ${inside} of ${runs}`);
  }
});

test("an interval has the share so far in it, is never impossible, and closes as the votes come in", () => {
  const votes = { tally: [70, 30, 0], voters: 100 };
  let before = [1, 1, 1];
  for (const counted of [0.1, 0.3, 0.5, 0.9, 0.999]) {
    const told = intervals(votes, counted);
    const widths = told.map(({ low, high }) => high - low);
    told.forEach(({ low, high }, option) => {
      const share = votes.tally[option] / votes.voters;
      assert.ok(0 <= low && low <= share && share <= high && high <= 1, `${counted}: ${low} to ${high}`);
      assert.ok(low >= share * counted - 1e-9 && high <= share * counted + (1 - counted) + 1e-9);
      assert.ok(widths[option] < before[option]);
    });
    before = widths;
  }
  assert.deepEqual(intervals(votes, 1), [0.7, 0.3, 0].map((share) => ({ low: share, high: share })));
});

test("one vote says hardly anything", () => {
  const [first] = intervals({ tally: [1, 0], voters: 1 }, 0.01);
  assert.ok(first.high - first.low > 0.7);
});

test("the share within a time runs through the quantiles, and never back", () => {
  for (const [ms, share] of [[-1, 0], [0, 0], [2_000, 0.1], [3_000, 0.3], [12_000, 0.9], [24_000, 0.99], [48_000, 1], [9e9, 1]])
    assert.ok(Math.abs(shareWithin(BEHIND, ms) - share) < 1e-9, `${ms}`);
  const alike = { p10: 0, p50: 0, p90: 0, p99: 0 };
  assert.equal(shareWithin(alike, 0), 1);
  let before = 0;
  for (let ms = 0; ms < 50_000; ms += 100) {
    assert.ok(shareWithin(BEHIND, ms) >= before);
    before = shareWithin(BEHIND, ms);
  }
});

test("a share that is known bends the line between two quantiles", () => {
  assert.ok(Math.abs(shareWithin(BEHIND, 12_000, [[11_000, 0.89]]) - 0.9) < 1e-9);
  assert.ok(Math.abs(shareWithin(BEHIND, 8_000, [[6_000, 0.86]]) - (0.86 + 0.04 / 3)) < 1e-9);
  assert.ok(shareWithin(BEHIND, 8_000, [[-1, 0]]) === shareWithin(BEHIND, 8_000));
});

test("what is counted is measured by those who can be in time", () => {
  const told = forecast(OPEN, { tally: [6, 4], voters: 10 }, audience({ ended: 0.45, last_in: 20_400 }), 60_000);
  assert.ok(Math.abs(told.counted - 0.5) < 1e-9); // a tenth is further behind than the grace
  assert.ok(Math.abs(told.late - 0.1) < 1e-9);
  assert.deepEqual(told.intervals, intervals({ tally: [6, 4], voters: 10 }, told.counted));
  assert.deepEqual([told.seen, told.ended, told.last_in], [1, 0.45, 20_400]);
});

test("a longer grace is named if it reaches somebody, and no longer than the room allows", () => {
  const gained = forecast(OPEN, undefined, audience({}), 60_000).longer;
  assert.equal(gained.ms, 25_000);
  assert.ok(Math.abs(gained.gain - 0.091) < 0.001);
  assert.equal(forecast(OPEN, undefined, audience({}), 15_000).longer.ms, 15_000);
  assert.equal(forecast(OPEN, undefined, audience({}), 12_000).longer, undefined);
  assert.equal(forecast({ ...OPEN, grace: 30_000 }, undefined, audience({}), 60_000).longer, undefined);
  const near = { p10: 100, p50: 200, p90: 300, p99: 400 };
  assert.equal(forecast(OPEN, undefined, audience({}, { behind: near }), 60_000).longer, undefined);
});

test("liars move what the console says of the others by no more than there are of them", () => {
  const honest = { p10: 2_000, p50: 4_000, p90: 8_000, p99: 10_000 };
  const calm = forecast(OPEN, undefined, audience({ ended: 0, in_time: 1 }, { behind: honest }), 60_000);
  assert.deepEqual([calm.late, calm.longer], [0, undefined]);
  for (const [p99, gain] of [[600_000, 0], [59_000, 0.011]]) {
    const lied = audience({ seen: 0.989, ended: 0, last_in: p99, in_time: 0.989 }, { behind: { ...honest, p99 } });
    const told = forecast(OPEN, { tally: [3, 1], voters: 4 }, lied, 60_000);
    assert.ok(Math.abs(told.late - 0.011) < 1e-9, `${p99}: ${told.late}`);
    assert.ok((told.longer?.gain ?? 0) <= gain, `${p99}: ${told.longer?.gain}`);
  }
});

test("two crowds far apart are told from each other by what the poll's window has passed", () => {
  const behind = { p10: 2_000, p50: 2_000, p90: 300_000, p99: 307_000 };
  const progress = { seen: 0.8, ended: 0.8, last_in: 300_000 };
  const told = forecast({ ...OPEN, grace: 120_000 }, { tally: [3, 1], voters: 4 }, audience(progress, { behind }), 600_000);
  assert.ok(told.counted > 0.9 && told.counted < 1);
  assert.ok(told.late > 0.1 && told.late < 0.2);
  assert.equal(told.longer.ms, 310_000);
});

test("a poll whose votes have weights is not estimated: a few heavy votes may still come", () => {
  const told = forecast({ ...OPEN, weights: true }, { tally: [600, 4], voters: 10 }, audience({}), 60_000);
  assert.equal("intervals" in told, false);
  assert.ok(told.counted > 0);
});

test("without votes, or before any viewer is through, there is no estimate; without an audience there is nothing", () => {
  const votes = { tally: [6, 4], voters: 10 };
  assert.equal("intervals" in forecast(OPEN, votes, audience({ ended: 0.01 }), 60_000), false);
  assert.equal("intervals" in forecast(OPEN, undefined, audience({}), 60_000), false);
  assert.equal("intervals" in forecast(OPEN, { tally: [0, 0], voters: 0 }, audience({}), 60_000), false);
  assert.equal(forecast(OPEN, votes, undefined, 60_000), undefined);
  assert.equal(forecast(OPEN, votes, audience({}, { told: 0 }), 60_000), undefined);
  assert.equal(forecast(OPEN, votes, audience({ poll: "q" }), 60_000), undefined);
});
