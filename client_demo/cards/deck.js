/**
 * The stats cards that a page shows: the newest ones. A card keeps its place as long as it is shown,
 * however often its numbers change. `show` takes all overlays of the moment, and may be called often.
 */

import { Card, allowsMotion } from "./card.js";
import { factsOf } from "./facts.js";

/** @import {Overlay} from "../sdk/grandstand.js" */

const MOST = 4;
const COME_MS = 420;
const GO_MS = 320;
const EASE = "cubic-bezier(0.2, 0.7, 0.2, 1)";

/**
 * Whom cards name, and what to do when a name is pressed.
 * @typedef {{knows: (entity: string) => boolean, open: (entity: string, name: string) => void}} Names
 */

export class CardDeck {
  #root;
  #most;
  #language;
  #names;
  /** @type {Map<string, Card>} */ #cards = new Map();
  /** @type {Map<string, number>} in which order they came */ #came = new Map();
  #arrivals = 0;
  /** @type {Map<string, Overlay>} */ #shown = new Map();
  /** @type {WeakMap<Overlay, import("./facts.js").Facts | undefined>} */ #facts = new WeakMap();

  /**
   * @param {HTMLElement} root
   * @param {{most?: number, language: string, names?: Names}} options
   */
  constructor(root, { most = MOST, language, names }) {
    this.#root = root;
    this.#most = most;
    this.#language = language;
    this.#names = names;
    root.classList.add("stats-cards");
  }

  /** Let the name be pressed that a card says, once there is more to know. @param {Card} card @param {Overlay} overlay */
  #letPress(card, { data: { entity } }) {
    const names = this.#names;
    if (names && typeof entity === "string" && names.knows(entity)) card.onName ??= (name) => names.open(entity, name);
  }

  /** @param {readonly Overlay[]} overlays those at the viewer's playhead, of any kind */
  show(overlays) {
    const wanted = this.#choose(overlays.filter((one) => this.#factsOf(one)));
    const gone = [...this.#cards].filter(([id]) => !wanted.has(id));
    const moves = gone.length > 0 || [...wanted.keys()].some((id) => !this.#cards.has(id));
    const places = moves ? this.#places() : new Map();
    for (const [id, card] of gone) {
      this.#cards.delete(id);
      this.#shown.delete(id);
      leave(card.root);
    }
    let hasChanged = moves;
    /** @type {HTMLElement | undefined} */ let older;
    for (const [id, overlay] of wanted) {
      const known = this.#cards.get(id);
      const facts = this.#shown.get(id) === overlay ? undefined : this.#factsOf(overlay);
      if (facts) {
        hasChanged = true;
        this.#shown.set(id, overlay);
        known?.update(facts);
      }
      const card = known ?? (facts && new Card(id, facts));
      if (!card) continue;
      if (!known) {
        this.#cards.set(id, card);
        if (older) older.before(card.root);
        else this.#root.append(card.root);
        appear(card.root);
      }
      older = card.root;
      this.#letPress(card, overlay);
    }
    if (hasChanged) this.#fit();
    slide(places);
  }

  /** Return the facts of an overlay. They are cached, since each frame asks for them. @param {Overlay} overlay */
  #factsOf(overlay) {
    if (!this.#facts.has(overlay)) this.#facts.set(overlay, factsOf(overlay, this.#language));
    return this.#facts.get(overlay);
  }

  /** Hide the oldest cards where the page limits the deck's height. */
  #fit() {
    const age = (/** @type {string} */ id) => this.#came.get(id) ?? 0;
    const cards = [...this.#cards].sort(([a], [b]) => age(a) - age(b)).map(([, { root }]) => root);
    for (const root of cards) root.hidden = false;
    cards.forEach((root, place) => {
      // By offsets in the layout: scroll sizes would include where moving cards are just now.
      root.hidden = place < cards.length - 1 && root.offsetTop + root.offsetHeight > this.#root.clientHeight + 1;
    });
  }

  /** Those that came last. @param {readonly Overlay[]} overlays @returns {Map<string, Overlay>} the oldest first */
  #choose(overlays) {
    const there = new Set(overlays.map((one) => one.id));
    for (const id of this.#came.keys()) if (!there.has(id)) this.#came.delete(id);
    for (const { id } of overlays) if (!this.#came.has(id)) this.#came.set(id, (this.#arrivals += 1));
    const came = (/** @type {Overlay} */ one) => this.#came.get(one.id) ?? 0;
    const last = [...overlays].sort((a, b) => came(a) - came(b)).slice(-this.#most);
    return new Map(last.map((one) => [one.id, one]));
  }

  /** @returns {Map<HTMLElement, number>} */
  #places() {
    return new Map([...this.#cards.values()].map(({ root }) => [root, root.offsetTop]));
  }
}

/** @param {HTMLElement} root */
function appear(root) {
  if (!allowsMotion()) return;
  const from = { opacity: 0, transform: "translateY(12px) scale(0.98)" };
  root.animate([from, { opacity: 1, transform: "none" }], { duration: COME_MS, easing: EASE });
}

/** Take the card out of the layout at once, and fade it out above the others. @param {HTMLElement} root */
function leave(root) {
  if (!allowsMotion()) return root.remove();
  const { offsetTop, offsetLeft, offsetWidth } = root;
  root.inert = true;
  delete root.dataset["test"];
  Object.assign(root.style, {
    position: "absolute",
    top: `${offsetTop}px`,
    left: `${offsetLeft}px`,
    width: `${offsetWidth}px`,
  });
  const leaving = root.animate([{ opacity: 1 }, { opacity: 0 }], { duration: GO_MS, easing: "ease-in" });
  leaving.onfinish = leaving.oncancel = () => root.remove();
}

/** Those that stay glide to where they are now. @param {ReadonlyMap<HTMLElement, number>} places */
function slide(places) {
  if (!allowsMotion()) return;
  for (const [root, before] of places) {
    const by = before - root.offsetTop;
    if (!root.isConnected || root.style.position === "absolute" || by === 0) continue;
    root.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: COME_MS, easing: EASE });
  }
}
