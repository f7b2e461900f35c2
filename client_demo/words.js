/** What all pages say of a connection and of errors, in the texts of their language. */

/** @import {Texts} from "./languages/en.js" */

/** The category, which the contract puts last in a rejection's message. @param {string} message */
const categoryIn = (message) => message.slice(message.lastIndexOf(": ") + 1).trim();

const BUSY_S = 10; // what lasts shorter is tried again by itself
const LONG_S = 120; // what lasts longer is told in minutes

/**
 * Say to the author of a message what went wrong.
 * @param {Texts["shared"]} words
 * @param {{code: string, message: string, retry_after?: number}} error
 */
export function errorText(words, { code, message, retry_after = 0 }) {
  const text = Object.hasOwn(words.errors, code) ? words.errors[code] : undefined;
  const seconds = Math.ceil(retry_after);
  const isLong = code === "overloaded" ? seconds >= BUSY_S : seconds > 0;
  const said = categoryIn(message);
  const category = (Object.hasOwn(words.categories, said) && words.categories[said]) || said;
  return text?.({ time: isLong ? words.seconds(seconds) : "", detail: message, category }) ?? words.otherError(message);
}

/**
 * Say the state of a connection.
 * @param {Texts["shared"]} words
 * @param {import("./sdk/connection.js").Status} status
 * @param {number} now local ms
 */
export function statusText(words, status, now) {
  if (status.phase === "ended") return words.ended(words.closeReasons[status.code ?? 0] ?? status.reason ?? "");
  if (status.place !== undefined) {
    const about = roundedUp(((status.turnAt ?? now) - now) / 1000);
    return words.inLine(status.place, about > LONG_S ? words.minutes(about / 60) : words.seconds(about));
  }
  if (status.phase !== "lost") return words[status.phase];
  const seconds = Math.ceil(((status.retryAt ?? now) - now) / 1000);
  return seconds > 0 ? words.lostFor(words.seconds(seconds)) : words.lost;
}

/** What is only likely: 7, 20, 180. @param {number} seconds */
function roundedUp(seconds) {
  const steps = seconds > LONG_S ? 60 : seconds > 10 ? 5 : 1;
  return Math.max(1, Math.ceil(seconds / steps) * steps);
}
