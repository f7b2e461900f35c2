/** The mark beside what is translated: a tap shows the original, another one the translation again. */

import { button } from "../page.js";
import { words } from "./words.js";

/** @import {Translation} from "../sdk/grandstand.js" */

export class TranslationMark {
  isOriginal = false;

  /** @param {() => void} onTurn after a tap */
  constructor(onTurn) {
    this.root = button("⇄", "translation-mark", () => {
      this.isOriginal = !this.isOriginal;
      this.show(this.#shown);
      onTurn();
    }, "translation-mark");
  }

  /** @type {Translation | undefined} */ #shown;

  /** Stand beside what has this translation, or nowhere. @param {Translation | undefined} translation */
  show(translation) {
    this.#shown = translation;
    this.root.hidden = translation === undefined;
    const label = this.isOriginal ? words.showTranslation : words.showOriginal;
    const title = `${label} (${translation?.by ?? ""})`;
    if (this.root.title === title) return; // another translation may be by another
    this.root.title = title;
    this.root.setAttribute("aria-label", label);
  }

  /** Return the translation, unless the original is wanted. @template T @param {T | undefined} translation @returns {T | undefined} */
  chosen(translation) {
    return this.isOriginal ? undefined : translation;
  }
}

/** Return an item as it was written, for viewers who want no translations. @template {{translation?: Translation}} T @param {T} item @returns {T} */
export function asWritten(item) {
  const { translation: _, ...rest } = item;
  return /** @type {T} */ (rest);
}
