/** A stats card's values as a producer types them. Pure. */

/**
 * Parse one value a line, with its name before a colon. What looks like a number becomes one.
 * @param {string} lines
 * @returns {Record<string, string | number> | undefined} undefined if a line has no colon, or none is there
 */
export function parseValues(lines) {
  const given = lines.split("\n").filter((line) => line.trim() !== "");
  const pairs = given.map((line) => /^\s*(\S.*?)\s*[:：]\s*(\S.*?)\s*$/u.exec(line));
  if (given.length === 0 || pairs.includes(null)) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, label = "", value = ""] = pair ?? [];
      return [label, Number.isFinite(Number(value)) ? Number(value) : value];
    }),
  );
}
