/** A poll at one viewer's playhead. Pure. */

/** @import {Poll} from "./wire.js" */
/** @typedef {"waiting" | "open" | "counting" | "closed" | "revealed" | "cancelled"} PollPhase */

/**
 * Return the phase of a poll at the viewer's playhead. `counting`: past `closes_at` there, and not final.
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
 * Return the share of the voters who chose an option. With several choices the shares add up to more than 1.
 * @param {{tally: number[], voters: number}} votes
 * @param {number} option
 * @returns {number} 0 to 1
 */
export function shareOf(votes, option) {
  return votes.voters > 0 ? Math.min(1, (votes.tally[option] ?? 0) / votes.voters) : 0;
}

/**
 * The mean of a rating's votes, whose options are the numbers from 1 on.
 * @param {{tally: number[]}} votes
 * @returns {number | undefined} undefined while nobody has voted
 */
export function meanOf({ tally }) {
  const votes = tally.reduce((sum, count) => sum + count, 0);
  const total = tally.reduce((sum, count, option) => sum + count * (option + 1), 0);
  return votes > 0 ? total / votes : undefined;
}

/** @param {Poll} poll @param {number} option */
export function isAnswer(poll, option) {
  return Array.isArray(poll.answer) ? poll.answer.includes(option) : poll.answer === option;
}
