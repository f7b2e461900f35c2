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
 * The votes of a poll; `whole` is what an option's share is of, where that isn't `voters`.
 * @typedef {{tally: number[], voters: number, whole?: number}} Votes
 */

/**
 * Return a tally as the votes of its poll. Where votes have weights, a share is of all weights together.
 * @param {Poll} poll
 * @param {number[]} tally
 * @param {number} [voters]
 * @returns {Votes}
 */
export function votesFrom(poll, tally, voters) {
  const sum = tally.reduce((a, b) => a + b, 0);
  return { tally, voters: voters ?? sum, ...(poll.weights && { whole: sum }) };
}

/**
 * Return the share of an option among the voters. With several choices the shares add up to more than 1,
 * unless votes have weights.
 * @param {Votes} votes
 * @param {number} option
 * @returns {number} 0 to 1
 */
export function shareOf({ tally, voters, whole = voters }, option) {
  return whole > 0 ? Math.min(1, (tally[option] ?? 0) / whole) : 0;
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
