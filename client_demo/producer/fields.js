/** What the console's forms are made of: controls, and fields with their faults. A fault of no field stands below the form. */

import { html } from "./html.js";
import { reasonOf } from "./problems.js";
import { words } from "./words.js";

/** @import {ComponentChildren} from "preact" */
/** @import {Problem} from "../sdk/grandstand.js" */
/** @typedef {Readonly<Record<string, string>>} Faults by path; "" is the whole form's */

/**
 * Sort the faults of a problem by the fields of the form. A fault of no field is the whole form's.
 * @param {Problem} problem
 * @param {readonly string[]} fields paths; `options.2.text` belongs to `options.2`, else to `options`
 * @returns {Faults}
 */
export function faultsOf(problem, fields) {
  if (problem.faults.length === 0) return { "": reasonOf(problem) };
  /** @type {Record<string, string>} */ const found = {};
  for (const { path, message } of problem.faults) {
    const parts = path.split(".");
    const lengths = parts.map((_, index) => parts.length - index);
    const field = lengths.map((length) => parts.slice(0, length).join(".")).find((one) => fields.includes(one));
    const text = field === undefined && path ? `${path}: ${plain(message)}` : plain(message);
    const at = field ?? "";
    found[at] = found[at] ? `${found[at]}; ${text}` : text;
  }
  return found;
}

/** Say a bound of the server in words for a person. Other messages stay as they are. @param {string} message */
function plain(message) {
  const [, length, sign = "", bound = ""] = /^expected `\w+` (of length )?(>=|<=|>|<) (\S+)$/.exec(message) ?? [];
  if (sign === "") return /^expected `(int|float)`, got/.test(message) ? words.faults.number : message;
  if (length) return sign === ">=" ? words.faults.longer(bound) : words.faults.shorter(bound);
  return words.faults[/** @type {">=" | "<=" | ">" | "<"} */ (sign)](bound);
}

/**
 * A field with its label above and its fault below; assistive technology reads all three together.
 * @param {{label: string, path: string, faults: Faults, hint?: string, children?: ComponentChildren}} props
 */
export function Field({ label, path, faults, hint, children }) {
  return html`<label class="field" data-bad=${Boolean(faults[path])}>
    <span>${label}</span>
    ${children}
    ${hint && html`<small>${hint}</small>`}
    <${Fault} path=${path} faults=${faults} />
  </label>`;
}

/** @param {{path: string, faults: Faults}} props */
export function Fault({ path, faults }) {
  const text = faults[path];
  return html`<span class="fault" role="alert" data-test=${`fault-${path || "form"}`}>${text ?? ""}</span>`;
}

/**
 * A list to choose from.
 * @param {{value: string, options: Record<string, string>, test: string, onPick: (value: any) => void}} props
 *   `options`: the texts that are shown, by their values
 */
export function Select({ value, options, test, onPick }) {
  return html`<select value=${value} onChange=${input(onPick)} data-test=${test}>
    ${Object.entries(options).map(([key, text]) => html`<option key=${key} value=${key}>${text}</option>`)}
  </select>`;
}

/** Make a listener that takes what a control holds. @param {(text: string) => void} set @returns {(event: Event) => void} */
export function input(set) {
  return (event) => set(/** @type {HTMLInputElement} */ (event.currentTarget).value);
}
