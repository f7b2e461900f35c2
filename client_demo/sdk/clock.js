/**
 * The programme clock, computed from this machine's monotonic clock. Pure: it takes what arrived and when.
 *
 * A `time` round trip bounds the difference of the two clocks from both sides, since the server stamped
 * its answer after we sent and before we received. The shortest trip bounds it best. The `now` of a frame
 * bounds it from below only. A value that contradicts the estimate replaces it: this machine slept, or
 * the room's programme_offset changed.
 */

const KEPT = 8; // round trips remembered; clocks drift, so an old short trip must not win for ever

export class ProgrammeClock {
  /** @type {{low: number, high: number}[]} */ #trips = [];
  /** @type {number | undefined} */ #offsetMs;
  #lastRead = -Infinity;

  /** Whether any message has given the time. */
  get isKnown() {
    return this.#offsetMs !== undefined;
  }

  /** Whether a round trip bounds it from both sides. Before that the latency of frames is in it. */
  get isExact() {
    return this.#trips.length > 0;
  }

  /**
   * Take the answer to a `time`.
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
   * Take the `now` of a message.
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
   * Return programme time, which never runs backwards.
   * @param {number} local ms
   * @returns {number} NaN before any message has given the time
   */
  read(local) {
    if (this.#offsetMs === undefined) return NaN;
    this.#lastRead = Math.max(this.#lastRead, local + this.#offsetMs);
    return this.#lastRead;
  }
}
