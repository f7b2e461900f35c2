/**
 * An entity's values as they are at a moment of the picture: text, place, best, and how old. Pure.
 *
 * What is asked of the server is of now, and a viewer's picture may be behind it: a value of after that
 * moment isn't told, but what it was before, if that is known.
 */

import { NOTHING, decimalsIn, textOf } from "../../cards/facts.js";

export { NOTHING };

const OLD_MS = 60_000; // a minute: until then a feed that goes on may just have nothing new

/**
 * @typedef {{at: number, value?: unknown, unit?: unknown, rank?: unknown, best?: unknown}} Value
 * @typedef {Value & {name?: unknown}} Change
 *
 * @typedef {object} ValueText
 * @property {string} label
 * @property {string} text "" where nothing is known yet at that moment, NOTHING where there is no such value
 * @property {number} [rank]
 * @property {string} [best]
 * @property {number} at
 * @property {number} [ageMs] where it is old
 * @property {boolean} isSoon the picture hasn't reached it
 */

/**
 * @param {Record<string, unknown> | undefined} told a card's data, or what the server says: `values` by their names, and
 *   `decimals`
 * @param {unknown} changes the newest first
 * @param {number} playhead
 * @param {string} language BCP 47
 * @returns {ValueText[]} in their order
 */
export function valuesAt(told, changes, playhead, language) {
  const values = told?.["values"];
  const all = typeof values === "object" && values !== null ? Object.entries(values) : [];
  return all
    .filter(([, value]) => isValue(value))
    .map(([label, value]) => {
      const said = (/** @type {unknown} */ each) => textOf(each, language, decimalsIn(told, label));
      return textAt(label, value, changes, playhead, said);
    });
}

/** @param {string} label @param {Value} present @param {unknown} changes @param {number} playhead @param {(value: unknown) => string} said @returns {ValueText} */
function textAt(label, present, changes, playhead, said) {
  const isSoon = present.at > playhead;
  const value = isSoon ? changesIn(changes).find((one) => one.name === label && one.at <= playhead) : present;
  if (!value) return { label, text: "", at: present.at, isSoon };
  const { unit, at, rank, best } = value;
  const ageMs = playhead - at;
  const text = said({ value: value.value, unit });
  return {
    label,
    text,
    at,
    isSoon,
    ...(typeof rank === "number" && { rank }),
    ...(best !== undefined && best !== null && { best: said({ value: best, unit }) }),
    ...(ageMs >= OLD_MS && text !== NOTHING && { ageMs }),
  };
}

/** @param {unknown} value @returns {value is Value} */
function isValue(value) {
  return typeof value === "object" && value !== null && "at" in value && typeof value.at === "number";
}

/** @param {unknown} changes @returns {Change[]} */
function changesIn(changes) {
  return Array.isArray(changes) ? changes.filter(isValue) : [];
}

/**
 * Say a time in its largest unit, as people do.
 * @param {number} ms
 * @param {{seconds: (count: number) => string, minutes: (count: number) => string, hours: (count: number) => string}} words
 */
export function timeText(ms, words) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return words.seconds(seconds);
  return seconds < 3600 ? words.minutes(Math.floor(seconds / 60)) : words.hours(Math.floor(seconds / 3600));
}
