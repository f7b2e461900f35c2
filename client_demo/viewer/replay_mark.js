/** What tells a viewer who looks back that this is the past, how far it lies back, and the way to live. */

import { element, setText } from "../page.js";
import { words } from "./words.js";

export class ReplayMark {
  #isShown = false;

  /** @param {() => void} onLive @param {(text: string) => void} announce to screen readers */
  constructor(onLive, announce) {
    this.announce = announce;
    this.mark = element("replay", HTMLElement);
    this.behind = element("replay-behind", HTMLElement);
    element("replay-live", HTMLButtonElement).addEventListener("click", onLive);
  }

  /** @param {boolean} isReplay @param {number} behindMs */
  show(isReplay, behindMs) {
    if (isReplay !== this.#isShown) this.announce(isReplay ? words.replayBegins : words.replayEnds);
    this.#isShown = isReplay;
    this.mark.hidden = !isReplay;
    if (isReplay) setText(this.behind, words.behindLive(Math.round(behindMs / 1000)));
  }
}
