/** Whom a viewer follows in a room, kept in the browser. What is read from there is checked first. */

import { canFollow } from "../../sdk/grandstand.js";

/** @typedef {{entity: string, name: string, kind: string}} Followed as a search finds it */

export class Follows {
  #storage;
  #key;
  /** @type {Followed[]} the newest first */ #all;

  /** @param {Storage | undefined} storage @param {string} room */
  constructor(storage, room) {
    this.#storage = storage;
    this.#key = `grandstand.follows.${room}`;
    this.#all = readFollows(storage?.getItem(this.#key) ?? null);
  }

  /** The newest first. @returns {readonly Followed[]} */
  get all() {
    return this.#all;
  }

  get topics() {
    return this.#all.map(({ entity }) => entity);
  }

  /** @param {string} entity */
  has(entity) {
    return this.#all.some((one) => one.entity === entity);
  }

  /** @param {Followed} one @returns {boolean} false if no more can be followed */
  add({ entity, name, kind }) {
    const all = [{ entity, name, kind }, ...this.#all.filter((each) => each.entity !== entity)];
    if (!canFollow(all.map((each) => each.entity))) return false;
    this.#keep(all);
    return true;
  }

  /** @param {string} entity */
  remove(entity) {
    this.#keep(this.#all.filter((one) => one.entity !== entity));
  }

  /** @param {Followed[]} all */
  #keep(all) {
    this.#all = all;
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(all));
    } catch {
      // Full or forbidden: it holds until the page is left.
    }
  }
}

/** @param {string | null} text @returns {Followed[]} what of it can be followed */
export function readFollows(text) {
  /** @type {Followed[]} */ const all = [];
  for (const one of listIn(text)) {
    const { entity, name, kind } = typeof one === "object" && one ? /** @type {Record<string, unknown>} */ (one) : {};
    if (typeof entity !== "string" || typeof name !== "string" || typeof kind !== "string" || entity === "") continue;
    if (all.some((each) => each.entity === entity) || !canFollow([...all.map((each) => each.entity), entity])) continue;
    all.push({ entity, name, kind });
  }
  return all;
}

/** @param {string | null} text @returns {unknown[]} */
function listIn(text) {
  try {
    const list = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
