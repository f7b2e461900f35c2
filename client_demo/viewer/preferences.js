/** The viewer's preferences, kept in the browser. What is read from there is checked first. */

const KEY = "grandstand.taste";

/**
 * @typedef {object} Preferences
 * @property {boolean} bullets
 * @property {boolean} list
 * @property {boolean} originals no translations
 * @property {boolean} keys single-key shortcuts
 * @property {number} size percent
 * @property {number} speed percent
 * @property {number} opacity percent
 * @property {"quarter" | "half" | "full"} area
 * @property {"few" | "normal" | "many"} density
 * @property {number} minWeight 0 to 9
 */

/** @type {Readonly<Preferences>} */
export const DEFAULTS = {
  bullets: true,
  list: true,
  originals: false,
  keys: true,
  size: 100,
  speed: 100,
  opacity: 100,
  area: "full",
  density: "normal",
  minWeight: 0,
};

/** Numbers: from, to, step. */
export const RANGES = {
  size: { from: 50, to: 200, step: 10 },
  speed: { from: 50, to: 200, step: 10 },
  opacity: { from: 20, to: 100, step: 5 },
  minWeight: { from: 0, to: 9, step: 1 },
};

/** Shares of the picture's height. */
export const AREAS = { quarter: 0.25, half: 0.5, full: 1 };
export const DENSITIES = ["few", "normal", "many"];

/**
 * Read preferences. A field that is missing or wrong gets its default.
 * @param {unknown} given
 * @returns {Preferences}
 */
export function parsePreferences(given) {
  const raw = /** @type {Record<string, unknown>} */ (typeof given === "object" && given ? given : {});
  const flag = (/** @type {"bullets" | "list" | "originals" | "keys"} */ name) =>
    typeof raw[name] === "boolean" ? raw[name] : DEFAULTS[name];
  const number = (/** @type {keyof typeof RANGES} */ name) => {
    const { from, to } = RANGES[name];
    const value = raw[name];
    return typeof value === "number" && value >= from && value <= to ? value : DEFAULTS[name];
  };
  const { area, density } = raw;
  return {
    bullets: flag("bullets"),
    list: flag("list"),
    originals: flag("originals"),
    keys: flag("keys"),
    size: number("size"),
    speed: number("speed"),
    opacity: number("opacity"),
    area: area === "quarter" || area === "half" || area === "full" ? area : DEFAULTS.area,
    density: density === "few" || density === "many" || density === "normal" ? density : DEFAULTS.density,
    minWeight: number("minWeight"),
  };
}

/** @param {Preferences} preferences @returns {import("./lanes.js").BulletOptions} what the field of bullets takes */
export function bulletOptions({ size, speed, area, density, minWeight }) {
  return { size: size / 100, speed: speed / 100, area: AREAS[area], density, minWeight };
}

/** What was kept; the defaults where the browser keeps nothing. @param {Storage | undefined} storage */
export function loadPreferences(storage) {
  try {
    return parsePreferences(JSON.parse(storage?.getItem(KEY) ?? "null"));
  } catch {
    return { ...DEFAULTS }; // not JSON, or the browser forbids storage: go on with the defaults
  }
}

/** @param {Storage | undefined} storage @param {Preferences} preferences @returns {boolean} whether it is kept */
export function savePreferences(storage, preferences) {
  try {
    storage?.setItem(KEY, JSON.stringify(preferences));
    return storage !== undefined;
  } catch {
    return false; // full or forbidden: the change holds until the page is left
  }
}

/** Return a storage, or nothing where the browser blocks it; then even naming it throws. @param {"localStorage" | "sessionStorage"} name */
export function storageOf(name) {
  try {
    return window[name];
  } catch {
    return undefined;
  }
}
