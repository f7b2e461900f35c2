/** A sentence about the moment, and who or what wrote it. Only on request: `show=sentence`. */

import { sentenceOf } from "../cards/sentence.js";
import { make, setText } from "../page.js";

/** @import {Overlay} from "../sdk/grandstand.js" */

export class SentencePlate {
  #root;
  #words;
  #text = make("p", { class: "sentence-text", test: "sentence-text" });
  #by = make("p", { class: "written-by", test: "sentence-by" });

  /**
   * @param {HTMLElement} root
   * @param {import("../languages/en.js").Texts["overlay"]} words
   */
  constructor(root, words) {
    this.#root = root;
    this.#words = words;
    this.#text.dir = "auto";
    root.append(this.#text, this.#by);
  }

  /** @param {readonly Overlay[]} overlays those at the moment, of any kind */
  show(overlays) {
    const sentence = sentenceOf(overlays);
    this.#root.dataset["on"] = String(sentence !== undefined);
    if (!sentence) return; // it fades as it is
    setText(this.#text, sentence.text);
    setText(this.#by, sentence.by && this.#words.writtenBy(sentence.by));
    this.#by.hidden = sentence.by === "";
  }
}
