/** The texts of a stats card, made of an overlay's data, which may be anything. Pure. */

import { setApart } from "./bidi.js";

/** @import {Overlay} from "../sdk/grandstand.js" */

const MOST_FIELDS = 12;
const MOST_DECIMALS = 6; // a schema names no more
/** What stands for a value that there isn't. */
export const NOTHING = "–";

/**
 * @typedef {object} Facts
 * @property {string} title
 * @property {string} about whom it is about; "" where the entity is a mere number, or says what the title does
 * @property {{label: string, value: string}[]} fields in the order sent
 * @property {number} columns that they fit into: 1 to 3
 */

/**
 * @param {Overlay} overlay
 * @param {string} language of the numbers, BCP 47
 * @returns {Facts | undefined} undefined where there is nothing to show
 */
export function factsOf({ kind, data }, language) {
  const { entity, name, values } = data;
  if (kind !== "stats" || typeof values !== "object" || values === null) return undefined;
  const fields = Object.entries(values)
    .slice(0, MOST_FIELDS)
    .map(([label, value]) => ({ label, value: textOf(value, language, decimalsIn(data, label)) }));
  if (fields.length === 0) return undefined;
  const title = typeof name === "string" ? name : "";
  const about = typeof entity === "string" ? nameIn(entity) : "";
  return {
    title,
    about: about === title ? "" : about,
    fields,
    columns: Object.values(values).every(hasRank) ? 1 : columnsFor(fields), // places are read from top to bottom
  };
}

/** As many as leave each number and each label on its line. @param {{label: string, value: string}[]} fields */
function columnsFor(fields) {
  const value = Math.max(...fields.map((field) => widthOf(field.value)));
  const label = Math.max(...fields.map((field) => widthOf(field.label)));
  if (value > 8 || label > 16) return 1;
  const { length } = fields;
  if (length === 4) return 2;
  if (value > 5 || label > 10) return length === 3 ? 1 : Math.min(2, length);
  return Math.min(3, length);
}

/** In digits; Chinese characters are twice as wide, and marks have no width. @param {string} text */
function widthOf(text) {
  return [...text.replace(/\p{Cf}/gu, "")].reduce((sum, char) => sum + (char >= "\u2e80" ? 2 : 1), 0);
}

/** @param {unknown} value */
function hasRank(value) {
  return typeof value === "object" && value !== null && "rank" in value;
}

/** "team:Real Madrid" says something to a person, "athlete:123" doesn't. @param {string} entity */
function nameIn(entity) {
  const name = entity.slice(entity.indexOf(":") + 1).trim();
  return /\p{L}/u.test(name) ? name : "";
}

/**
 * With how many decimals a value is written; undefined where no schema says it, so that it is as it came.
 * @param {Record<string, unknown> | undefined} data of a card, or what the server says of an entity
 * @param {string} label
 * @returns {number | undefined}
 */
export function decimalsIn(data, label) {
  const all = data?.["decimals"];
  const one = typeof all === "object" && all !== null ? /** @type {Record<string, unknown>} */ (all)[label] : undefined;
  return typeof one === "number" && Number.isInteger(one) && one >= 0 && one <= MOST_DECIMALS ? one : undefined;
}

/**
 * Say a value as people read it.
 * @param {unknown} value a number or a text, or a map that has one as its `value`, with its `unit`
 * @param {string} language
 * @param {number} [decimals] without it as it came, with three at most
 * @returns {string}
 */
export function textOf(value, language, decimals) {
  if (typeof value === "object" && value !== null && "value" in value) {
    const { value: bare, unit } = /** @type {Record<string, unknown>} */ (value);
    const text = typeof bare === "object" ? NOTHING : textOf(bare, language, decimals);
    return typeof unit === "string" && unit && text !== NOTHING ? setApart(`${text} ${unit}`, language) : text;
  }
  if (typeof value === "string") return setApart(value, language);
  if (typeof value !== "number" || !Number.isFinite(value)) return NOTHING;
  const most = decimals ?? 3;
  const format = new Intl.NumberFormat(language, {
    minimumFractionDigits: decimals ?? 0,
    maximumFractionDigits: most,
    useGrouping: "min2",
  });
  return format.format(Math.abs(value) < 0.5 / 10 ** most ? 0 : value); // "-0" is no number to a person
}
