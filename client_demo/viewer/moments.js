/**
 * The moments at which the audience stirred: a line of heat over the seek bar, and chapters below it.
 * Both are asked for once a minute, by an address that all viewers share, so that a cache can answer.
 * What lies ahead of all that this viewer has seen of a live show isn't shown.
 */

import { button, element, make, setText } from "../page.js";
import { chaptersOf, heatPath, queriesOf } from "./heat.js";
import { language } from "./language.js";
import { lengthOf, words } from "./words.js";

/** @import {roomCalls} from "../sdk/grandstand.js" */
/** @import {Chapter, Highlight, Window} from "./heat.js" */
/** @typedef {{item: HTMLLIElement, go: HTMLButtonElement, when: HTMLElement, text: HTMLElement}} Item */

const MINUTE_MS = 60_000;
const DRAW_MS = 1_000;

export class Moments {
  /** @type {Highlight[]} */ #highlights = [];
  /** @type {[number, number][]} */ #heat = [];
  /** @type {Map<string, Item>} */ #items = new Map();
  /** @type {Window | undefined} */ #window;
  #askAt = -Infinity;
  #drawAt = -Infinity;
  #furthest = -Infinity;
  /** @type {Set<string>} deleted ones: for a minute caches still have them */ #gone = new Set();
  #seen = 0;

  /**
   * @param {ReturnType<typeof roomCalls>} calls
   * @param {(second: number) => void} onChoose a second of the stream
   */
  constructor(calls, onChoose) {
    this.calls = calls;
    this.onChoose = onChoose;
    this.line = element("heat", HTMLElement);
    this.path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    this.line.querySelector("svg")?.append(this.path);
    this.chapters = element("chapters", HTMLElement);
    this.list = make("ol");
    this.chapters.append(this.list);
  }

  /**
   * Call it regularly.
   * @param {{startS: number, endS: number, atS: number, isLive: boolean} | undefined} range of the stream, if it can be moved
   * @param {number} playhead programme time at `atS`
   */
  show(range, playhead) {
    const now = performance.now();
    if (!range || Number.isNaN(playhead)) {
      this.line.hidden = this.chapters.hidden = true;
      return;
    }
    this.#furthest = Math.max(this.#furthest, playhead);
    this.#window = { ...range, playhead, until: range.isLive ? this.#furthest : Infinity };
    if (now >= this.#askAt) {
      this.#askAt = now + MINUTE_MS * (0.75 + Math.random() / 2);
      const atOf = (/** @type {number} */ second) => playhead + (second - range.atS) * 1000;
      void this.#ask(queriesOf(atOf(range.startS), atOf(range.endS), range.isLive));
    }
    if (now < this.#drawAt) return;
    this.#drawAt = now + DRAW_MS;
    this.#draw();
  }

  /** Show a highlight no more that was deleted. @param {string} id */
  retract(id) {
    if (!id.startsWith("highlight-")) return;
    this.#gone.add(id);
    this.#drawAt = -Infinity;
  }

  /** @param {readonly string[]} queries */
  async #ask(queries) {
    /** @type {Highlight[]} */ const highlights = [];
    /** @type {[number, number][]} */ const heat = [];
    for (const query of queries) {
      const answer = await this.calls("GET", `/highlights?${query}`);
      if (!answer.ok || !Array.isArray(answer.body?.highlights)) return; // an older server, or away
      for (const each of answer.body.highlights) highlights.push(each);
      for (const each of answer.body.heat) heat.push(each);
    }
    this.#highlights = highlights;
    this.#heat = heat;
    this.#seen += 1;
    this.#drawAt = -Infinity;
  }

  #draw() {
    const seen = this.#window;
    if (!seen || this.#seen === 0) return;
    const line = heatPath(this.#heat, seen);
    this.line.hidden = line === "";
    this.path.setAttribute("d", line);
    const chapters = chaptersOf(this.#highlights, seen).filter(({ id }) => !this.#gone.has(id));
    this.chapters.hidden = chapters.length === 0;
    const there = new Set(chapters.map(({ id }) => id));
    for (const [id, { item }] of this.#items)
      if (!there.has(id)) {
        item.remove();
        this.#items.delete(id);
      }
    for (const chapter of chapters) {
      let known = this.#items.get(chapter.id);
      if (!known) {
        known = this.#itemOf(chapter.id);
        this.#items.set(chapter.id, known);
        this.list.append(known.item);
      }
      this.#fill(known, chapter, seen);
    }
  }

  /** @param {string} id @returns {Item} */
  #itemOf(id) {
    const go = button("", "chapter", () => {
      const now = this.#window;
      const found = now && chaptersOf(this.#highlights, now).find((one) => one.id === id);
      if (found) this.onChoose(found.second);
    });
    const when = make("span", { class: "when" });
    const text = make("bdi");
    go.append(when, " ", text);
    return { item: make("li", {}, [go]), go, when, text };
  }

  /** A highlight is told again when it is over. @param {Item} item @param {Chapter} chapter @param {Window} seen */
  #fill({ go, when, text }, { second, from, strength, title }, seen) {
    const clock = new Date(from).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
    setText(when, seen.isLive ? clock : lengthOf(second - seen.startS));
    setText(text, title || words.stirred);
    go.title = words.chapter(strength);
  }
}
