/** A poll as one viewer's playhead sees it. Pure. */

/** @import {Poll} from "./wire.js" */
/** @typedef {"waiting" | "open" | "counting" | "closed" | "revealed" | "cancelled"} PollPhase */

const REMEMBERED_MS = 5 * 60_000; // a poll that ended longer ago is not shown to one who comes in
const MOST_SHOWN = 3;

/**
 * Open by the viewer's own playhead: `counting` is past `closes_at` there, and not final yet.
 * @param {Poll} poll
 * @param {number} playhead
 * @returns {PollPhase}
 */
export function phaseOf(poll, playhead) {
  if (poll.status !== "open") return poll.status;
  if (!(playhead >= poll.opens_at)) return "waiting";
  return playhead <= poll.closes_at ? "open" : "counting";
}

/**
 * The polls to show, the latest first: all that are open, then the last ones that ended.
 * @param {Iterable<Poll>} polls
 * @param {number} playhead
 * @returns {Poll[]}
 */
export function pollsToShow(polls, playhead) {
  const begun = [...polls].filter((poll) => playhead >= poll.opens_at);
  const rank = (/** @type {Poll} */ poll) => (phaseOf(poll, playhead) === "open" ? 1 : 0);
  return begun
    .filter((poll) => rank(poll) === 1 || playhead - poll.closes_at < REMEMBERED_MS)
    .sort((a, b) => rank(b) - rank(a) || b.opens_at - a.opens_at)
    .slice(0, Math.max(MOST_SHOWN, begun.filter((poll) => rank(poll) === 1).length));
}

/**
 * Shares of an option among those who voted; with several choices they add up to more than 1.
 * @param {{tally: number[], voters: number}} votes
 * @param {number} option
 * @returns {number} 0 to 1
 */
export function shareOf(votes, option) {
  return votes.voters > 0 ? Math.min(1, (votes.tally[option] ?? 0) / votes.voters) : 0;
}

/** @param {Poll} poll @param {number} option */
export function isAnswer(poll, option) {
  return Array.isArray(poll.answer) ? poll.answer.includes(option) : poll.answer === option;
}
