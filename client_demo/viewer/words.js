/** What the viewer's page says, in its language; and what it says of a connection that ended. */

import { partsOf } from "../languages/forms.js";
import { statusText } from "../words.js";
import { texts } from "./language.js";

/** @import {Texts} from "../languages/en.js" */
/** @typedef {Texts["shared"] & Texts["viewer"] & Texts["forecast"]} Words */

const NO_SUCH_ROOM = 4004;
/** The server's words for who may not enter. @type {Readonly<Record<string, keyof Words["refusals"]>>} */
export const REFUSALS = {
  "a viewer of this device was banned from this room: sign in, or come another day": "device",
  "you are banned from this room": "banned",
  "this room lets no guests in: sign in": "closed",
  "guests may not watch in this room: sign in": "closedNow",
  "tokens are given out elsewhere: sign in there": "closed",
  "the token is for another room": "elsewhere",
};

/** @param {Texts} texts @returns {Words} */
export const wordsOf = ({ shared, viewer, forecast }) => ({ ...shared, ...viewer, ...forecast });

export const words = wordsOf(texts);

/** 3:07, or 1:03:07. @param {number} seconds */
export function lengthOf(seconds) {
  const [h, m, s] = partsOf(seconds);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/**
 * Whether the room that this viewer was in is no more; one that never was is another matter.
 * @param {import("../sdk/connection.js").Status} status
 * @param {boolean} wasIn
 */
export function hasEnded(status, wasIn) {
  return status.phase === "ended" && status.code === NO_SUCH_ROOM && wasIn;
}

/**
 * The state of the connection, for the viewer of a room.
 * @param {Words} words
 * @param {import("../sdk/connection.js").Status} status
 * @param {boolean} wasIn
 * @param {number} now local ms
 */
export function connectionText(words, status, wasIn, now) {
  if (status.phase === "ended" && status.code === NO_SUCH_ROOM) return wasIn ? words.roomEnded : words.noSuchRoom;
  const refusal = refusalOf(words, status);
  return refusal ? words.ended(refusal.what) : statusText(words, status, now);
}

/**
 * What one can do about the end of the connection, where there is something to say.
 * @param {Words} words
 * @param {import("../sdk/connection.js").Status} status
 * @param {boolean} wasIn
 * @returns {string | undefined}
 */
export function adviceText(words, status, wasIn) {
  return hasEnded(status, wasIn) ? words.roomEndedNote : refusalOf(words, status)?.next;
}

/** @param {Words} words @param {import("../sdk/connection.js").Status} status */
function refusalOf(words, status) {
  const why = status.phase === "ended" ? REFUSALS[status.reason ?? ""] : undefined;
  return why && words.refusals[why];
}
