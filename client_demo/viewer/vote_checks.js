/**
 * Which votes of this viewer are in the count. Each is checked once its poll can be recounted and has
 * receipts; the moments are spread, since all voters learn of it in the same frame.
 */

/** @import {SeenPoll, VoteCheck} from "../sdk/grandstand.js" */
/** @import {Ballot} from "./ballots.js" */

const SPREAD_MS = 1; // for each voter: a thousand receipts a second, over all servers
const MOST_SPREAD_MS = 240_000; // a card stays for five minutes
const AGAIN_MS = 30_000;
const MOST_TRIES = 3;

export class VoteChecks {
  /** @type {Map<string, VoteCheck>} */ #found = new Map();
  /** @type {Set<string>} */ #asked = new Set();

  /**
   * @param {(poll: string, choices: readonly number[]) => Promise<VoteCheck>} check
   * @param {(run: () => void, delayMs: number) => void} [later]
   * @param {() => number} [random]
   */
  constructor(check, later = (run, delayMs) => void setTimeout(run, delayMs), random = Math.random) {
    this.check = check;
    this.later = later;
    this.random = random;
  }

  /**
   * Return what is known of the vote in a poll, and begin to find out.
   * @param {SeenPoll} seen
   * @param {Ballot | undefined} ballot
   * @returns {VoteCheck | undefined}
   */
  of({ poll, votes }, ballot) {
    if (!poll.audit?.receipts || ballot?.state !== "accepted" || ballot.choices.length === 0) return undefined;
    if (!this.#asked.has(poll.id)) {
      this.#asked.add(poll.id);
      const spread = Math.min((votes?.voters ?? 0) * SPREAD_MS, MOST_SPREAD_MS);
      this.later(() => void this.#ask(poll.id, ballot.choices, 1), this.random() * spread);
    }
    return this.#found.get(poll.id);
  }

  /** @param {string} poll @param {readonly number[]} choices @param {number} tries */
  async #ask(poll, choices, tries) {
    const found = await this.check(poll, choices);
    if (found.state === "unchecked" && tries < MOST_TRIES)
      this.later(() => void this.#ask(poll, choices, tries + 1), AGAIN_MS);
    else this.#found.set(poll, found);
  }
}
