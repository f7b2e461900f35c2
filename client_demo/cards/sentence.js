/** The sentence that is said of the moment, from an overlay whose data may be anything. Pure. */

import { setMeasuresApart } from "./bidi.js";

/** @import {Overlay, Translation} from "../sdk/grandstand.js" */

const UNSIGNED = "template"; // what rules wrote, from the data alone
const MOST = 300; // characters; more than anyone reads at a glance

/**
 * Return the sentence that came last, and which person or model wrote it; "" if that was a template.
 * @param {readonly Overlay[]} overlays those at the moment, of any kind
 * @returns {{id: string, text: string, by: string, translation?: Translation} | undefined}
 */
export function sentenceOf(overlays) {
  const newest = overlays.filter(({ kind }) => kind === "sentence").sort((a, b) => a.at - b.at).at(-1);
  if (!newest) return undefined;
  const { text, by } = newest.data;
  if (typeof text !== "string" || text.trim() === "") return undefined;
  const said = newest.translation?.data?.text;
  const other = newest.translation && typeof said === "string" && { ...newest.translation, text: shortened(said) };
  const author = typeof by === "string" && by !== UNSIGNED ? by : "";
  return { id: newest.id, text: shortened(text), by: author, ...(other && { translation: other }) };
}

/** @param {string} text */
function shortened(text) {
  return setMeasuresApart([...text].slice(0, MOST).join(""));
}
