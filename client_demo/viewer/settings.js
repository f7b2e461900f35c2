/** The panel for the viewer's preferences. Each change takes effect at once. */

import { LANGUAGES } from "../languages/languages.js";
import { button, element, make, setText } from "../page.js";
import { chooseLanguage, language } from "./language.js";
import { AREAS, DEFAULTS, DENSITIES, RANGES } from "./preferences.js";
import { words } from "./words.js";

/** @import {Preferences} from "./preferences.js" */

export class SettingsPanel {
  /** @type {(() => void)[]} */ #shows = [];

  /**
   * @param {Preferences} preferences
   * @param {(preferences: Preferences) => void} onChange
   */
  constructor(preferences, onChange) {
    this.preferences = preferences;
    this.onChange = onChange;
    this.dialog = element("settings", HTMLDialogElement);
    const fields = element("settings-fields", HTMLElement);
    const percent = (/** @type {number} */ value) => words.percent(value / 100);
    fields.append(
      languageMenu(),
      this.#flag("bullets", words.preferenceBullets),
      this.#flag("list", words.preferenceList),
      this.#flag("originals", words.preferenceOriginals),
      this.#range("size", words.preferenceSize, percent),
      this.#range("speed", words.preferenceSpeed, percent),
      this.#range("opacity", words.preferenceOpacity, percent),
      this.#choice("area", words.preferenceArea, Object.keys(AREAS), words.areas),
      this.#choice("density", words.preferenceDensity, DENSITIES, words.densities),
      this.#range("minWeight", words.preferenceMinWeight, words.weight),
      this.#flag("keys", words.preferenceKeys),
      button(words.reset, "reset", () => this.change({ ...DEFAULTS }), "quiet"),
    );
    for (const [key, does] of Object.entries(words.keys)) {
      const name = { " ": words.space, Escape: "Esc", ArrowLeft: "←", ArrowRight: "→" }[key] ?? key.toUpperCase();
      const shown = make("dt", {}, [make("kbd", { text: name })]);
      element("shortcuts", HTMLElement).append(make("div", { test: `key-${key}`, class: `key-${key.toLowerCase().trim()}` }, [shown, make("dd", { text: does })]));
    }
    // A press outside the panel closes it.
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.#show();
  }

  toggle() {
    if (this.dialog.open) this.dialog.close();
    else this.dialog.showModal();
  }

  /** @param {Partial<Preferences>} part */
  change(part) {
    this.preferences = { ...this.preferences, ...part };
    this.#show();
    this.onChange(this.preferences);
  }

  #show() {
    for (const show of this.#shows) show();
  }

  /** @param {"bullets" | "list" | "originals" | "keys"} name @param {string} label */
  #flag(name, label) {
    const box = make("input", { test: `taste-${name}` });
    box.type = "checkbox";
    box.className = "switch";
    box.addEventListener("change", () => this.change({ [name]: box.checked }));
    this.#shows.push(() => (box.checked = this.preferences[name]));
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
      slider.value = String(this.preferences[name]);
      slider.setAttribute("aria-valuetext", say(this.preferences[name]));
      setText(value, say(this.preferences[name]));
    });
    return make("label", { class: "row" }, [make("span", { text: label }), slider, value]);
  }

  /**
   * @param {"area" | "density"} name @param {string} label
   * @param {string[]} values @param {Record<string, string>} texts
   */
  #choice(name, label, values, texts) {
    const set = make("fieldset", { class: "row", test: `taste-${name}` }, [make("legend", { text: label })]);
    set.append(segmentedControl(name, values, texts, (value) => this.change({ [name]: value })));
    this.#shows.push(() => {
      for (const input of set.querySelectorAll("input")) input.checked = input.value === this.preferences[name];
    });
    return set;
  }
}

/** The page's language. Another one takes a new page, which comes back to the same moment. */
function languageMenu() {
  const menu = make("select", { test: "language" });
  for (const [code, name] of Object.entries(LANGUAGES)) {
    const option = new Option(name, code, false, code === language);
    option.lang = code;
    menu.append(option);
  }
  menu.addEventListener("change", () => {
    chooseLanguage(menu.value);
    location.reload();
  });
  return make("label", { class: "row" }, [make("span", { text: words.language }), menu]);
}

/**
 * A few choices side by side, of which one is selected.
 * @param {string} name
 * @param {string[]} values
 * @param {Record<string, string>} texts
 * @param {(value: string) => void} onChoice
 */
export function segmentedControl(name, values, texts, onChoice) {
  const parts = values.map((value) => {
    const input = make("input", { test: `${name}-${value}` });
    Object.assign(input, { type: "radio", name, value });
    input.addEventListener("change", () => onChoice(value));
    return make("label", {}, [input, make("span", { text: texts[value] ?? value })]);
  });
  return make("div", { class: "segments" }, parts);
}
