/** The heat line over the seek bar, and its chapters. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { HEIGHT, WIDTH, chaptersOf, heatPath, queriesOf } from "../viewer/heat.js";

const NOW = 1_700_000_000_000;
const SEEN = { startS: 100, endS: 700, atS: 650, isLive: true, playhead: NOW, until: NOW };

/** @param {number} secondsAgo @param {string} id */
function highlight(secondsAgo, id) {
  const from = NOW - secondsAgo * 1000;
  return { id, strength: 4.2, words: ["goal", "messi", "wow", "lol"], comments: [], from, noticed: from + 8_000, until: from + 30_000 };
}

/** @param {string} path */
const pointsOf = (path) => [...path.matchAll(/L([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

test("the line is highest where most was said, and low where it was as usual", () => {
  const path = heatPath([[NOW - 500_000, 1], [NOW - 300_000, 8], [NOW - 100_000, 0.4]], SEEN);
  const highest = pointsOf(path).sort(([, a], [, b]) => Number(a) - Number(b))[0];
  assert.ok(highest);
  assert.equal(highest[1], 0);
  assert.ok(Math.abs(Number(highest[0]) - ((650 - 300 - 100) / 600) * WIDTH) < WIDTH / 100);
  assert.equal(pointsOf(path).filter(([, y]) => y !== HEIGHT).length, 1);
});

test("an even chat has no peak at the top", () => {
  const path = heatPath([[NOW - 300_000, 1.2]], SEEN);
  assert.ok(Math.min(...pointsOf(path).map(([, y]) => Number(y))) > HEIGHT / 2);
});

test("nothing is drawn of what isn't known, or isn't seen yet", () => {
  assert.equal(heatPath([], SEEN), "");
  assert.equal(heatPath([[NOW + 5_000, 9], [NOW - 3_600_000, 9]], SEEN), "");
});

test("chapters are those within the bar that the viewer has seen, with where they begin", () => {
  const found = chaptersOf([highlight(3_600, "old"), highlight(300, "there"), highlight(4, "soon")], SEEN);
  assert.deepEqual(found.map(({ id }) => id), ["there"]);
  assert.equal(found[0]?.second, 350);
  assert.equal(found[0]?.title, "goal · messi · wow");
  const all = chaptersOf([highlight(4, "soon")], { ...SEEN, isLive: false, until: Infinity });
  assert.deepEqual(all.map(({ id }) => id), ["soon"]);
});

test("a live stream is asked for up to now, a recording up to its end, in parts that one answer may hold", () => {
  const minute = 60_000;
  const hour = 60 * minute;
  const begin = 28_000_000 * minute;
  assert.deepEqual(queriesOf(begin + 1, begin + hour, true), [`from=${begin}`]);
  assert.deepEqual(queriesOf(begin, begin + 9 * hour, true), [`from=${begin + 3 * hour + 2 * minute}`]);
  assert.deepEqual(queriesOf(begin + 1, begin + hour + 1, false), [`from=${begin}&to=${begin + hour + minute}`]);
  assert.deepEqual(queriesOf(begin, begin + 7 * hour, false), [
    `from=${begin}&to=${begin + 6 * hour}`,
    `from=${begin + 6 * hour}&to=${begin + 7 * hour}`,
  ]);
  const days = queriesOf(begin, begin + 72 * hour, false);
  assert.equal(days.length, 8);
  assert.equal(days[0], `from=${begin + 24 * hour}&to=${begin + 30 * hour}`);
  assert.deepEqual(queriesOf(begin, begin, false), []);
});
