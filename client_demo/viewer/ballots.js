/**
 * The viewer's votes, kept as long as the tab. The server keeps a vote too, but doesn't tell a reloaded
 * page what it was.
 */

/** @typedef {{choices: number[], state: "sending" | "accepted" | "refused", text: string}} Ballot */

const MOST_KEPT = 50;

export class Ballots {
  /** @type {Map<string, Ballot>} */ #cast = new Map();

  /** @param {Storage | undefined} storage @param {string} room */
  constructor(storage, room) {
    this.storage = storage;
    this.key = `grandstand.votes.${room}`;
    this.#read();
  }

  /** @param {string} poll @returns {Ballot | undefined} */
  of(poll) {
    return this.#cast.get(poll);
  }

  /** @param {string} poll @param {Ballot} ballot */
  set(poll, ballot) {
    this.#cast.delete(poll);
    this.#cast.set(poll, ballot);
    for (const oldest of this.#cast.keys()) {
      if (this.#cast.size <= MOST_KEPT) break;
      this.#cast.delete(oldest);
    }
    this.#keep();
  }

  /** Forget the vote in a poll that was cancelled. @param {string} poll */
  forget(poll) {
    if (this.#cast.delete(poll)) this.#keep();
  }

  #keep() {
    const accepted = [...this.#cast].filter(([, one]) => one.state === "accepted" && one.choices.length > 0);
    try {
      this.storage?.setItem(this.key, JSON.stringify(accepted.map(([poll, one]) => [poll, one.choices])));
    } catch {
      // Full or forbidden: the vote is kept until the page is left.
    }
  }

  #read() {
    try {
      /** @type {unknown} */
      const kept = JSON.parse(this.storage?.getItem(this.key) ?? "[]");
      if (!Array.isArray(kept)) return;
      for (const one of kept) {
        const [poll, choices] = Array.isArray(one) ? one : [];
        if (typeof poll !== "string" || !Array.isArray(choices)) continue;
        if (choices.every(Number.isInteger)) this.#cast.set(poll, { choices, state: "accepted", text: "" });
      }
    } catch {
      // Not our JSON, or storage is forbidden: start without votes, as on a first visit.
    }
  }
}
