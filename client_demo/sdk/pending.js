/**
 * What was said and not answered yet: which of it to send again, and when. Pure. A message keeps its
 * id for ever, so that it counts once; a comment whose id the server may have forgotten meanwhile is
 * given up, since it could count twice. (A vote's id holds for as long as its poll.)
 */

/** @import {CommentMessage, Refusal, VoteMessage} from "./wire.js" */

const REMEMBERED_MS = 290_000; // the server knows a comment's id for 5 minutes

/**
 * @typedef {object} Entry
 * @property {CommentMessage | VoteMessage} message
 * @property {number} sentAt for the first time; Infinity before
 * @property {boolean} again it was sent more than once
 * @property {number} resendAt by itself, since the server asked for that
 *
 * @typedef {{send: (CommentMessage | VoteMessage)[], forgotten: string[]}} Due
 */

export class Pending {
  /** @type {Map<string, Entry>} */ #entries = new Map();

  get messages() {
    return [...this.#entries.values()].map((entry) => entry.message);
  }

  /** @param {string} id */
  has(id) {
    return this.#entries.has(id);
  }

  /** @param {CommentMessage | VoteMessage} message @param {number} [sentAt] if it was sent at once */
  add(message, sentAt = Infinity) {
    this.#entries.set(message.id, { message, sentAt, again: false, resendAt: Infinity });
  }

  /** @param {string} id */
  settle(id) {
    this.#entries.delete(id);
  }

  /**
   * Settles it, unless the answer asks to come back later: the server was at fault, not the message.
   * One that came too fast because it was sent again may have been counted the first time.
   * @param {number} now
   * @param {string} id
   * @param {Refusal} why
   * @param {number} random 0 to 1
   */
  refused(now, id, { code, retry_after: retryAfter = 1 }, random) {
    const entry = this.#entries.get(id);
    const later = code === "overloaded" || code === "unavailable";
    if (entry && (later || (code === "rate_limited" && entry.again)))
      entry.resendAt = now + retryAfter * 1000 * (1 + random);
    else this.settle(id);
  }

  /** Those whose time has come. @param {number} now @returns {Due} */
  due(now) {
    return this.#take(now, [...this.#entries.values()].filter((entry) => now >= entry.resendAt));
  }

  /** All: a connection is new. @param {number} now @returns {Due} */
  all(now) {
    return this.#take(now, [...this.#entries.values()]);
  }

  /** @param {number} now @param {Entry[]} entries @returns {Due} */
  #take(now, entries) {
    const isOld = (/** @type {Entry} */ { message, sentAt }) =>
      message.type === "comment" && now - sentAt > REMEMBERED_MS;
    const forgotten = entries.filter(isOld).map((entry) => entry.message.id);
    for (const id of forgotten) this.settle(id);
    const kept = entries.filter((entry) => this.has(entry.message.id));
    for (const entry of kept) {
      entry.again = entry.sentAt <= now;
      entry.sentAt = Math.min(entry.sentAt, now);
      entry.resendAt = Infinity;
    }
    return { send: kept.map((entry) => entry.message), forgotten };
  }
}
