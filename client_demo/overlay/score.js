/** The score of a match or a meet, made of the card that says it. Pure. */

import { factsOf } from "../cards/facts.js";

/** @import {Overlay} from "../sdk/grandstand.js" */

const KINDS = ["match", "meet"]; // of an entity: "match:final"
const MOST_ROWS = 5;

/**
 * @typedef {{name: string, value: string}} Row
 * @typedef {{title: string, isMatch: boolean, rows: Row[]}} Score two sides of a match, or who leads, the best first
 */

/** Whether a card says a score: a page that shows scores apart leaves it out of its cards. @param {Overlay} overlay */
export function isScore({ kind, data }) {
  const { entity } = data;
  return kind === "stats" && typeof entity === "string" && KINDS.some((one) => entity.startsWith(`${one}:`));
}

/**
 * Return the score that was said last.
 * @param {readonly Overlay[]} overlays those at the moment, of any kind
 * @param {string} language of the numbers, BCP 47
 * @returns {Score | undefined}
 */
export function scoreOf(overlays, language) {
  const newest = overlays.filter(isScore).sort((a, b) => a.at - b.at).at(-1);
  const facts = newest && factsOf(newest, language);
  if (!facts) return undefined;
  const rows = facts.fields.slice(0, MOST_ROWS).map(({ label, value }) => ({ name: label, value }));
  return { title: facts.title, isMatch: String(newest.data["entity"]).startsWith("match:") && rows.length === 2, rows };
}
