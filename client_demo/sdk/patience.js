/**
 * For how long this viewer's frames may wait at the server, which then sends several in one write. Pure: it
 * takes how far the picture is behind live, and the time.
 *
 * A viewer who is seconds behind live has seconds until its picture needs what comes now. A margin is left
 * for the network. Where nobody knows where the picture is, or at live, nothing may wait. Patience is taken
 * back at once when the picture comes nearer. It grows only after a while, so that a picture at the edge of
 * a step doesn't say so over and over.
 */

const STEPS_MS = [2_000, 1_000, 500, 250]; // the server knows no others
const MARGIN_MS = 2_000;
const GROWS_AFTER_MS = 5_000;

export class Patience {
  /** In ms, as last read. */
  value = 0;
  #longerSince = NaN;

  /**
   * @param {number} local this machine's monotonic ms
   * @param {number} behindMs live less the picture's date; NaN while there is no credible one
   * @param {number} mostMs the room's setting
   * @returns {number} in ms
   */
  read(local, behindMs, mostMs) {
    const possible = STEPS_MS.find((step) => step <= Math.min(behindMs - MARGIN_MS, mostMs)) ?? 0;
    if (possible <= this.value) {
      this.value = possible;
      this.#longerSince = NaN;
    } else if (Number.isNaN(this.#longerSince)) {
      this.#longerSince = local;
    } else if (local - this.#longerSince >= GROWS_AFTER_MS) {
      this.value = possible;
      this.#longerSince = NaN;
    }
    return this.value;
  }
}
