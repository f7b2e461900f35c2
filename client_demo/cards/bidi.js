/**
 * Numbers with their units in texts that are written from right to left. Without a mark "7,220 m" is seen as "m 7,220":
 * a number is weak, and takes the side that the text around it gives it. Pure.
 */

import { directionOf } from "../languages/languages.js";

const APART = "\u2068"; // first strong isolate: what follows is laid out by itself, from the side of its own letters
const AGAIN = "\u2069";
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
const MEASURES = /\p{Nd}[\p{Nd}.,:٫٬’']*\s?[\p{Script=Latin}°µ][\p{Script=Latin}\d/²³·]*/gu;

/**
 * Set a value apart that stands among texts of a language.
 * @param {string} value a number with its unit, or a text that has some
 * @param {string} language BCP 47
 */
export function setApart(value, language) {
  const hasLetters = /\p{L}/u.test(value); // "50 %" is laid out as its surroundings are
  return hasLetters && directionOf(language) === "rtl" ? `${APART}${value}${AGAIN}` : value;
}

/** Set numbers with Latin units apart in a text, if that is written from right to left. @param {string} text */
export function setMeasuresApart(text) {
  return RIGHT_TO_LEFT.test(text) ? text.replaceAll(MEASURES, (measure) => `${APART}${measure}${AGAIN}`) : text;
}
