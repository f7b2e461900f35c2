/** Rates and their short history. Pure: every function is told the time. */

export const HISTORY_S = 120;
const WINDOW_MS = 5_000;

/**
 * A number that grows, as it was at some moments: what a rate is read from.
 * @typedef {{at: number, value: number}} Sample
 */

/**
 * The samples with one more, those too old for a rate left out (one is kept as the base).
 * @param {readonly Sample[]} samples
 * @param {Sample} sample
 * @returns {Sample[]}
 */
export function appendSample(samples, sample) {
  const later = samples.filter((one) => one.at < sample.at);
  const base = later.findLastIndex((one) => one.at <= sample.at - WINDOW_MS);
  return [...later.slice(Math.max(0, base)), sample];
}

/**
 * Growth per second over the last few seconds; 0 with nothing to compare.
 * @param {readonly Sample[]} samples
 */
export function perSecond(samples) {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at === first.at) return 0;
  return Math.max(0, ((last.value - first.value) * 1000) / (last.at - first.at));
}

/**
 * One value a second, the newest last; seconds without one repeat the value before.
 * @param {readonly number[]} history
 * @param {number} value
 */
export function appendRate(history, value) {
  return [...history, value].slice(-HISTORY_S);
}

/**
 * The points of a sparkline in a box of `width` by `height`, the newest at the right edge.
 * @param {readonly number[]} history
 * @param {number} width
 * @param {number} height
 * @returns {string} for an SVG polyline
 */
export function sparkline(history, width, height) {
  const most = Math.max(1, ...history);
  const step = width / (HISTORY_S - 1);
  return history
    .map((value, index) => {
      const x = width - (history.length - 1 - index) * step;
      return `${x.toFixed(1)},${(height - (value / most) * height).toFixed(1)}`;
    })
    .join(" ");
}
