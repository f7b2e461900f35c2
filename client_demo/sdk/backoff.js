/** When to try again, and when never, by close codes and HTTP statuses; the wait has full jitter. Pure. */

const FIRST_MS = 500;
const MOST_MS = 30_000;

/**
 * Return a wait with full jitter: anywhere between 0 and a bound that doubles with each failed attempt.
 * @param {number} attempt 0 for the first
 * @param {number} random 0 to 1
 * @returns {number} ms
 */
export function backoffMs(attempt, random) {
  return random * Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
}

/**
 * What a client must do after each close code, as the server's `/asyncapi.json` has it. The SDK
 * needs it before it knows any server, so it keeps a copy; a test compares the two.
 * @typedef {"reconnect" | "new token" | "final"} AfterClose
 * @type {Readonly<Record<number, AfterClose>>}
 */
export const CLOSES = {
  1001: "reconnect",
  1006: "reconnect",
  1007: "final",
  1009: "final",
  1011: "reconnect",
  1012: "reconnect",
  1013: "reconnect",
  3000: "new token",
  3003: "final",
  3008: "reconnect",
  3009: "final",
  3503: "final",
  4000: "final",
  4001: "reconnect",
  4004: "final",
};

/**
 * What to do after a code, also one that the table does not have.
 * @param {number} code
 * @returns {AfterClose}
 */
export function afterClose(code) {
  return CLOSES[code] ?? "reconnect";
}

const TRY_AGAIN = new Set([408, 425, 429]);

/**
 * What to do after an HTTP answer that is not the one asked for, as the server's
 * `wire/codes.py` has it; a test compares the two.
 * @param {number} status 0 when the server could not be reached
 * @returns {AfterClose}
 */
export function afterStatus(status) {
  if (status === 401) return "new token";
  return status >= 300 && status < 500 && !TRY_AGAIN.has(status) ? "final" : "reconnect";
}
