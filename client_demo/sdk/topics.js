/**
 * The topics that a viewer follows, and when a change of them is said. Pure. While one is unanswered, or the
 * server asked to wait, the next one waits; of several that wait only the last is said.
 */

/** @import {FollowMessage, Refusal} from "./wire.js" */

export const MOST_TOPICS = 100; // by contract, as the length of each
const MOST_CHARACTERS = 100;
const MOST_BYTES = 2_048; // they travel beside a token in one message, which may have 4 KiB
const LATER = ["rate_limited", "overloaded", "unavailable"];

/** Whether topics are few and short enough to be followed together. @param {readonly string[]} topics */
export function canFollow(topics) {
  const bytes = topics.reduce((sum, topic) => sum + new TextEncoder().encode(topic).length, 0);
  const fits = topics.every((topic) => topic !== "" && [...topic].length <= MOST_CHARACTERS);
  return fits && topics.length <= MOST_TOPICS && bytes <= MOST_BYTES;
}

/** Raise RangeError if they are too many. @param {readonly string[]} topics */
export function checkTopics(topics) {
  if (!canFollow(topics)) throw new RangeError(`at most ${MOST_TOPICS} topics of 1 to ${MOST_CHARACTERS} characters, ${MOST_BYTES} bytes in all`);
}

export class Topics {
  /** @type {FollowMessage | undefined} */ #toSay;
  /** @type {FollowMessage | undefined} said, and not answered */ #said;
  #notBefore = -Infinity;

  /** @param {readonly string[]} names */
  constructor(names) {
    this.names = names;
  }

  /** @param {string} id of the message @param {readonly string[]} names */
  change(id, names) {
    this.names = names;
    this.#toSay = { type: "follow", id, topics: [...names] };
  }

  /** A hello says them, on a connection of which nothing was said before. */
  saidByHello() {
    this.#toSay = this.#said = undefined;
    this.#notBefore = -Infinity;
  }

  /** Return what is to be said now. @param {number} now @returns {FollowMessage[]} one, or none */
  due(now) {
    const message = this.#toSay;
    if (!message || this.#said || now < this.#notBefore) return [];
    this.#toSay = undefined;
    this.#said = message;
    return [message];
  }

  /** @param {string} id of the message that was answered */
  answered(id) {
    if (id === this.#said?.id) this.#said = undefined;
  }

  /**
   * Take a refusal. Return whether it is said again, since the server asks only to wait.
   * @param {number} now
   * @param {string} id
   * @param {Refusal} why
   * @param {number} random 0 to 1
   */
  refused(now, id, { code, retry_after: retryAfter = 1 }, random) {
    const said = this.#said;
    if (id !== said?.id) return false;
    this.#said = undefined;
    if (!LATER.includes(code)) return false;
    this.#toSay ??= said;
    this.#notBefore = now + retryAfter * 1000 * (1 + random);
    return true;
  }
}
