/** What every page does with its document: find elements, make them, fill in the words. */

import { directionOf } from "./languages/languages.js";

/**
 * Find the element of that id. Pages and scripts belong together, so a missing one is our error.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`no ${type.name} with id ${id}`);
  return found;
}

/**
 * Make an element. Text is always set as text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{class?: string, text?: string, test?: string}} [options]
 * @param {Node[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, options = {}, children = []) {
  const made = document.createElement(tag);
  if (options.class !== undefined) made.className = options.class;
  if (options.text !== undefined) made.textContent = options.text;
  if (options.test !== undefined) made.dataset["test"] = options.test;
  made.append(...children);
  return made;
}

/**
 * Make a button.
 * @param {string} text
 * @param {string} test
 * @param {() => void} onClick
 * @param {string} [style] class
 */
export function button(text, test, onClick, style = "") {
  const made = make("button", { text, test, class: style });
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

/** Set text only if it changed, since assistive technology speaks each change. @param {Node} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Name a control so that what is seen is part of the name: people press it by saying that.
 * @param {HTMLElement} control with its text
 * @param {string} name which says more
 */
export function nameControl(control, name) {
  const seen = (control.textContent ?? "").trim();
  const isPart = name.toLowerCase().includes(seen.toLowerCase());
  control.setAttribute("aria-label", isPart ? name : `${seen}. ${name}`);
}

const SPOKEN = "[data-words],[data-placeholder],[data-label]";

/** Say in which language the page is. @param {string} language BCP 47 */
export function setLanguage(language) {
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
}

/**
 * Fill `data-words`, `data-placeholder` and `data-label` with the words of those names.
 * @param {Readonly<Record<string, unknown>>} words
 */
export function fillWords(words) {
  const word = (/** @type {string} */ key) => String(words[key]);
  for (const one of document.querySelectorAll(SPOKEN)) {
    if (!(one instanceof HTMLElement)) continue;
    const { words: text, placeholder, label } = one.dataset;
    if (text) one.textContent = word(text);
    if (placeholder) one.setAttribute("placeholder", word(placeholder));
    if (label) one.setAttribute("aria-label", word(label));
  }
}
