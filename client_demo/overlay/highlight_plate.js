/** A plate that says, for a while, what the audience stirs at. Only on request: `show=highlight`. */

import { make, setText } from "../page.js";

/** @import {Overlay} from "../sdk/grandstand.js" */

const KIND = "highlight";
const MOST_WORDS = 3;

export class HighlightPlate {
  #root;
  #words;
  #format;
  #title = make("span", { class: "stirs" });
  #said = make("bdi", { test: "highlight-words" });
  #strength = make("span", { class: "times", test: "highlight-strength" });

  /**
   * @param {HTMLElement} root
   * @param {import("../languages/en.js").Texts["overlay"]} words
   * @param {string} language BCP 47
   */
  constructor(root, words, language) {
    this.#root = root;
    this.#words = words;
    this.#format = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    root.append(this.#title, this.#said, this.#strength);
  }

  /** @param {readonly Overlay[]} overlays those at the moment, of any kind */
  show(overlays) {
    const newest = overlays.filter(({ kind }) => kind === KIND).sort((a, b) => a.at - b.at).at(-1);
    this.#root.dataset["on"] = String(newest !== undefined);
    if (!newest) return; // it fades as it is
    const { words, strength } = newest.data;
    setText(this.#title, this.#words.stirs);
    setText(this.#said, (Array.isArray(words) ? words : []).slice(0, MOST_WORDS).join(" · "));
    setText(this.#strength, `×${this.#format.format(Number(strength) || 1)}`);
  }
}
