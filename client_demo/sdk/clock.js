/**
 * The programme clock, read from this machine's monotonic one. Pure: it is told what arrived and when.
 *
 * A `time` round trip bounds the difference between the two clocks from both sides (the server
 * stamped its answer after we sent and before we received); the shortest trip bounds it best. A
 * frame's `now` bounds it from below only. What contradicts the estimate (this machine slept, the
 * room's programme_offset changed) replaces it.
 */

const KEPT = 8; // round trips remembered: clocks drift, and an old short trip must not win for ever

export class ProgrammeClock {
  /** @type {{low: number, high: number}[]} */ #trips = [];
  /** @type {number | undefined} */ #offsetMs;
  #lastRead = -Infinity;

  /** True once anything has told the time. */
  get isKnown() {
    return this.#offsetMs !== undefined;
  }

  /** True once a round trip bounds it from both sides: before, it only says how frames come in. */
  get isExact() {
    return this.#trips.length > 0;
  }

  /**
   * A `time` came back.
   * @param {number} sent local ms
   * @param {number} received local ms
   * @param {number} now programme time
   */
  roundTrip(sent, received, now) {
    const trip = { low: now - received, high: now - sent };
    if (this.#trips.some((one) => one.low > trip.high || one.high < trip.low)) this.#trips = [];
    this.#trips = [...this.#trips, trip].slice(-KEPT);
    const best = this.#trips.reduce((a, b) => (b.high - b.low < a.high - a.low ? b : a));
    this.#offsetMs = (best.low + best.high) / 2;
  }

  /**
   * A message carried `now`.
   * @param {number} received local ms
   * @param {number} now programme time
   */
  observe(received, now) {
    const low = now - received;
    if (this.#offsetMs !== undefined && low <= this.#offsetMs) return;
    if (this.#trips.some((one) => one.high < low)) this.#trips = [];
    this.#offsetMs = low;
  }

  /**
   * Programme time, never less than what was read before.
   * @param {number} local ms
   * @returns {number} NaN before anything told the time
   */
  read(local) {
    if (this.#offsetMs === undefined) return NaN;
    this.#lastRead = Math.max(this.#lastRead, local + this.#offsetMs);
    return this.#lastRead;
  }
}
