/** The panel in which a viewer finds athletes and teams by name, and follows them. */

import { button, element, make, setText } from "../../page.js";
import { words } from "../words.js";
import { FollowToggle } from "./toggle.js";

/** @import {roomCalls} from "../../sdk/grandstand.js" */
/** @import {Followed, Follows} from "./follows.js" */
/** @typedef {Followed & {followers: number}} Entry */

const TYPING_MS = 200; // asked once the viewer pauses

export class Finder {
  #calls;
  #follows;
  #onEntity;
  #onToggle;
  #onFound;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #typing;
  #asked = 0;
  /** @type {FollowToggle[]} */ #toggles = [];

  /**
   * @param {ReturnType<typeof roomCalls>} calls
   * @param {Follows} follows
   * @param {{onEntity: (one: Followed) => void, onToggle: (one: Followed) => boolean,
   *   onFound: (all: Followed[]) => void}} acts `onToggle` follows one, or does so no more, and returns false if no
   *   more can be followed
   */
  constructor(calls, follows, { onEntity, onToggle, onFound }) {
    this.#calls = calls;
    this.#follows = follows;
    this.#onEntity = onEntity;
    this.#onToggle = onToggle;
    this.#onFound = onFound;
    this.dialog = element("finder", HTMLDialogElement);
    this.field = element("finder-name", HTMLInputElement);
    this.state = element("finder-state", HTMLElement);
    this.list = element("finder-list", HTMLUListElement);
    this.more = button(words.more, "finder-more", () => undefined, "quiet");
    this.more.hidden = true;
    this.list.after(this.more);
    element("finder-close", HTMLElement).addEventListener("click", () => this.dialog.close());
    this.field.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => void this.#ask(), TYPING_MS);
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  open() {
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.field.select();
    void this.#ask();
  }

  /** Somebody is followed, or isn't any more. */
  refresh() {
    for (const toggle of this.#toggles) toggle.show();
  }

  /** @param {string} [after] the `next` of the page before */
  async #ask(after) {
    const name = this.field.value.trim();
    const number = (this.#asked += 1);
    const query = `q=${encodeURIComponent(name)}${after === undefined ? "" : `&after=${encodeURIComponent(after)}`}`;
    const answer = await this.#calls("GET", `/entities?${query}`);
    if (number !== this.#asked) return; // the viewer has typed on
    if (after === undefined) this.#clear(); // also if it failed: rows of another name would be taken for found
    if (!answer.ok || !Array.isArray(answer.body?.entities)) return setText(this.state, words.findFailed);
    const { entities, next } = answer.body;
    this.#onFound(entities);
    // Whom the viewer follows comes first, where nothing is asked for.
    const sorted = name === "" ? this.#followedFirst(entities, after === undefined) : entities;
    this.list.append(...sorted.map((/** @type {Entry} */ one) => this.#rowOf(one)));
    this.more.hidden = typeof next !== "string";
    this.more.onclick = () => void this.#ask(next);
    const count = this.list.children.length;
    setText(this.state, count === 0 ? words.foundNone(name) : (typeof next === "string" ? words.foundFirst : words.found)(count));
  }

  #clear() {
    this.#toggles = [];
    this.more.hidden = true;
    this.list.replaceChildren();
    this.list.scrollTop = 0;
  }

  /** @param {Entry[]} entities of a page @param {boolean} isFirst @returns {Entry[]} */
  #followedFirst(entities, isFirst) {
    const others = entities.filter(({ entity }) => !this.#follows.has(entity));
    if (!isFirst) return others;
    const known = new Map(entities.map((one) => [one.entity, one]));
    const followed = this.#follows.all.map((one) => known.get(one.entity) ?? { ...one, followers: 0 });
    return [...followed, ...others];
  }

  /** @param {Entry} one */
  #rowOf(one) {
    const kind = words.kindsOfEntities[one.kind] ?? one.kind;
    const about = [kind, one.followers > 0 ? words.followers(one.followers) : ""].filter(Boolean).join(" · ");
    const open = button("", "finder-entity", () => this.#onEntity(one), "finder-entity");
    open.setAttribute("aria-haspopup", "dialog");
    open.append(make("bdi", { text: one.name }), " ", make("span", { class: "muted", text: about }));
    const toggle = new FollowToggle(one, this.#follows, () => {
      if (!this.#onToggle(one)) setText(this.state, words.followFull);
    });
    this.#toggles.push(toggle);
    return make("li", { test: "finder-row" }, [open, toggle.root]);
  }
}
