/** What a renderer gives the graphic as its data, after the manifest's schema. Pure. */

const THEMES = ["dark", "light", "clear"];
const MOST_BEHIND_MS = 600_000;
const RESULT_S = 20;

/**
 * @typedef {object} GraphicData
 * @property {string} server an origin
 * @property {string} room
 * @property {boolean} poll whether polls are shown
 * @property {boolean} cards
 * @property {boolean} score only where it is asked for, as on the overlay's page
 * @property {boolean} sentence
 * @property {boolean} forecast
 * @property {string} theme
 * @property {string} language BCP 47
 * @property {number} behind ms
 * @property {number} result s
 */

/**
 * @param {unknown} data
 * @param {string} origin where the graphic comes from
 * @returns {GraphicData | string} or what is wrong
 */
export function readData(data, origin) {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return "data must be an object";
  const given = /** @type {Record<string, unknown>} */ (data);
  const { room, server, theme, language } = given;
  if (typeof room !== "string" || room === "") return "data.room must name a room";
  const asked = typeof server === "string" && server !== "" ? server : origin;
  if (!/^https?:\/\//.test(asked) || !URL.canParse(asked)) return "data.server must be like https://show.example";
  return {
    server: new URL(asked).origin,
    room,
    poll: given["poll"] !== false,
    cards: given["cards"] !== false,
    score: given["score"] === true,
    sentence: given["sentence"] === true,
    forecast: given["forecast"] === true,
    theme: typeof theme === "string" && THEMES.includes(theme) ? theme : "dark",
    language: languageOf(language),
    behind: Math.min(MOST_BEHIND_MS, numberOf(given["behind"], 0)),
    result: numberOf(given["result"], RESULT_S),
  };
}

/** @param {unknown} value @param {number} otherwise */
function numberOf(value, otherwise) {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : otherwise;
}

/** @param {unknown} value */
function languageOf(value) {
  try {
    const [known] = Intl.getCanonicalLocales(typeof value === "string" && value !== "" ? value : navigator.language);
    return known ?? "en";
  } catch {
    return "en";
  }
}
