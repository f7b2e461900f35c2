/**
 * Comments as lines to read: a list beside the picture, and an invisible log for screen readers. Viewers
 * who asked for reduced motion have the list alone. Both take the best comments and drop the rest:
 * nobody reads thirty a second, and nothing may pile up.
 */

import { element, make, setText } from "../page.js";
import { withCount } from "./lanes.js";
import { TranslationMark } from "./translated.js";
import { words } from "./words.js";

/** @import {Comment, Translation} from "../sdk/wire.js" */
/** @typedef {{comment: Comment, own: boolean}} ListedComment */

const LIST_EVERY_MS = 700;
const LIST_AT_ONCE = 3;
const MOST_LINES = 40;
const LOG_EVERY_MS = 4_000;
const MOST_SPOKEN = 12;

/** Keeps the best comments since the last `take`. Pure. */
export class Sampler {
  /** @type {ListedComment[]} */ #best = [];
  #since = -Infinity;

  /** @param {number} most @param {number} everyMs */
  constructor(most, everyMs) {
    this.most = most;
    this.everyMs = everyMs;
  }

  /** @param {ListedComment} said */
  add(said) {
    this.#best.push(said);
    if (this.#best.length <= this.most) return;
    const rank = (/** @type {ListedComment} */ one) => (one.own ? Infinity : one.comment.weight);
    const least = this.#best.reduce((low, one) => (rank(one) < rank(low) ? one : low));
    this.#best.splice(this.#best.indexOf(least), 1);
  }

  /** @param {string} id */
  drop(id) {
    this.#best = this.#best.filter((one) => one.comment.id !== id);
  }

  /** @param {string} id @param {Translation} translation */
  translate(id, translation) {
    this.#best = this.#best.map((one) => (one.comment.id === id ? withTranslation(one, translation) : one));
  }

  clear() {
    this.#best = [];
  }

  /** @param {number} now local ms @returns {ListedComment[]} in their order; none while it is too soon */
  take(now) {
    if (this.#best.length === 0 || now - this.#since < this.everyMs) return [];
    this.#since = now;
    return this.#best.splice(0);
  }
}

export class CommentList {
  #listed = new Sampler(LIST_AT_ONCE, LIST_EVERY_MS);
  #spoken = new Sampler(1, LOG_EVERY_MS);
  #pinned = true;
  /** @type {WeakMap<Element, ListedComment>} what each line of the list says */ #said = new WeakMap();

  constructor() {
    this.list = element("list", HTMLOListElement);
    this.log = element("log", HTMLElement);
    this.side = element("talk", HTMLElement);
    this.quiet = element("quiet", HTMLElement);
    // The list scrolls on for viewers who are at its end, not for those who scrolled back.
    this.list.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.list;
      this.#pinned = scrollHeight - scrollTop - clientHeight < 24;
    });
  }

  /** @param {ListedComment} said */
  add(said) {
    this.#listed.add(said);
    this.#spoken.add(said);
  }

  /** @param {string} id */
  retract(id) {
    this.#listed.drop(id);
    this.#spoken.drop(id);
    for (const line of [...this.list.children, ...this.log.children])
      if (line instanceof HTMLElement && line.dataset["id"] === id) line.remove();
  }

  /** A comment was translated after it came. @param {string} id @param {Translation} translation */
  translate(id, translation) {
    this.#listed.translate(id, translation);
    this.#spoken.translate(id, translation);
    for (const line of [...this.list.children]) {
      const said = this.#said.get(line);
      if (said?.comment.id === id && !said.own) line.replaceWith(this.#lineOf(withTranslation(said, translation)));
    }
  }

  /** @param {ListedComment} said */
  #lineOf(said) {
    const line = lineOf(said);
    this.#said.set(line, said);
    return line;
  }

  /** Another time is shown from now on. */
  clear() {
    this.#listed.clear();
    this.#spoken.clear();
    this.list.replaceChildren();
  }

  /** Say a text to screen readers at once. @param {string} text */
  announce(text) {
    this.log.append(make("p", { text }));
  }

  /** @param {number} now local ms */
  show(now) {
    const lines = this.#listed.take(now);
    for (const said of lines) this.list.append(this.#lineOf(said));
    trim(this.list, MOST_LINES);
    if (lines.length > 0 && this.#pinned) this.list.scrollTop = this.list.scrollHeight;
    this.quiet.hidden = this.list.children.length > 0;
    for (const { comment } of this.#spoken.take(now)) {
      const role = comment.role ? ` (${words.staff[comment.role]})` : "";
      const said = make("span", { text: withCount(comment.translation?.text ?? comment.text, comment.count ?? 1) });
      said.lang = comment.translation?.lang ?? comment.lang ?? "";
      const line = make("p", { text: `${comment.name}${role}: ` }, [said]);
      line.dataset["id"] = comment.id;
      this.log.append(line);
    }
    trim(this.log, MOST_SPOKEN);
  }
}

/** @param {ListedComment} said */
function lineOf({ comment, own }) {
  const name = make("bdi", { text: comment.name, class: "name" });
  const text = make("span", { class: "said" });
  text.dir = "auto";
  const mark = new TranslationMark(() => show());
  const show = () => {
    const translation = mark.chosen(comment.translation);
    setText(text, translation?.text ?? comment.text);
    text.lang = (translation ?? comment).lang ?? "";
  };
  mark.show(comment.translation);
  show();
  const role = comment.role ? [make("b", { text: words.staff[comment.role], class: "role" })] : [];
  const line = make("li", { class: own ? "own" : "" }, [name, ...role, text, ...(comment.translation ? [mark.root] : [])]);
  if ((comment.count ?? 1) > 1) line.append(make("span", { text: `×${comment.count}`, class: "count" }));
  line.dataset["id"] = comment.id;
  return line;
}

/** @param {ListedComment} said @param {Translation} translation @returns {ListedComment} */
function withTranslation(said, translation) {
  return said.own ? said : { ...said, comment: { ...said.comment, translation } };
}

/** @param {HTMLElement} list @param {number} most */
function trim(list, most) {
  while (list.children.length > most) list.firstElementChild?.remove();
}

