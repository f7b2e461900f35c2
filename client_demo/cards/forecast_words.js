/** What the outcomes of a forecast are called, and what moved it, in a language's texts. Pure. */

/** @import {Texts} from "../languages/en.js" */

/**
 * Return what an outcome is called.
 * @param {Texts["forecast"]} words
 * @param {{label: string, name: string}} outcome
 */
export function outcomeName(words, { label, name }) {
  return name === label ? (words.outcomes[label] ?? label) : name;
}

/**
 * Return what happened, in words.
 * @param {Texts["forecast"]} words
 * @param {import("./forecast.js").Moment} moment
 */
export function happenedText(words, { what, label, name, value, isVoid }) {
  const say = words.happened[what] ?? words.happened[""];
  const text = say?.(label && outcomeName(words, { label, name }), String(value ?? ""), what) ?? what;
  return isVoid ? words.takenBack(text) : text;
}
