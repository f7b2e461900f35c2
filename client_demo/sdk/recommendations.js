/** What else is on: the live rooms that a viewer is recommended, and why. */

import { call } from "./http.js";

/** @typedef {"follows" | "alike" | "rising" | "highlight" | "lesser_known"} Reason */

/**
 * @typedef {object} Recommended
 * @property {string} room its id
 * @property {string} title
 * @property {number} viewers
 * @property {number} excitement 0 to 1
 * @property {number} at where to come in: programme time of that room, ms
 * @property {{code: Reason, text: string}} why `text` is a line for the viewer, in their language
 */

/**
 * Ask which rooms are recommended, the best first; none where the server doesn't say, as one of before.
 * @param {object} asked
 * @param {string} asked.url of the server
 * @param {string} asked.room where the viewer is
 * @param {string} [asked.token] without one the answer is the same for all, and caches may keep it
 * @param {string} asked.lang BCP 47
 * @param {number} asked.limit
 * @returns {Promise<Recommended[]>}
 */
export async function recommendations({ url, room, token, lang, limit }) {
  const query = new URLSearchParams({ limit: String(limit), lang, room });
  const answer = await call("GET", `${url}/v1/recommendations?${query}`, token === undefined ? {} : { token });
  const rooms = answer.ok ? answer.body?.rooms : undefined;
  return Array.isArray(rooms) ? rooms.filter(isRecommended) : [];
}

/** @param {any} each @returns {each is Recommended} */
function isRecommended(each) {
  const isNamed = typeof each?.room === "string" && typeof each.title === "string";
  const isCounted = Number.isFinite(each?.viewers) && Number.isFinite(each.at);
  return isNamed && isCounted && typeof each.why?.text === "string";
}
