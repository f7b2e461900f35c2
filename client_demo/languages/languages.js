/** The languages of the viewers' pages: a file each, of which a page loads its own alone. */

/** @import {Texts} from "./en.js" */

/** What each language calls itself, by its code (BCP 47), as a menu lists them. */
export const LANGUAGES = Object.freeze({
  en: "English",
  zh: "简体中文",
  fr: "Français",
  it: "Italiano",
  es: "Español",
  de: "Deutsch",
  pt: "Português",
  ja: "日本語",
  ko: "한국어",
  ru: "Русский",
  ar: "العربية",
  hi: "हिन्दी",
});

/** @typedef {keyof typeof LANGUAGES} Code */

const FALLBACK = "en";
const RIGHT_TO_LEFT = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"]);

/** @param {string} tag BCP 47 @returns {string} its language alone, in lower case */
const baseOf = (tag) => tag.toLowerCase().split(/[-_]/, 1)[0] ?? "";

/** @param {string} code @returns {code is Code} */
export const isKnown = (code) => Object.hasOwn(LANGUAGES, code);

/**
 * The first of the languages that somebody reads in which there is a page; else English.
 * @param {readonly string[]} tags BCP 47, the best liked first
 * @returns {Code}
 */
export function codeFor(tags) {
  return tags.map(baseOf).find(isKnown) ?? FALLBACK;
}

/** How a language is written. @param {string} tag BCP 47 @returns {"ltr" | "rtl"} */
export function directionOf(tag) {
  return RIGHT_TO_LEFT.has(baseOf(tag)) ? "rtl" : "ltr";
}

/** @param {Code} code @returns {Promise<Texts>} */
export async function textsFor(code) {
  const { texts } = await import(`./${code}.js`);
  return texts;
}
