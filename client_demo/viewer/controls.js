/** The bar below the picture: play, sound, how far behind live, full screen. */

import { element, nameControl, setText } from "../page.js";
import { words } from "./words.js";

/** @import {Player} from "./player.js" */

const BEHIND_SHOWN_MS = 5_500; // a live stream is that late anyway, and is still called live
const IDLE_MS = 3_000;

export class Controls {
  /** @param {Player} player @param {HTMLElement} watch what fills the screen */
  constructor(player, watch) {
    this.player = player;
    this.watch = watch;
    this.play = element("play", HTMLButtonElement);
    this.sound = element("sound", HTMLButtonElement);
    this.live = element("live", HTMLButtonElement);
    this.full = element("full", HTMLButtonElement);
    this.begin = element("begin", HTMLButtonElement);
    this.play.addEventListener("click", () => void player.toggle());
    this.begin.addEventListener("click", () => void player.play());
    this.sound.addEventListener("click", () => this.toggleSound());
    this.live.addEventListener("click", () => player.goLive());
    this.full.addEventListener("click", () => void this.toggleFull());
    for (const event of ["play", "pause", "volumechange"])
      player.video.addEventListener(event, () => this.#show());
    document.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement) watch.classList.remove("full");
      this.#show();
    });
    this.#hideWhenIdle();
    this.#show();
  }

  toggleSound() {
    const { video } = this.player;
    video.muted = !video.muted;
  }

  /** Phones without element full screen get the whole page instead. */
  async toggleFull() {
    const on = !this.watch.classList.contains("full");
    this.watch.classList.toggle("full", on);
    this.#show();
    if (!on && document.fullscreenElement) await document.exitFullscreen();
    // If the browser refuses, the picture fills the page at least.
    if (on && document.fullscreenEnabled) await this.watch.requestFullscreen().catch(() => undefined);
  }

  /** @param {number} behindMs NaN while unknown @param {boolean} isOver nothing is live any more */
  showBehind(behindMs, isOver) {
    this.live.disabled = isOver;
    this.live.dataset["over"] = String(isOver);
    if (isOver) return this.#showOver();
    const late = behindMs > BEHIND_SHOWN_MS;
    const seconds = Math.round(behindMs / 1000);
    this.live.hidden = Number.isNaN(behindMs);
    this.live.dataset["late"] = String(late);
    this.live.dataset["seconds"] = Number.isNaN(behindMs) ? "" : String(seconds);
    setText(this.live, late ? words.behind(words.seconds(seconds)) : words.liveNow);
    if (late) this.live.removeAttribute("aria-label"); // its text says it all
    else nameControl(this.live, words.goLive(words.seconds(Math.max(0, seconds))));
  }

  #showOver() {
    this.live.hidden = false;
    this.live.removeAttribute("aria-label");
    setText(this.live, words.pictureStates.ended);
  }

  /** @param {import("./player.js").PictureState} state */
  showPicture(state) {
    this.begin.hidden = true;
    this.play.hidden = this.sound.hidden = state === "none" || state === "failed" || state === "ended";
    element("stage", HTMLElement).dataset["picture"] = state;
    setText(element("picture-state", HTMLElement), words.pictureStates[state]);
  }

  askForPlay() {
    this.begin.hidden = false;
  }

  #show() {
    const { paused, muted } = this.player.video;
    const full = this.watch.classList.contains("full");
    labelButton(this.play, paused ? words.play : words.pause, !paused);
    labelButton(this.sound, muted ? words.soundOn : words.soundOff, !muted);
    labelButton(this.full, full ? words.fullOff : words.fullOn, full);
  }

  /** In full screen, hide the bar while nobody moves the pointer or presses a key. */
  #hideWhenIdle() {
    /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
    const wake = () => {
      clearTimeout(timer);
      this.watch.classList.remove("idle");
      timer = setTimeout(() => this.watch.classList.add("idle"), IDLE_MS);
    };
    for (const event of ["pointermove", "pointerdown", "keydown"])
      this.watch.addEventListener(event, wake, { passive: true });
    wake();
  }
}

/** Say what a press of the button does, and show the icon for its state. @param {HTMLButtonElement} button @param {string} text @param {boolean} on */
export function labelButton(button, text, on) {
  button.setAttribute("aria-label", text);
  button.title = text;
  button.dataset["on"] = String(on);
}
