/** The score: two sides on one line, or a board of who leads. Only on request: `show=score`. */

import { make, setText } from "../page.js";
import { scoreOf } from "./score.js";

/** @import {Overlay} from "../sdk/grandstand.js" */
/** @import {Row} from "./score.js" */

const CHANGE_MS = 420;
const STAY_MS = 15_000; // of two contests that go on at once, one is read before the other comes
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class ScorePlate {
  #root;
  #language;
  #title = make("p", { class: "score-title", test: "score-title" });
  #list = make("ol", { class: "score-rows" });
  /** @type {{root: HTMLElement, name: HTMLElement, value: HTMLElement}[]} */ #rows = [];
  #shown = "";
  #since = -Infinity;

  /**
   * @param {HTMLElement} root
   * @param {string} language BCP 47
   */
  constructor(root, language) {
    this.#root = root;
    this.#language = language;
    root.append(this.#title, this.#list);
  }

  /**
   * @param {readonly Overlay[]} overlays those at the moment, of any kind
   * @returns {boolean} whether the plate has another size: what stands below it has to make room
   */
  show(overlays) {
    const now = performance.now();
    const score = scoreOf(overlays, this.#language, now - this.#since < STAY_MS ? this.#shown : undefined);
    if (score && score.id !== this.#shown) [this.#shown, this.#since] = [score.id, now];
    const before = this.#height;
    this.#root.dataset["on"] = String(score !== undefined);
    if (score) {
      this.#root.dataset["form"] = score.form;
      setText(this.#title, score.title);
      this.#fill(score.rows);
    }
    if (this.#height === before) return false;
    this.#root.parentElement?.style.setProperty("--score", `${this.#height}px`);
    return true;
  }

  get #height() {
    return this.#root.dataset["on"] === "true" ? this.#root.offsetHeight : 0;
  }

  /** @param {readonly Row[]} rows */
  #fill(rows) {
    while (this.#rows.length > rows.length) this.#rows.pop()?.root.remove();
    rows.forEach(({ name, value, place }, index) => {
      const row = this.#rows[index] ?? this.#add();
      row.root.style.setProperty("counter-set", `place ${place}`);
      const isSame = row.name.textContent === name;
      setText(row.name, name);
      if (row.value.textContent === value) return;
      const wasThere = row.value.textContent !== "";
      setText(row.value, value);
      if (isSame && wasThere && !calm.matches) rise(row.value);
    });
  }

  #add() {
    const [name, value] = [make("bdi", { class: "score-name", test: "score-name" }), make("b", { test: "score-value" })];
    const row = { root: make("li", {}, [name, value]), name, value };
    this.#rows.push(row);
    this.#list.append(row.root);
    return row;
  }
}

/** The new number comes up from below: transform and opacity alone, which cost no layout. @param {HTMLElement} value */
function rise(value) {
  const from = { opacity: 0, transform: "translateY(0.5em)" };
  value.animate([from, { opacity: 1, transform: "none" }], { duration: CHANGE_MS, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" });
}
