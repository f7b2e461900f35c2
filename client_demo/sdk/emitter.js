/** Events and their handlers. */

/** @template {object} Events the payload of each event */
export class Emitter {
  /** @type {Map<keyof Events, Set<(payload: any) => void>>} */ #handlers = new Map();

  /**
   * @template {keyof Events} E
   * @param {E} event
   * @param {(payload: Events[E]) => void} handler
   * @returns {() => void} takes the handler off again
   */
  on(event, handler) {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler));
    return () => void handlers.delete(handler);
  }

  /**
   * Call the handlers. An error in one is the page's: it is reported, and the others still run.
   * @template {keyof Events} E
   * @param {E} event
   * @param {Events[E]} payload
   */
  emit(event, payload) {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) {
      try {
        handler(payload);
      } catch (error) {
        if (typeof reportError === "function") reportError(error);
        else console.error(error);
      }
    }
  }
}
