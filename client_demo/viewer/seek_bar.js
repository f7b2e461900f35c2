/**
 * The bar by which a viewer moves the picture back and ahead, where the stream keeps enough of it: by
 * pointer, finger or arrow keys. The picture moves once the hand rests, since each move loads it anew.
 */

import { element, setText } from "../page.js";
import { lengthOf, words } from "./words.js";

/** @import {Player} from "./player.js" */

const LEAST_S = 60; // a stream that keeps less has nothing to look back at
const STEP_S = 10;
const RESTS_MS = 300;
const NOW_S = 2; // from the end: at live

export class SeekBar {
  /** @type {number | undefined} where it shall go, once the hand rests */ #chosenS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #behindMs = NaN;

  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.row = element("seek-row", HTMLElement);
    this.bar = element("seek", HTMLInputElement);
    this.text = element("seek-text", HTMLOutputElement);
    this.bar.addEventListener("input", () => this.#choose(Number(this.bar.value)));
    this.bar.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -STEP_S, ArrowRight: STEP_S }[event.key];
      if (steps === undefined) return;
      event.preventDefault(); // the browser's own step is a second
      this.#step(steps);
    });
  }

  get isShown() {
    return !this.row.hidden;
  }

  back() {
    this.#step(-STEP_S);
  }

  ahead() {
    this.#step(STEP_S);
  }

  /** Show where the picture is. Call it regularly. @param {number} behindMs live less the picture */
  show(behindMs) {
    this.#behindMs = behindMs;
    const { range } = this.player;
    this.row.hidden = !range || range.endS - range.startS < LEAST_S;
    if (!range || this.row.hidden) return;
    const { startS, endS, isLive } = range;
    const atS = Math.min(Math.max(this.#chosenS ?? range.atS, startS), endS);
    this.bar.min = String(Math.round(startS));
    this.bar.max = String(Math.round(endS));
    this.bar.step = "1";
    this.bar.value = String(Math.round(atS));
    this.bar.style.setProperty("--done", `${((atS - startS) / (endS - startS)) * 100}%`);
    const behindS = Math.round((this.#behindMs - this.player.aheadMs(range.atS, atS)) / 1000);
    const isNow = isLive && endS - atS < NOW_S;
    const short = isLive ? `−${lengthOf(behindS)}` : `${lengthOf(atS - startS)} / ${lengthOf(endS - startS)}`;
    setText(this.text, isNow ? words.liveNow : short);
    const spoken = isLive ? words.behindLive(behindS) : words.ofRecording(atS - startS, endS - startS);
    this.bar.setAttribute("aria-valuetext", isNow ? words.liveNow : spoken);
  }

  /** @param {number} seconds */
  #step(seconds) {
    const { range } = this.player;
    if (range && !this.row.hidden) this.#choose((this.#chosenS ?? range.atS) + seconds);
  }

  /** @param {number} toS */
  #choose(toS) {
    this.#chosenS = toS;
    this.show(this.#behindMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#chosenS = undefined;
      this.player.moveTo(toS);
    }, RESTS_MS);
  }
}
