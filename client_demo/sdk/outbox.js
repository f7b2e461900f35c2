/** A promise for each message that was sent: its answer, whenever that comes. */

/** @import {Status} from "./connection.js" */
/** @import {Ack, AnsweredMessage, Refusal} from "./wire.js" */

/** @typedef {{id: string, at?: number, answer: Promise<Ack>}} Sent */

/** The server refused the message, or the connection ended for good. */
export class RefusedError extends Error {
  /**
   * @param {string} code the contract's error code, or "closed" when there is no connection any more
   * @param {string} message for a person
   * @param {number} [retryAfter] s
   * @param {{category?: string, rule?: string, model?: string}} [cause] of `rejected`: for what the comment was taken,
   *   and by which rule or model
   */
  constructor(code, message, retryAfter, { category, rule, model } = {}) {
    super(message);
    this.name = "RefusedError";
    this.code = code;
    this.retryAfter = retryAfter;
    this.category = category;
    this.rule = rule;
    this.model = model;
  }
}

/**
 * @typedef {{message: AnsweredMessage, resolve: (ack: Ack) => void,
 *   reject: (why: RefusedError) => void}} Entry
 */

export class Outbox {
  /** @type {Map<string, Entry>} */ #entries = new Map();

  /** @param {AnsweredMessage} message @returns {Sent} */
  add(message) {
    const answer = new Promise((/** @type {(ack: Ack) => void} */ resolve, reject) => {
      this.#entries.set(message.id, { message, resolve, reject });
    });
    answer.catch(() => {}); // a page may ignore the answer
    return { id: message.id, ...(message.at !== undefined && { at: message.at }), answer };
  }

  /** @param {Ack} ack @returns {AnsweredMessage | undefined} the message, the first time */
  acknowledge(ack) {
    const entry = this.#take(ack.id);
    entry?.resolve(ack);
    return entry?.message;
  }

  /** @param {Refusal} why @returns {boolean} whether it answers one of these */
  refuse(why) {
    const entry = this.#take(why.id ?? "");
    entry?.reject(new RefusedError(why.code, why.message, why.retry_after, why));
    return entry !== undefined;
  }

  /** Reject all: no answer will come any more. @param {Status} status */
  end(status) {
    for (const id of [...this.#entries.keys()])
      this.#take(id)?.reject(new RefusedError("closed", status.reason ?? ""));
  }

  /** @param {string} id */
  #take(id) {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry;
  }
}
