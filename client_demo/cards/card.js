/** One stats card in the document. Text is only ever set as text. */

import { button, make, setText } from "../page.js";

/** @import {Facts} from "./facts.js" */

const FLASH_MS = 1_400;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Whether the viewer's system allows motion. */
export function allowsMotion() {
  return !calm.matches;
}

export class Card {
  /** @type {HTMLElement} */ root;
  /** @type {((name: string) => void) | undefined} */ #onName;
  #title = make("p", { class: "card-title", test: "card-title" });
  #about = make("p", { class: "card-about", test: "card-about" });
  #fields = make("dl", { class: "card-fields" });
  /** @type {Map<string, {row: HTMLElement, value: HTMLElement}>} */ #rows = new Map();

  /** @param {string} id @param {Facts} facts */
  constructor(id, facts) {
    this.root = make("article", { class: "stats-card", test: "card" }, [this.#title, this.#about, this.#fields]);
    this.root.dataset["card"] = id;
    this.#title.dir = this.#about.dir = "auto";
    this.update(facts, false);
  }

  /** @param {Facts} facts @param {boolean} [flash] highlight the values that have changed */
  update({ title, about, fields, columns }, flash = true) {
    setText(this.#title, title);
    setText(this.#about, about);
    this.#about.hidden = about === "";
    this.#linkName();
    this.root.setAttribute("aria-label", about ? `${title}, ${about}` : title);
    for (const [label, { row }] of this.#rows)
      if (!fields.some((field) => field.label === label)) {
        row.remove();
        this.#rows.delete(label);
      }
    fields.forEach(({ label, value }, place) => {
      const known = this.#rows.get(label);
      const shown = known ?? this.#add(label);
      if (this.#fields.children[place] !== shown.row)
        this.#fields.insertBefore(shown.row, this.#fields.children[place] ?? null);
      if (shown.value.textContent === value) return;
      setText(shown.value, value);
      shown.value.title = value;
      if (flash && known && allowsMotion()) highlight(shown.row);
    });
    this.#fields.dataset["columns"] = String(columns);
  }

  /** What a press does on the name of whom the card is about; without it the name is mere text. */
  get onName() {
    return this.#onName;
  }

  set onName(act) {
    this.#onName = act;
    this.#linkName();
  }

  /** Let the one line be a button that says whom the card is about: another line may do so after an update. */
  #linkName() {
    const [act, named] = [this.#onName, this.#about.hidden ? this.#title : this.#about];
    for (const line of [this.#title, this.#about]) {
      const name = line.textContent ?? "";
      const isLinked = line.firstElementChild !== null;
      if (act && line === named && !isLinked) {
        line.replaceChildren(button(name, "card-name", () => this.#onName?.(name), "card-name"));
      } else if (isLinked && (!act || line !== named)) line.replaceChildren(name);
    }
  }

  /** @param {string} label */
  #add(label) {
    const value = make("dd", { test: "card-value" });
    const row = make("div", {}, [make("dt", { text: label }), value]);
    row.dataset["label"] = label;
    const shown = { row, value };
    this.#rows.set(label, shown);
    return shown;
  }
}

/** A glow that fades: opacity alone, which costs no layout. @param {HTMLElement} row */
function highlight(row) {
  row.animate([{ opacity: 1 }, { opacity: 0 }], {
    duration: FLASH_MS,
    easing: "ease-out",
    pseudoElement: "::before",
  });
}
