/** Which of a room's languages serves a viewer: the server's rule. Pure. */

/**
 * Return the one that serves who wants `wanted`: the same, the same without its last parts, or one with the
 * same base; nothing if there is none.
 * @param {string | undefined} wanted BCP 47
 * @param {readonly string[]} languages
 * @returns {string | undefined}
 */
export function languageOf(wanted, languages) {
  const parts = (wanted ?? "").toLowerCase().split("-");
  for (let count = parts.length; count > 0; count -= 1) {
    const tag = parts.slice(0, count).join("-");
    const found = languages.find((one) => one.toLowerCase() === tag);
    if (found !== undefined) return found;
  }
  return languages.find((one) => one.toLowerCase().split("-")[0] === parts[0]);
}
