/**
 * Those whom the viewer follows, each with its newest value, beside the picture; below it in full screen,
 * where a line of its own covers neither faces nor a score. In a room without entities there is nothing.
 */

import { button, element, make, setText } from "../../page.js";
import { language } from "../language.js";
import { words } from "../words.js";
import { NOTHING, timeText, valuesAt } from "./values.js";

/** @import {Overlay} from "../../sdk/grandstand.js" */
/** @import {Followed, Follows} from "./follows.js" */
/** @import {ValueText} from "./values.js" */

const MOST_ROWS = 4;
const FLASH_MS = 1_400;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class FollowList {
  #follows;
  #onEntity;
  /** @type {Map<string, FollowRow>} */ #rows = new Map();
  #hasEntities = false;

  /**
   * @param {Follows} follows
   * @param {{onFind: () => void, onEntity: (one: Followed) => void}} acts
   */
  constructor(follows, { onFind, onEntity }) {
    this.#follows = follows;
    this.#onEntity = onEntity;
    this.root = element("follows", HTMLElement);
    this.rows = make("ul");
    this.begin = button(words.followSomebody, "follow-begin", onFind, "follow-begin");
    this.find = button(words.find, "follow-find", onFind, "quiet");
    this.head = make("header", {}, [make("h2", { text: words.following }), this.find]);
    this.root.append(this.begin, this.head, this.rows);
  }

  /** The room has entities, or may have some by now. */
  hasEntities() {
    this.#hasEntities = true;
  }

  /** Take the focus if nothing that is seen has it: the button that had it before a dialog may have gone meanwhile. */
  focus() {
    const { activeElement, body } = document;
    if (!activeElement || activeElement === body || activeElement.getClientRects().length === 0)
      (this.begin.hidden ? this.find : this.begin).focus();
  }

  get isShown() {
    return !this.root.hidden;
  }

  /**
   * @param {readonly Overlay[]} cards of followed entities at the playhead
   * @param {number} playhead
   * @param {boolean} isReplay of which no cards are known
   */
  show(cards, playhead, isReplay) {
    const { all } = this.#follows;
    this.root.hidden = !this.#hasEntities && all.length === 0;
    const { activeElement } = document;
    this.begin.hidden = all.length > 0;
    this.head.hidden = this.rows.hidden = all.length === 0;
    // The one takes the other's place, with its focus.
    if (this.begin.hidden && activeElement === this.begin) this.find.focus();
    if (this.head.hidden && activeElement === this.find) this.begin.focus();
    const values = cards.filter(({ kind }) => kind === "stats"); // sentences about them stand elsewhere
    const byTopic = new Map(values.map((card) => [card.topic, card]));
    const shown = newestOf(all, byTopic);
    setText(this.find, all.length > shown.length ? words.allFollowed(all.length) : words.find);
    for (const [entity, row] of this.#rows)
      if (!shown.some((one) => one.entity === entity)) {
        row.root.remove();
        this.#rows.delete(entity);
      }
    shown.forEach((one, place) => {
      const row = this.#rows.get(one.entity) ?? new FollowRow(() => this.#onEntity(one));
      this.#rows.set(one.entity, row);
      if (this.rows.children[place] !== row.root) this.rows.insertBefore(row.root, this.rows.children[place] ?? null);
      row.show(one, byTopic.get(one.entity), playhead, isReplay ? words.noneInReplay : words.noValues);
    });
  }

  /** Stand below the picture, or beside it. @param {boolean} isFull @param {HTMLElement} watch @param {HTMLElement} side */
  place(isFull, watch, side) {
    const home = isFull ? watch : side;
    if (this.root.parentElement === home) return;
    if (isFull) watch.append(this.root);
    else side.querySelector("#sentence")?.before(this.root);
  }
}

/**
 * All that fit, as they were followed; of more those with the newest values.
 * @param {readonly Followed[]} all
 * @param {ReadonlyMap<string | undefined, Overlay>} cards
 */
function newestOf(all, cards) {
  if (all.length <= MOST_ROWS) return all;
  const at = (/** @type {Followed} */ { entity }) => cards.get(entity)?.at ?? -Infinity;
  const newest = new Set([...all].sort((a, b) => at(b) - at(a)).slice(0, MOST_ROWS));
  return all.filter((one) => newest.has(one));
}

class FollowRow {
  #name = make("bdi", { class: "follow-name" });
  #label = make("span", { class: "follow-label" });
  #value = make("strong", { test: "follow-value" });
  #rank = make("span", { class: "follow-rank" });
  #said = "";

  /** @param {() => void} onPress */
  constructor(onPress) {
    const press = button("", "follow-row", onPress, "follow-row");
    press.setAttribute("aria-haspopup", "dialog");
    press.append(this.#name, " ", this.#value, " ", this.#rank, " ", this.#label);
    this.root = make("li", {}, [press]);
  }

  /** @param {Followed} one @param {Overlay | undefined} card @param {number} playhead @param {string} otherwise said where nothing is known */
  show({ name }, card, playhead, otherwise) {
    const values = valuesAt(card?.data, [], playhead, language).filter(({ isSoon }) => !isSoon);
    const newest = values.reduce((best, one) => (one.at > (best?.at ?? -Infinity) ? one : best), values[0]);
    const called = card?.data["name"];
    setText(this.#name, typeof called === "string" ? called : name);
    setText(this.#value, newest && newest.text !== NOTHING ? newest.text : "");
    setText(this.#rank, newest?.rank === undefined ? "" : words.rank(newest.rank));
    setText(this.#label, newest ? labelOf(newest) : otherwise);
    const said = `${newest?.label} ${newest?.text} ${newest?.rank}`;
    if (this.#said !== "" && said !== this.#said && !calm.matches) flash(this.root);
    this.#said = said;
  }
}

/** @param {ValueText} value */
function labelOf({ label, text, best, ageMs }) {
  if (text === NOTHING) return best === undefined ? label : `${label} · ${words.best(best)}`;
  return ageMs === undefined ? label : `${label} · ${words.ago(timeText(ageMs, words))}`;
}

/** A glow that fades: opacity alone, which costs no layout. @param {HTMLElement} row */
function flash(row) {
  row.animate([{ opacity: 1 }, { opacity: 0 }], { duration: FLASH_MS, easing: "ease-out", pseudoElement: "::before" });
}
