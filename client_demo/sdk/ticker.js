/**
 * When to look at what is due: at each animation frame; where there are none, because nobody looks
 * at the page or because it is no page, by a timer. Browsers slow the timers of a background page
 * down to one a second, later one a minute, which is enough there.
 */

const HIDDEN_STEP_MS = 250;
const BARE_STEP_MS = 20;

export class Ticker {
  #steppedAt = -Infinity;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  #frame = 0;

  /** @param {(hidden: boolean) => void} step hidden: nothing would be painted now */
  constructor(step) {
    this.step = step;
  }

  start() {
    if (typeof requestAnimationFrame !== "function") {
      this.#timer = setInterval(() => this.step(false), BARE_STEP_MS);
      return;
    }
    this.#timer = setInterval(this.#idle, HIDDEN_STEP_MS);
    this.#frame = requestAnimationFrame(this.#animate);
  }

  stop() {
    clearInterval(this.#timer);
    if (typeof cancelAnimationFrame === "function") cancelAnimationFrame(this.#frame);
  }

  #animate = () => {
    this.#frame = requestAnimationFrame(this.#animate); // first: what is done below may throw
    this.#steppedAt = performance.now();
    this.step(false);
  };

  #idle = () => {
    if (performance.now() - this.#steppedAt >= HIDDEN_STEP_MS) this.step(true);
  };
}
