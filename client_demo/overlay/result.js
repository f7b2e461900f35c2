/** Which poll is on air, and how long its bars are. Pure. */

import { shareOf } from "../sdk/polls.js";

/** @import {SeenPoll} from "../sdk/grandstand.js" */

/**
 * @typedef {object} Bar
 * @property {number} share 0 to 1
 * @property {string} percent "" where the votes are hidden
 */

/** When each poll's result came, by the viewer's own playhead. A result stays on air for a set time after that. */
export class Results {
  /** @type {Map<string, {phase: string, since: number}>} */ #since = new Map();
  #stayMs;

  /** @param {number} stayMs */
  constructor(stayMs) {
    this.#stayMs = stayMs;
  }

  /**
   * Return the poll to show: the open one that opened last; else the one whose votes are being counted;
   * else the newest result, for a while.
   * @param {readonly SeenPoll[]} polls
   * @param {number} playhead
   * @returns {SeenPoll | undefined}
   */
  onAir(polls, playhead) {
    const there = new Set(polls.map(({ poll }) => poll.id));
    for (const id of this.#since.keys()) if (!there.has(id)) this.#since.delete(id);
    return polls
      .filter((seen) => this.#stays(seen, playhead))
      .sort((a, b) => rank(a) - rank(b) || this.#cameAt(b) - this.#cameAt(a) || b.poll.opens_at - a.poll.opens_at)[0];
  }

  /** When a result came; all others come when they open. @param {SeenPoll} seen */
  #cameAt(seen) {
    return rank(seen) === 2 ? (this.#since.get(seen.poll.id)?.since ?? 0) : 0;
  }

  /** @param {SeenPoll} seen @param {number} playhead */
  #stays({ poll, phase }, playhead) {
    const before = this.#since.get(poll.id);
    // A poll that had ended before this page came ended at about that time.
    const since = before ? playhead : Math.min(playhead, poll.closes_at + poll.grace);
    if (before?.phase !== phase) this.#since.set(poll.id, { phase, since });
    if (phase === "open" || phase === "counting") return true;
    if (phase !== "closed" && phase !== "revealed") return false;
    return playhead - (this.#since.get(poll.id)?.since ?? playhead) < this.#stayMs;
  }
}

/** @param {SeenPoll} seen */
function rank({ phase }) {
  return phase === "open" ? 0 : phase === "counting" ? 1 : 2;
}

/** @param {SeenPoll} seen @param {(share: number) => string} percent @returns {Bar[]} one per option */
export function barsOf({ poll, votes }, percent) {
  return poll.options.map((_, option) => {
    const share = votes ? shareOf(votes, option) : 0;
    return { share, percent: votes ? percent(share) : "" };
  });
}
