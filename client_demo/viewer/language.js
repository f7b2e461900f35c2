/** The language of the viewer's page: the one chosen here, or the first of the browser's that there is. */

import { codeFor, isKnown, textsFor } from "../languages/languages.js";

const KEY = "grandstand.language";

/** The language that was chosen on this page, "" if none was. */
function chosen() {
  try {
    return globalThis.localStorage?.getItem(KEY) ?? "";
  } catch {
    return ""; // the browser keeps nothing
  }
}

/**
 * Show the pages in a language from now on. What is on the screen changes when the page is loaded again.
 * @param {string} code
 */
export function chooseLanguage(code) {
  try {
    if (isKnown(code)) localStorage.setItem(KEY, code);
  } catch {
    // the browser keeps nothing: its own language stays
  }
}

export const language = codeFor([chosen(), ...(globalThis.navigator?.languages ?? [])]);
export const texts = await textsFor(language);
