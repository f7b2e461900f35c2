/** The sentence that is said of the moment, beside the picture: to be read, and told to screen readers once. */

import { sentenceOf } from "../cards/sentence.js";
import { element, make, setText } from "../page.js";
import { TranslationMark } from "./translated.js";
import { words } from "./words.js";

/** @import {Overlay} from "../sdk/grandstand.js" */

export class Sentence {
  #text = make("p", { test: "sentence-text" });
  #by = make("p", { class: "muted", test: "sentence-by" });
  #id = "";
  #mark = new TranslationMark(() => {});

  /** @param {(text: string) => void} announce */
  constructor(announce) {
    this.announce = announce;
    this.root = element("sentence", HTMLElement);
    this.#text.dir = "auto";
    this.root.append(this.#text, this.#by, this.#mark.root);
  }

  /** @param {readonly Overlay[]} overlays those at the viewer's playhead, of any kind */
  show(overlays) {
    const sentence = sentenceOf(overlays);
    this.root.hidden = sentence === undefined;
    if (!sentence) return;
    const { text, translation } = sentence;
    const chosen = this.#mark.chosen(translation);
    const shown = chosen?.text ?? text;
    setText(this.#text, shown);
    this.#text.lang = chosen?.lang ?? "";
    this.#mark.show(translation);
    setText(this.#by, sentence.by && words.writtenBy(sentence.by));
    if (sentence.id !== this.#id) this.announce(shown);
    this.#id = sentence.id;
  }
}
