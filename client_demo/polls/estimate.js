/**
 * How a poll will end, told while late votes still come in. Pure. It takes a poll, its votes, and where
 * the audience is in the programme.
 *
 * The votes so far are taken for a sample, without replacement, of all votes that will count, as if the
 * late viewers voted like the others. Nobody knows that; a page that shows an estimate must say so. The
 * shares' intervals hold together with a probability of 95 %: L. A. Goodman, "On Simultaneous Confidence
 * Intervals for Multinomial Proportions", Technometrics 7(2), 1965, with the finite population correction.
 */

/** @import {Audience, Poll} from "../sdk/grandstand.js" */
/** @typedef {{tally: number[], voters: number}} Votes */
/** @typedef {{low: number, high: number}} Interval */

const DOUBT = 0.05;
const LEAST_COUNTED = 0.05; // of the votes to come: before that an estimate says nothing
const WORTH_SAYING = 0.005; // a share that rounds to 1 %
const GRACE_STEP_MS = 5_000;

/**
 * @param {Votes} votes
 * @param {number} counted which share of all votes that will count is in, above 0 to 1
 * @returns {Interval[]} for each option, shares of the voters
 */
export function intervals({ tally, voters }, counted) {
  const all = voters / counted;
  const left = all - voters;
  const square = normalQuantile(DOUBT / tally.length / 2) ** 2;
  const sample = left > 0 ? (voters * (all - 1)) / left : Infinity;
  return tally.map((count) => {
    const share = Math.min(1, count / voters);
    if (sample === Infinity || sample <= 0) return { low: share, high: share };
    const middle = share * sample + square / 2;
    const reach = Math.sqrt(square * (square / 4 + sample * share * (1 - share)));
    return {
      low: Math.max((middle - reach) / (sample + square), count / all),
      high: Math.min((middle + reach) / (sample + square), (count + left) / all),
    };
  });
}

/**
 * Return the share of the audience that is at most so far behind live. It is interpolated between the
 * quantiles that the server tells, and what else is known; the last viewers are taken to be at most twice
 * as far as the 99th of a hundred.
 * @param {Audience["behind"]} behind
 * @param {number} ms
 * @param {readonly (readonly [ms: number, share: number])[]} [known]
 */
export function shareWithin(behind, ms, known = []) {
  if (ms < 0) return 0;
  const { p10, p50, p90, p99 } = behind;
  /** @type {(readonly [number, number])[]} */
  const points = [[p10, 0.1], [p50, 0.5], [p90, 0.9], [p99, 0.99], [2 * p99, 1], ...known];
  let [from, share] = [0, 0];
  for (const [to, upTo] of points.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (to > ms) return share + ((Math.max(share, upTo) - share) * (ms - from)) / (to - from);
    [from, share] = [Math.max(from, to), Math.max(share, upTo)];
  }
  return 1;
}

/**
 * What the producer of an open poll can know of its audience and its result.
 * @param {Poll} poll
 * @param {Votes | undefined} votes
 * @param {Audience | undefined} audience
 * @param {number} maxGraceMs the longest grace that the room allows
 */
export function forecast(poll, votes, audience, maxGraceMs) {
  const progress = audience?.polls.find((one) => one.poll === poll.id);
  if (!audience || !progress || audience.told === 0) return undefined;
  const { behind } = audience;
  // What the server's shares are of: as far behind as the window's ends were when it told them.
  const sinceEndMs = behind.p99 - progress.last_in;
  const known = progress.last_in > 0 ? [at(sinceEndMs, progress.ended), at(sinceEndMs + poll.closes_at - poll.opens_at, progress.seen)] : [];
  // Else one in a hundred who says to be very far behind would bend the line for a tenth of the audience.
  if (progress.in_time !== undefined) known.push(at(poll.grace, progress.in_time));
  const within = (/** @type {number} */ ms) => shareWithin(behind, ms, known);
  const inTime = within(poll.grace);
  const longerMs = Math.min(maxGraceMs, Math.ceil(behind.p99 / GRACE_STEP_MS) * GRACE_STEP_MS);
  const gain = within(longerMs) - inTime;
  const counted = inTime > 0 ? Math.min(1, progress.ended / inTime) : 1;
  const hasWeights = "weights" in poll && poll.weights === true; // heads alone are a sample
  const isEstimated = !hasWeights && votes !== undefined && votes.voters > 0 && counted >= LEAST_COUNTED;
  return {
    ...progress,
    counted,
    late: 1 - inTime,
    ...(longerMs > poll.grace && gain >= WORTH_SAYING && { longer: { ms: longerMs, gain } }),
    ...(isEstimated && { intervals: intervals(votes, counted) }),
  };
}

/** @param {number} ms @param {number} share @returns {readonly [number, number]} */
function at(ms, share) {
  return [ms, share];
}

/**
 * Return the value that a normal variable exceeds with that probability, below one half. Off by 0.00045 at
 * most: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
 * @param {number} tail
 */
function normalQuantile(tail) {
  const t = Math.sqrt(-2 * Math.log(tail));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
}
