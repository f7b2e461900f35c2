/** What a forecast says, from an overlay whose data may be anything. Pure. */

/** @import {Overlay} from "../sdk/grandstand.js" */

const KIND = "forecast";
const MOST_OUTCOMES = 8;
const MOST_POINTS = 200;
const MOST_EVENTS = 50;
const MOST_LETTERS = 60;

/**
 * @typedef {{label: string, name: string, share: number}} Outcome `share` is how probable it is, 0 to 1
 * @typedef {{at: number, what: string, label: string, name: string, value: number | undefined, isVoid: boolean}} Moment
 *   what moved the forecast; `name` is that of the outcome for which it was good
 * @typedef {object} Forecast
 * @property {string} id of its overlay
 * @property {string} title
 * @property {string} by which model says so
 * @property {number} at programme time
 * @property {Outcome[]} outcomes
 * @property {number[][]} line [at, a share for each outcome]; each holds until the next
 * @property {Moment[]} events
 * @property {Moment} [because] the last of them
 */

/**
 * Return the forecasts of the moment, in the order in which their matches were first told of.
 * @param {readonly Overlay[]} overlays those at the moment, of any kind
 * @returns {Forecast[]}
 */
export function forecastsOf(overlays) {
  return overlays.filter(({ kind }) => kind === KIND).flatMap((one) => forecastOf(one) ?? []);
}

/** @param {Overlay} overlay @returns {Forecast | undefined} undefined if it can't be read */
function forecastOf({ id, at, data }) {
  const labels = listOf(data["labels"], MOST_OUTCOMES).map(textOf);
  const shares = listOf(data["probabilities"], MOST_OUTCOMES);
  if (labels.length < 2 || shares.length !== labels.length || !shares.every(isShare)) return undefined;
  const names = /** @type {Record<string, unknown>} */ (mapOf(data["names"]));
  const nameOf = (/** @type {string} */ label) => textOf(names[label]) || label;
  const isPoint = (/** @type {unknown} */ point) =>
    Array.isArray(point) && point.length === labels.length + 1 && point[0] <= at && point.every(Number.isFinite);
  const momentOf = (/** @type {unknown} */ given) => {
    const { at: when, what, label, value, void: isVoid } = /** @type {Record<string, unknown>} */ (mapOf(given));
    if (typeof when !== "number" || typeof what !== "string" || when > at) return [];
    const good = textOf(label);
    const moment = { at: when, what: textOf(what), label: good, name: good && nameOf(good), isVoid: isVoid === true };
    return [{ ...moment, value: typeof value === "number" ? value : undefined }];
  };
  const [because] = momentOf(data["because"]);
  return {
    id,
    at,
    title: textOf(data["name"]),
    by: [textOf(data["model"]), textOf(data["version"])].filter(Boolean).join(" "),
    outcomes: labels.map((label, place) => ({ label, name: nameOf(label), share: Number(shares[place]) })),
    line: /** @type {number[][]} */ (listOf(data["line"], MOST_POINTS).filter(isPoint)).sort(([a = 0], [b = 0]) => a - b),
    events: listOf(data["events"], MOST_EVENTS).flatMap(momentOf),
    ...(because && { because }),
  };
}

/**
 * Return those whose matches began last, in the order given: a match that goes on keeps its place.
 * @param {readonly Forecast[]} forecasts
 * @param {number} most
 */
export function newestOf(forecasts, most) {
  const beginOf = (/** @type {Forecast} */ { line, at }) => line[0]?.[0] ?? at;
  const newest = new Set([...forecasts].sort((a, b) => beginOf(a) - beginOf(b)).slice(-most));
  return forecasts.filter((one) => newest.has(one));
}

/**
 * Return what happened between two versions of a match's forecast: nothing while a picture is rewound.
 * @param {Forecast} before
 * @param {Forecast} now
 * @returns {Moment | undefined}
 */
export function newsOf(before, now) {
  const { because } = now;
  const isKnown = JSON.stringify(because) === JSON.stringify(before.because);
  return now.at < before.at || isKnown ? undefined : because;
}

/** Whether the outcomes say whose match it is. @param {Forecast} forecast */
export function isNamed({ outcomes }) {
  return outcomes.some(({ name, label }) => name !== label);
}

/** @param {unknown} value @param {number} most @returns {unknown[]} */
function listOf(value, most) {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

/** @param {unknown} value */
function mapOf(value) {
  return typeof value === "object" && value !== null ? value : {};
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === "string" ? [...value].slice(0, MOST_LETTERS).join("") : "";
}

/** @param {unknown} value */
function isShare(value) {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/**
 * Return a share as people read it: 0 % and 100 % are for what is certain alone.
 * @param {number} share
 * @param {string} language BCP 47
 */
export function percentOf(share, language) {
  const format = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  if (share > 0 && share < 0.01) return `<${format.format(0.01)}`;
  if (share < 1 && share > 0.99) return `>${format.format(0.99)}`;
  return format.format(share);
}
