/** Where on the seek bar the audience stirred, and how much. Pure. */

/**
 * A highlight as the server tells it; times in ms of the programme.
 * @typedef {{id: string, strength: number, words: string[], comments: string[], from: number, noticed: number, until: number}} Highlight
 */

/**
 * What can be seen of the stream: seconds of it, and the programme time at `atS`; nothing behind `until` is shown.
 * @typedef {{startS: number, endS: number, atS: number, isLive: boolean, playhead: number, until: number}} Window
 */

/** @typedef {{id: string, second: number, from: number, strength: number, title: string}} Chapter */

export const WIDTH = 1000;
export const HEIGHT = 100;
const MOST_STEPS = 200;
const LEAST_TOP = Math.log(4); // the line of an even chat stays low

const MINUTE_MS = 60_000;
const MOST_MS = 6 * 3_600_000; // of one answer
const MOST_PARTS = 8; // two days

/**
 * What to ask for to know a range: of a live one its last six hours, up to what is over, by whole minutes, so that all
 * viewers ask for the same; of a recording all of it in parts, the last of them where it is longer than two days.
 * @param {number} from programme time
 * @param {number} to
 * @param {boolean} isLive
 */
export function queriesOf(from, to, isLive) {
  /** @param {number} at */ const minute = (at) => Math.max(0, Math.floor(at / MINUTE_MS) * MINUTE_MS);
  if (isLive) return [`from=${minute(Math.max(from, to - MOST_MS + 2 * MINUTE_MS))}`];
  const end = minute(to + MINUTE_MS - 1);
  /** @type {string[]} */ const queries = [];
  for (let begin = Math.max(minute(from), end - MOST_PARTS * MOST_MS); begin < end; begin += MOST_MS)
    queries.push(`from=${begin}&to=${Math.min(end, begin + MOST_MS)}`);
  return queries;
}

/** @param {number} at programme time @param {Window} seen */
function secondOf(at, { atS, playhead }) {
  return atS + (at - playhead) / 1000;
}

/**
 * The outline of an area over the bar, in a box of WIDTH and HEIGHT; "" where nothing is known.
 * @param {readonly [number, number][]} heat [programme time, how many times the usual was said]
 * @param {Window} seen
 */
export function heatPath(heat, seen) {
  const span = seen.endS - seen.startS;
  const steps = Math.max(1, Math.min(MOST_STEPS, Math.floor(span / 2))); // each has a second at least
  /** @type {number[]} */ const highest = new Array(steps).fill(0);
  let isKnown = false;
  for (const [at, value] of heat) {
    const share = (secondOf(at, seen) - seen.startS) / span;
    if (at > seen.until || share < 0 || share >= 1) continue;
    const step = Math.floor(share * steps);
    highest[step] = Math.max(highest[step] ?? 0, Math.log(Math.max(1, value)));
    isKnown = true;
  }
  if (!isKnown) return "";
  const top = Math.max(LEAST_TOP, ...highest);
  const points = highest.map((value, step) => {
    const x = ((step + 0.5) / steps) * WIDTH;
    return `L${x.toFixed(1)} ${(HEIGHT * (1 - value / top)).toFixed(1)}`;
  });
  return `M0 ${HEIGHT}${points.join("")}L${WIDTH} ${HEIGHT}Z`;
}

/**
 * The highlights that the bar can be moved to, in order.
 * @param {readonly Highlight[]} highlights
 * @param {Window} seen
 * @returns {Chapter[]}
 */
export function chaptersOf(highlights, seen) {
  return highlights
    .map(({ id, from, strength, words, noticed }) => ({
      id,
      from,
      strength,
      noticed,
      title: words.slice(0, 3).join(" · "),
      second: secondOf(from, seen),
    }))
    .filter(({ second, noticed }) => second >= seen.startS && second <= seen.endS && noticed <= seen.until)
    .map(({ noticed, ...chapter }) => chapter);
}
