/** The score of a match or a meet, made of the card that says it. Pure. */

import { factsOf } from "../cards/facts.js";

/** @import {Overlay} from "../sdk/grandstand.js" */

const KINDS = ["match", "meet"]; // of an entity: "match:final"
const MOST_ROWS = 5;

/**
 * @typedef {{name: string, value: string, place: number}} Row
 * @typedef {{id: string, title: string, form: "sides" | "list" | "board", rows: Row[]}} Score two sides of a match, what else is said
 *   of a match, or who leads, the best first
 */

/** Whether a card says a score: a page that shows scores apart leaves it out of its cards. @param {Overlay} overlay */
export function isScore({ kind, data }) {
  const { entity } = data;
  return kind === "stats" && typeof entity === "string" && KINDS.some((one) => entity.startsWith(`${one}:`));
}

/**
 * Return the score that was said last, or of the contest that is to stay.
 * @param {readonly Overlay[]} overlays those at the moment, of any kind
 * @param {string} language of the numbers, BCP 47
 * @param {string} [kept] the id of the one that stays as long as it is there
 * @returns {Score | undefined}
 */
export function scoreOf(overlays, language, kept) {
  const all = overlays.filter(isScore).sort((a, b) => a.at - b.at);
  const newest = all.find(({ id }) => id === kept) ?? all.at(-1);
  const facts = newest && factsOf(newest, language);
  if (!facts) return undefined;
  const isMatch = String(newest.data["entity"]).startsWith("match:");
  const values = /** @type {Record<string, unknown>} */ (newest.data["values"]);
  const rows = facts.fields.map(({ label, value }, index) => ({ name: label, value, place: rankOf(values[label]) ?? index + 1 }));
  if (!isMatch) rows.sort((a, b) => a.place - b.place);
  const form = isMatch ? (rows.length === 2 ? "sides" : "list") : "board";
  return { id: newest.id, title: facts.title, form, rows: rows.slice(0, MOST_ROWS) };
}

/** @param {unknown} value @returns {number | undefined} */
function rankOf(value) {
  const rank = typeof value === "object" && value !== null && "rank" in value ? value.rank : undefined;
  return typeof rank === "number" ? rank : undefined;
}
