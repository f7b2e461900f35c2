/** The room's effects and the log of their firings, as the server has them. Only producers may see effects. */

/** @import {Answer, Desk} from "../desk.js" */
/** @import {Effect, Typed} from "./draft.js" */
/**
 * @typedef {object} Firing
 * @property {string} id
 * @property {string} effect
 * @property {number} action
 * @property {string} event
 * @property {number} at programme time
 * @property {number} attempts
 * @property {"waiting" | "done" | "retrying" | "failed"} status
 * @property {string} answer
 */

const WATCHED_MS = 1_000;

export class EffectsDesk {
  #watchers = 0;
  #timer = 0;
  #hasEffects = false;
  /** @type {Effect[] | undefined} */ effects;
  /** @type {Firing[]} newest first */ firings = [];
  /** @type {Typed | undefined} what is typed in the form */ draft;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    desk.keepFetching(() => this.#fetch());
  }

  /** Fetch every second until the returned function is called. @returns {() => void} */
  watch() {
    if (this.#watchers++ === 0) this.#timer = window.setInterval(() => this.#fetchFirings(), WATCHED_MS);
    void this.#fetch();
    return () => {
      if (--this.#watchers === 0) clearInterval(this.#timer);
    };
  }

  /** The effects whose last firing did not come to its end, or not well. @returns {Set<string>} */
  get troubled() {
    /** @type {Map<string, Firing>} */ const last = new Map();
    for (const firing of this.firings) {
      const key = `${firing.effect}/${firing.action}`;
      if (firing.status !== "waiting" && !last.has(key)) last.set(key, firing);
    }
    const bad = [...last.values()].filter(({ status }) => status === "failed" || status === "retrying");
    const known = new Set(this.effects?.map(({ id }) => id));
    return new Set(bad.map(({ effect }) => effect).filter((effect) => known.has(effect)));
  }

  /** Tags that polls and effects have, to pick from. @returns {string[]} */
  get tags() {
    const all = [...this.desk.polls.map((poll) => this.desk.tagOf(poll)), ...(this.effects ?? []).map(({ on }) => on.tag)];
    return [...new Set(all.filter((tag) => tag !== undefined))].sort();
  }

  /** Names of cues that there were, or that effects wait for. @returns {string[]} */
  get cues() {
    const given = [...(this.desk.state?.cues.values() ?? [])].map(({ name }) => name);
    const all = [...given, ...(this.effects ?? []).map(({ on }) => on.name)];
    return [...new Set(all.filter((name) => name !== undefined))].sort();
  }

  /** @param {string} id */
  firingsOf(id) {
    return this.firings.filter((firing) => firing.effect === id);
  }

  /** @param {string} id @param {object} body @returns {Promise<Answer>} */
  async put(id, body) {
    return this.#changed(await this.desk.call("PUT", pathOf(id), body));
  }

  /** Switch an effect on or off; its secrets stay. @param {Effect} effect @param {boolean} enabled */
  async enable({ id, ...body }, enabled) {
    return await this.put(id, { ...body, enabled });
  }

  /** @param {string} id */
  async remove(id) {
    return this.#changed(await this.desk.call("DELETE", pathOf(id)));
  }

  /** Fire an effect once with made-up data. @param {string} id */
  async test(id) {
    const answer = await this.desk.call("POST", `${pathOf(id)}/test`, {});
    if (answer.ok) await this.#fetchFirings();
    return answer;
  }

  /** @param {Answer} answer */
  #changed(answer) {
    if (answer.ok) void this.#fetch();
    return answer;
  }

  async #fetch() {
    if (!this.desk.isProducer) return;
    const answer = await this.desk.call("GET", "/effects");
    if (!answer.ok) return;
    this.effects = /** @type {Effect[]} */ (answer.body.effects);
    this.#hasEffects ||= this.effects.length > 0;
    this.desk.notify();
    if (this.#hasEffects) await this.#fetchFirings();
  }

  async #fetchFirings() {
    const answer = await this.desk.call("GET", "/firings");
    if (!answer.ok) return;
    this.firings = /** @type {Firing[]} */ (answer.body.firings);
    this.desk.notify();
  }
}

/** @param {string} id */
function pathOf(id) {
  return `/effects/${encodeURIComponent(id)}`;
}
