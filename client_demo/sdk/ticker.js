/**
 * Calls a step regularly: at each animation frame, or by a timer where there are no frames (a background
 * page, or no page at all). Browsers slow the timers of a background page down to one a second, later to
 * one a minute, which is enough there.
 */

const HIDDEN_STEP_MS = 250;
const BARE_STEP_MS = 20;

export class Ticker {
  #steppedAt = -Infinity;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  #frame = 0;

  /** @param {(hidden: boolean) => void} step hidden: the page is in the background */
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
    this.#frame = requestAnimationFrame(this.#animate); // first, since the step may throw
    this.#steppedAt = performance.now();
    this.step(false);
  };

  #idle = () => {
    if (performance.now() - this.#steppedAt >= HIDDEN_STEP_MS) this.step(true);
  };
}
