/**
 * The messages that were sent and not answered yet: which to resend, and when. Pure. A message keeps its
 * id, so that it counts once. A comment is given up once the server may have forgotten its id, since it
 * could count twice. (The server knows a vote's id as long as the poll exists.)
 */

/** @import {AnsweredMessage, Refusal} from "./wire.js" */

const REMEMBERED_MS = 290_000; // the server knows a comment's id for 5 minutes
const GIVEN_UP_S = 10; // an overloaded server that wants a comment no sooner doesn't want it at all

/**
 * @typedef {object} Entry
 * @property {AnsweredMessage} message
 * @property {number} sentAt for the first time; Infinity before
 * @property {boolean} again it was sent more than once
 * @property {number} resendAt when to resend, if the server asked for it
 *
 * @typedef {{send: AnsweredMessage[], forgotten: string[]}} Due
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

  /** @param {AnsweredMessage} message @param {number} [sentAt] if it was sent at once */
  add(message, sentAt = Infinity) {
    this.#entries.set(message.id, { message, sentAt, again: false, resendAt: Infinity });
  }

  /** @param {string} id */
  settle(id) {
    this.#entries.delete(id);
  }

  /**
   * Take a refusal. It settles the message, unless it asks to come back later; then the message is resent.
   * A comment that is asked to come back much later, because more is said than the room can take, is given up.
   * A resent message that came too fast may have counted the first time, so it is resent too.
   * @param {number} now
   * @param {string} id
   * @param {Refusal} why
   * @param {number} random 0 to 1
   */
  refused(now, id, { code, retry_after: retryAfter = 1 }, random) {
    const entry = this.#entries.get(id);
    const isTooMany = code === "overloaded" && entry?.message.type === "comment" && retryAfter >= GIVEN_UP_S;
    const later = code === "unavailable" || (code === "overloaded" && !isTooMany);
    if (entry && (later || (code === "rate_limited" && entry.again)))
      entry.resendAt = now + retryAfter * 1000 * (1 + random);
    else this.settle(id);
  }

  /** Return the messages that are due. @param {number} now @returns {Due} */
  due(now) {
    return this.#take(now, [...this.#entries.values()].filter((entry) => now >= entry.resendAt));
  }

  /** Return all messages, for a new connection. @param {number} now @returns {Due} */
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
