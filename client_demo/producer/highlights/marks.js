/** The highlights of a room as marks to clip by: what the server lists, and what has come since. Pure. */

/** @import {Overlay} from "../../sdk/grandstand.js" */
/** @typedef {{id: string, from: number, until: number, strength: number, words: string[]}} Mark times in ms of the programme */

export const FORMATS = [
  { format: "webvtt", ending: "vtt" },
  { format: "edl", ending: "edl" },
  { format: "otio", ending: "otio" },
];
export const RATES = ["24", "25", "29.97", "30", "50", "59.94", "60"];

const MOST_TOLD = 200;

/**
 * The list ends with the last minute that is over, and is the same for a minute; overlays tell of what came
 * after it, and go before the list has it. So what they told is kept, and what was deleted is left out.
 */
export class Marks {
  /** @type {Map<string, Mark>} */ #told = new Map();
  /** @type {Set<string>} */ #deleted = new Set();

  /** The highlight was deleted. @param {string} id */
  remove(id) {
    this.#deleted.add(id);
  }

  /**
   * @param {readonly Mark[]} listed
   * @param {readonly Overlay[]} overlays
   * @returns {Mark[]} the newest first
   */
  all(listed, overlays) {
    for (const { id, kind, data } of overlays)
      if (kind === "highlight") this.#told.set(id, /** @type {Mark} */ ({ ...data, id }));
    for (const oldest of [...this.#told.keys()].slice(0, -MOST_TOLD)) this.#told.delete(oldest);
    const marks = new Map([...listed.map((mark) => /** @type {const} */ ([mark.id, mark])), ...this.#told]);
    for (const id of this.#deleted) marks.delete(id);
    return [...marks.values()].sort((a, b) => b.from - a.from);
  }
}

/**
 * The query for clips of a recording.
 * @param {{format: string, start: number | undefined, handles: string, rate: string, least: string}} typed `start`: when
 *   the recording began; unless it is known, clips are counted from the beginning of the first, with its handle
 * @param {readonly Mark[]} marks
 */
export function clipsQuery({ format, start, handles, rate, least }, marks) {
  const wanted = marks.filter(({ strength }) => !(strength < Number(least)));
  const first = start ?? Math.min(...wanted.map(({ from }) => from)) - 1000 * (Number(handles) || 0);
  const query = new URLSearchParams({ format, handles: handles || "0", rate, least: least || "0" });
  if (Number.isFinite(first)) for (const name of ["from", "start"]) query.set(name, String(Math.floor(first)));
  return query.toString();
}
