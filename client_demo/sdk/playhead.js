/**
 * The viewer's own moment of the broadcast: the picture's date if it is credible, else the room's clock
 * less the latency. Pure: it takes the values of both.
 *
 * A date further ahead than any stream can be, or further behind than the server takes comments from, is
 * an error of an encoder or packager. With it the page would show the future, or nothing at all. A
 * latency below zero is an error of the player, since nobody is ahead of live. A date that comes and goes
 * is used again once it has stayed for a second, so that the page hears of it at most twice a second.
 */

/** @typedef {"picture" | "room"} Source */
/** @typedef {"no-date" | "date-off"} Doubt */

const AHEAD_MS = 2_000; // by the contract, further ahead is `bad_time`
const TRUST_AGAIN_MS = 1_000; // a date at the edge must not make the source flicker
const JITTER_MS = 500; // a re-estimated playlist runs back by less
const LEAP_MS = 1_500; // a picture that skips more than this has jumped
const STEADY_MS = 1_000; // a player's estimate of its latency varies by less

export class Playhead {
  /** @type {Source} */ source = "room";
  /** @type {Doubt | undefined} */ why;
  #value = NaN;
  #last = NaN;
  #local = NaN;
  #goodSince = NaN;
  #doubtedAt = NaN;
  #wasPicture = false;
  #behindMs = NaN;

  /** As last read; NaN while unknown. */
  get value() {
    return this.#value;
  }

  /**
   * @param {object} now
   * @param {number} now.local this machine's monotonic ms
   * @param {number} now.programme the room's clock; NaN while unknown
   * @param {boolean} now.hasPicture
   * @param {boolean} now.playing whether the picture has begun; without one it doesn't matter
   * @param {number} [now.date] of the picture, programme time in ms
   * @param {boolean} [now.certain] the page vouches for the date, however old it is
   * @param {number} now.latencyMs how far behind live this viewer is, as far as known; what isn't a
   *   number, or is below zero, is taken for zero
   * @param {number} now.maxLatencyMs the room's
   * @returns {{value: number, jumped: boolean, changed: boolean}} changed: the source or its reason
   */
  read({ local, programme, hasPicture, playing, date, certain = false, latencyMs, maxLatencyMs }) {
    if (Number.isNaN(programme) || (hasPicture && !playing)) {
      this.#value = NaN;
      return { value: NaN, jumped: false, changed: false };
    }
    const knownLatencyMs = latencyMs > 0 && latencyMs < Infinity ? latencyMs : 0;
    const oldest = certain ? -Infinity : programme - knownLatencyMs - maxLatencyMs;
    const good = date !== undefined && date <= programme + AHEAD_MS && date >= oldest;
    if (!good) this.#goodSince = NaN;
    else if (Number.isNaN(this.#goodSince)) this.#goodSince = local;
    const hasWavered = this.why === "date-off" || (this.why === "no-date" && this.#wasPicture);
    const doubted = hasWavered && local - this.#goodSince < TRUST_AGAIN_MS;
    const trusted = hasPicture && good && !doubted;
    const doubt = date === undefined ? "no-date" : doubted ? this.why : "date-off";
    const why = trusted || !hasPicture ? undefined : doubt;
    const changed = this.#follow(trusted ? "picture" : "room", why, local);
    const jumped = this.#move(trusted ? date : programme - this.#behind(knownLatencyMs), local);
    return { value: this.#value, jumped, changed };
  }

  /** Forget the clock before: another one is used from now on. */
  restart() {
    this.why = undefined;
    this.#goodSince = NaN;
    this.#wasPicture = false;
    this.#behindMs = NaN;
  }

  /** @param {number} latencyMs */
  #behind(latencyMs) {
    if (!(Math.abs(latencyMs - this.#behindMs) <= STEADY_MS)) this.#behindMs = latencyMs;
    return this.#behindMs;
  }

  /** @param {Source} source @param {Doubt | undefined} why @param {number} local */
  #follow(source, why, local) {
    const changed = source !== this.source || why !== this.why;
    const isOtherDoubt = changed && why !== undefined && this.why !== undefined;
    if (isOtherDoubt && local - this.#doubtedAt < TRUST_AGAIN_MS) return false;
    if (changed && why !== undefined) this.#doubtedAt = local;
    this.#wasPicture ||= source === "picture";
    this.source = source;
    this.why = why;
    return changed;
  }

  /** @param {number} value @param {number} local */
  #move(value, local) {
    const step = value - this.#last;
    const elapsed = local - this.#local;
    this.#local = local;
    const jitter = step < 0 && step > -JITTER_MS; // then the playhead stands until the picture has caught up
    if (!jitter) this.#last = value;
    this.#value = this.#last;
    return step <= -JITTER_MS || step > elapsed + LEAP_MS;
  }
}
