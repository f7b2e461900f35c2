/** The panel in which a viewer says how comments shall look. Each change holds at once. */

import { button, element, make, setText } from "../page.js";
import { AREAS, DEFAULTS, DENSITIES, RANGES } from "./taste.js";
import { words } from "./words.js";

/** @import {ViewerTaste} from "./taste.js" */

export class SettingsPanel {
  /** @type {(() => void)[]} */ #shows = [];

  /**
   * @param {ViewerTaste} taste
   * @param {(taste: ViewerTaste) => void} onChange
   */
  constructor(taste, onChange) {
    this.taste = taste;
    this.onChange = onChange;
    this.dialog = element("settings", HTMLDialogElement);
    const fields = element("settings-fields", HTMLElement);
    const percent = (/** @type {number} */ value) => words.percent(value / 100);
    fields.append(
      this.#flag("bullets", words.tasteBullets),
      this.#flag("list", words.tasteList),
      this.#range("size", words.tasteSize, percent),
      this.#range("speed", words.tasteSpeed, percent),
      this.#range("opacity", words.tasteOpacity, percent),
      this.#choice("area", words.tasteArea, Object.keys(AREAS), words.areas),
      this.#choice("density", words.tasteDensity, DENSITIES, words.densities),
      this.#range("minWeight", words.tasteMinWeight, words.weight),
      this.#flag("keys", words.tasteKeys),
      button(words.reset, "reset", () => this.change({ ...DEFAULTS }), "quiet"),
    );
    for (const [key, does] of Object.entries(words.keys)) {
      const name = { " ": words.space, Escape: "Esc" }[key] ?? key.toUpperCase();
      const shown = make("dt", {}, [make("kbd", { text: name })]);
      element("shortcuts", HTMLElement).append(make("div", {}, [shown, make("dd", { text: does })]));
    }
    // A press beside the panel closes it, as everywhere.
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.#show();
  }

  toggle() {
    if (this.dialog.open) this.dialog.close();
    else this.dialog.showModal();
  }

  /** @param {Partial<ViewerTaste>} part */
  change(part) {
    this.taste = { ...this.taste, ...part };
    this.#show();
    this.onChange(this.taste);
  }

  #show() {
    for (const show of this.#shows) show();
  }

  /** @param {"bullets" | "list" | "keys"} name @param {string} label */
  #flag(name, label) {
    const box = make("input", { test: `taste-${name}` });
    box.type = "checkbox";
    box.className = "switch";
    box.addEventListener("change", () => this.change({ [name]: box.checked }));
    this.#shows.push(() => (box.checked = this.taste[name]));
    return make("label", { class: "row" }, [make("span", { text: label }), box]);
  }

  /** @param {keyof typeof RANGES} name @param {string} label @param {(value: number) => string} say */
  #range(name, label, say) {
    const { from, to, step } = RANGES[name];
    const slider = make("input", { test: `taste-${name}` });
    const value = make("output");
    Object.assign(slider, { type: "range", min: String(from), max: String(to), step: String(step) });
    slider.addEventListener("input", () => this.change({ [name]: Number(slider.value) }));
    this.#shows.push(() => {
      slider.value = String(this.taste[name]);
      slider.setAttribute("aria-valuetext", say(this.taste[name]));
      setText(value, say(this.taste[name]));
    });
    return make("label", { class: "row" }, [make("span", { text: label }), slider, value]);
  }

  /**
   * @param {"area" | "density"} name @param {string} label
   * @param {string[]} values @param {Record<string, string>} texts
   */
  #choice(name, label, values, texts) {
    const set = make("fieldset", { class: "row", test: `taste-${name}` }, [make("legend", { text: label })]);
    set.append(segments(name, values, texts, (value) => this.change({ [name]: value })));
    this.#shows.push(() => {
      for (const input of set.querySelectorAll("input")) input.checked = input.value === this.taste[name];
    });
    return set;
  }
}

/**
 * A few choices side by side, of which one holds.
 * @param {string} name
 * @param {string[]} values
 * @param {Record<string, string>} texts
 * @param {(value: string) => void} onChoice
 */
export function segments(name, values, texts, onChoice) {
  const parts = values.map((value) => {
    const input = make("input", { test: `${name}-${value}` });
    Object.assign(input, { type: "radio", name, value });
    input.addEventListener("change", () => onChoice(value));
    return make("label", {}, [input, make("span", { text: texts[value] ?? value })]);
  });
  return make("div", { class: "segments" }, parts);
}
