/**
 * What else is on: a few rooms beside the picture, each with its viewers and a line that says why. It is
 * asked for now and then, and soon after the viewer follows somebody. It never moves under a pointer.
 */

import { element, make, setText } from "../../page.js";
import { viewersOf } from "../../sdk/grandstand.js";
import { waitMs } from "../leaderboard.js";
import { language } from "../language.js";
import { words } from "../words.js";
import { placeOf } from "./place.js";

/** @import {LiveRoom, Recommended} from "../../sdk/grandstand.js" */

const MOST = 3;
const AGAIN_MS = 20_000;
const FOLLOWED_MS = 300; // until the room knows of a follow
/** @type {ReadonlySet<string>} what is told above old results, since it is of this moment */
const TELLING = new Set(["follows", "highlight"]);

export class Shelf {
  #live;
  /** @type {Map<string, Row>} */ #rows = new Map();
  /** @type {readonly Recommended[] | undefined} to be shown once nobody is about to press */ #waiting;
  #askAt = -Infinity;
  #isAsking = false;

  /** @param {LiveRoom} live */
  constructor(live) {
    this.#live = live;
    this.root = element("shelf", HTMLElement);
    this.list = make("ul");
    this.root.append(make("h2", { text: words.alsoOn }), this.list);
    for (const event of ["pointerleave", "focusout"]) this.root.addEventListener(event, () => this.#place());
  }

  /** The viewer follows other topics now. */
  followed() {
    this.#askAt = Math.min(this.#askAt, performance.now() + FOLLOWED_MS);
  }

  /** Call it regularly. @param {boolean} isOver whether the viewer's own room has ended */
  show(isOver) {
    const now = performance.now();
    const gauges = this.#live.state?.gauges;
    if (this.#askAt === -Infinity) {
      // Not all pages at once, where a show begins for all of them.
      if (gauges || isOver) this.#askAt = now + waitMs(viewersOf(gauges), Math.random());
    } else if (now >= this.#askAt && !this.#isAsking && !document.hidden) {
      this.#askAt = now + AGAIN_MS * (0.75 + Math.random() / 2);
      void this.#ask();
    }
  }

  async #ask() {
    this.#isAsking = true;
    this.#waiting = await this.#live.recommendations({ limit: MOST });
    this.#isAsking = false;
    this.#place();
  }

  /** Show what was answered, unless somebody points at the shelf or is in it with the keys. */
  #place() {
    const rooms = this.#waiting;
    if (!rooms || this.root.matches(":hover, :focus-within")) return;
    this.#waiting = undefined;
    for (const [room, row] of this.#rows)
      if (!rooms.some((each) => each.room === room)) {
        row.root.remove();
        this.#rows.delete(room);
      }
    rooms.forEach((each, place) => {
      const row = this.#rows.get(each.room) ?? new Row();
      this.#rows.set(each.room, row);
      row.show(each, placeOf(each, this.#live.now()));
      if (this.list.children[place] !== row.root) this.list.insertBefore(row.root, this.list.children[place] ?? null);
    });
    const [best] = rooms;
    this.root.hidden = best === undefined;
    this.root.classList.toggle("told", best !== undefined && TELLING.has(best.why.code));
  }
}

class Row {
  #title = make("bdi", { class: "shelf-title" });
  #viewers = make("span", { class: "shelf-viewers" });
  #why = make("span", { class: "shelf-why" });

  constructor() {
    this.link = make("a", { class: "shelf-row", test: "shelf-room" });
    this.link.append(this.#title, " ", this.#viewers, " ", this.#why);
    this.root = make("li", {}, [this.link]);
  }

  /** @param {Recommended} room @param {string} href */
  show({ title, room, viewers, why, at }, href) {
    setText(this.#title, title || room);
    setText(this.#viewers, viewers > 0 ? words.viewers(viewers) : "");
    setText(this.#why, why.code === "highlight" ? `${why.text} · ${words.comeIn(timeOf(at))}` : why.text);
    this.link.href = href;
    this.link.dataset["code"] = why.code;
  }
}

/** @param {number} at programme time, ms */
function timeOf(at) {
  return new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
