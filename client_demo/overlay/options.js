/** What the overlay page's address asks for. Pure. */

export const PARTS = /** @type {const} */ (["poll", "pulse", "viewers", "cards", "highlight", "score", "sentence", "forecast"]);
const USUAL = ["poll", "pulse", "viewers", "cards"];
const THEMES = ["dark", "light", "clear"];
const RESULT_S = 20;
const MOST_BEHIND_MS = 600_000;
const MOST_SAFE = 45; // percent: two sides leave a tenth of the picture

/**
 * @typedef {object} OverlayOptions
 * @property {Set<string>} show some of PARTS
 * @property {string[]} unknown what `show` named beside them
 * @property {number} behindMs how far the picture lies behind the programme clock
 * @property {boolean} clock whether the programme's time is shown, to set `behind` by
 * @property {string} theme
 * @property {number} resultMs how long a poll's result stays
 * @property {number[]} [safe] percent of the picture to leave free at the top, right, bottom and left
 * @property {string} [language] BCP 47
 */

/** @param {string} search like "?show=poll,cards" @returns {OverlayOptions} */
export function readOptions(search) {
  const query = new URLSearchParams(search);
  const asked = query.get("show")?.split(",").map((word) => word.trim()).filter(Boolean) ?? USUAL;
  const theme = query.get("theme") ?? "";
  return {
    show: new Set(asked.filter((word) => PARTS.some((part) => part === word))),
    unknown: asked.filter((word) => !PARTS.some((part) => part === word)),
    behindMs: Math.min(MOST_BEHIND_MS, numberIn(query.get("behind"), 0)),
    clock: query.has("clock") && query.get("clock") !== "0",
    theme: THEMES.includes(theme) ? theme : "dark",
    resultMs: numberIn(query.get("result"), RESULT_S) * 1000,
    ...safeIn(query.get("safe")),
    ...languageIn(query.get("lang")),
  };
}

/** Read a language; nothing where it is none, as `zh_CN`, which would stop the page. @param {string | null} text */
function languageIn(text) {
  try {
    const [language] = Intl.getCanonicalLocales(text || []);
    return language === undefined ? {} : { language };
  } catch {
    return {};
  }
}

/** Read one to four numbers, for the sides in the order of CSS; nothing where they make no sense. @param {string | null} text */
function safeIn(text) {
  const sides = (text ?? "").split(",").map((side) => numberIn(side, NaN));
  if (sides.length > 4 || sides.some(Number.isNaN)) return {};
  const [top = 0, right = top, bottom = top, left = right] = sides;
  return { safe: [top, right, bottom, left].map((side) => Math.min(MOST_SAFE, side)) };
}

/** @param {string | null} text @param {number} otherwise */
function numberIn(text, otherwise) {
  const number = text === null || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(number) && number >= 0 ? number : otherwise;
}
