/** Who was fastest in a quiz, below its card. Asked for once the viewer's playhead has seen the reveal. */

import { make } from "../page.js";
import { words } from "./words.js";

/** @import {roomCalls} from "../sdk/grandstand.js" */
/** @typedef {{user: string, name: string, ms: number, mine: boolean}} Leader */

const ASKED_PER_S = 1000; // by all viewers of a room together
const LONGEST_MS = 30_000;

/**
 * Return how long a page waits before it asks, so that the pages of all viewers don't ask at one moment.
 * @param {number} viewers
 * @param {number} chance 0 to 1, drawn by each page
 */
export function waitMs(viewers, chance) {
  return chance * Math.min(LONGEST_MS, (viewers / ASKED_PER_S) * 1000);
}

/**
 * Ask the server who was fastest; nobody where it doesn't say.
 * @param {ReturnType<typeof roomCalls>} call
 * @param {string} poll
 * @param {number} viewers
 * @param {string | undefined} me this viewer's id
 * @returns {Promise<Leader[]>}
 */
export async function fetchLeaders(call, poll, viewers, me) {
  await new Promise((resolve) => setTimeout(resolve, waitMs(viewers, Math.random())));
  const answer = await call("GET", `/polls/${encodeURIComponent(poll)}/leaderboard`);
  if (!answer.ok || !Array.isArray(answer.body?.leaderboard)) return [];
  return answer.body.leaderboard.map((/** @type {Leader} */ one) => ({ ...one, mine: one.user === me }));
}

export class Leaderboard {
  #isAsked = false;

  /**
   * @param {string} title
   * @param {() => Promise<Leader[]>} ask
   */
  constructor(title, ask) {
    this.ask = ask;
    this.list = make("ol");
    this.list.setAttribute("aria-label", title);
    this.root = make("div", { class: "leaders", test: "leaders" }, [make("p", { text: title }), this.list]);
    this.root.hidden = true;
  }

  /** Ask and show; only once. */
  async show() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const leaders = await this.ask();
    this.list.append(...leaders.map(rowOf));
    this.root.hidden = leaders.length === 0;
  }
}

/** @param {Leader} leader */
function rowOf({ name, ms, mine }) {
  const time = make("span", { class: "tally", text: words.seconds(ms / 1000, 2) });
  const row = make("li", { test: "leader" }, [make("bdi", { text: name }), time]);
  row.classList.toggle("mine", mine);
  return row;
}
