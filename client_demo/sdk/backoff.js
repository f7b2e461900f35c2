/** When to try again, and when never: the contract's close codes and its full jitter. Pure. */

const FIRST_MS = 500;
const MOST_MS = 30_000;

/**
 * Full jitter: anywhere between now and a bound that doubles with each attempt in vain.
 * @param {number} attempt 0 for the first
 * @param {number} random 0 to 1
 * @returns {number} ms
 */
export function backoffMs(attempt, random) {
  return random * Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
}

/**
 * What a close code asks of a client. 1009 is final because the same message sent again would
 * only be too big again.
 * @param {number} code
 * @returns {"reconnect" | "new token" | "final"}
 */
export function afterClose(code) {
  if (code === 3000) return "new token";
  return [1007, 1009, 3003, 3009, 3503, 4000, 4004].includes(code) ? "final" : "reconnect";
}
