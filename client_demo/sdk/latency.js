/** The latency of frames, from the server's commit to this page, over the last 30 s. Pure. */

const WINDOW_MS = 30_000;
const MOST = 1_000;

export class LatencyMeter {
  /** @type {{at: number, ms: number}[]} */ #samples = [];

  /** @param {number} local ms @param {number} ms */
  add(local, ms) {
    this.#samples.push({ at: local, ms: Math.max(0, ms) });
    if (this.#samples.length > MOST) this.#samples.shift();
  }

  /**
   * @param {number} local ms
   * @returns {{p50: number, worst: number}} ms; NaN while there is no sample
   */
  read(local) {
    this.#samples = this.#samples.filter((one) => local - one.at <= WINDOW_MS);
    const sorted = this.#samples.map((one) => one.ms).sort((a, b) => a - b);
    return { p50: sorted[Math.floor(sorted.length / 2)] ?? NaN, worst: sorted.at(-1) ?? NaN };
  }
}
