/** Rates and their short history. Pure: every function takes the time as an argument. */

export const HISTORY_S = 120;
const WINDOW_MS = 5_000;

/**
 * The value of a growing number at one moment. A rate is computed from several samples.
 * @typedef {{at: number, value: number}} Sample
 */

/**
 * Append a sample, and drop those that are too old for a rate; one of these stays as the base.
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
 * Return the growth per second over the last few seconds; 0 if there is nothing to compare.
 * @param {readonly Sample[]} samples
 */
export function perSecond(samples) {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at === first.at) return 0;
  return Math.max(0, ((last.value - first.value) * 1000) / (last.at - first.at));
}

/**
 * Append the value of one second, and drop the oldest.
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
