/**
 * The moments at which the audience stirred: a line of heat over the seek bar, and chapters below it.
 * Both are asked for once a minute, by an address that all viewers share, so that a cache can answer.
 * What lies ahead of all that this viewer has seen of a live show isn't shown.
 */

import { button, element, make } from "../page.js";
import { chaptersOf, heatPath } from "./heat.js";
import { lengthOf, words } from "./words.js";

/** @import {roomCalls} from "../sdk/grandstand.js" */
/** @import {Highlight, Window} from "./heat.js" */

const MINUTE_MS = 60_000;
const MOST_MS = 6 * 3_600_000; // of one answer
const DRAW_MS = 1_000;

export class Moments {
  /** @type {Highlight[]} */ #highlights = [];
  /** @type {[number, number][]} */ #heat = [];
  /** @type {Map<string, HTMLLIElement>} */ #items = new Map();
  /** @type {Window | undefined} */ #window;
  #askAt = -Infinity;
  #drawAt = -Infinity;
  #furthest = -Infinity;
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
      void this.#ask(playhead + (range.startS - range.atS) * 1000, playhead + (range.endS - range.atS) * 1000);
    }
    if (now < this.#drawAt) return;
    this.#drawAt = now + DRAW_MS;
    this.#draw();
  }

  /** @param {number} from @param {number} to */
  async #ask(from, to) {
    const first = Math.max(from, to - MOST_MS + 2 * MINUTE_MS);
    const minute = Math.max(0, Math.floor(first / MINUTE_MS) * MINUTE_MS);
    const answer = await this.calls("GET", `/highlights?from=${minute}`);
    if (!answer.ok || !Array.isArray(answer.body?.highlights)) return; // an older server, or away
    this.#highlights = answer.body.highlights;
    this.#heat = answer.body.heat;
    this.#seen += 1;
    this.#drawAt = -Infinity;
  }

  #draw() {
    const seen = this.#window;
    if (!seen || this.#seen === 0) return;
    const line = heatPath(this.#heat, seen);
    this.line.hidden = line === "";
    this.path.setAttribute("d", line);
    const chapters = chaptersOf(this.#highlights, seen);
    this.chapters.hidden = chapters.length === 0;
    const there = new Set(chapters.map(({ id }) => id));
    for (const [id, item] of this.#items)
      if (!there.has(id)) {
        item.remove();
        this.#items.delete(id);
      }
    for (const chapter of chapters) {
      const known = this.#items.get(chapter.id);
      if (known) continue;
      const item = this.#itemOf(chapter, seen.isLive);
      this.#items.set(chapter.id, item);
      this.list.append(item);
    }
  }

  /** @param {import("./heat.js").Chapter} chapter @param {boolean} isLive */
  #itemOf({ id, second, from, strength, title }, isLive) {
    const clock = new Date(from).toLocaleTimeString(navigator.language, { hour: "2-digit", minute: "2-digit" });
    const time = isLive ? clock : lengthOf(second - (this.#window?.startS ?? 0));
    const go = button("", "chapter", () => {
      const now = this.#window;
      const found = now && chaptersOf(this.#highlights, now).find((one) => one.id === id);
      if (found) this.onChoose(found.second);
    });
    const when = make("span", { class: "when", text: time });
    go.append(when, " ", make("bdi", { text: title || words.stirred }));
    go.title = words.chapter(strength);
    return make("li", {}, [go]);
  }
}
