/**
 * The room's pulse at the viewer's own moment. Gauges come live. Shown at once, a roaring crowd would
 * give away the goal, so each gauge waits until the playhead gets there.
 */

import { element, setText } from "../page.js";
import { words } from "./words.js";

/** @import {Gauges} from "../sdk/wire.js" */

const MOST_KEPT = 200; // a gauge a second or so, for the slowest viewers

export class GaugeHistory {
  /** @type {{at: number, gauges: Gauges}[]} */ #kept = [];

  /** @param {number} at programme time @param {Gauges} gauges */
  add(at, gauges) {
    const last = this.#kept.at(-1);
    if (last?.gauges === gauges) return;
    if (last && last.at > at) this.#kept = []; // in a new epoch time may have gone back
    this.#kept.push({ at, gauges });
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
  }

  /** Return the newest gauges that the playhead has reached. @param {number} playhead @returns {Gauges | undefined} */
  at(playhead) {
    return this.#kept.findLast((one) => one.at <= playhead)?.gauges;
  }
}

/** @param {Pick<Gauges, "pulse">} gauges */
export function showPulse({ pulse }) {
  element("pulse", HTMLElement).hidden = !pulse;
  if (!pulse) return;
  setText(element("rate", HTMLElement), pulse.comments_per_second.toFixed(1));
  const step = Math.min(4, Math.max(0, Math.floor((pulse.mood + 1) * 2.5)));
  setText(element("mood", HTMLElement), words.moods[step] ?? "");
  const meter = element("excitement", HTMLElement);
  const percent = Math.round(Math.min(1, Math.max(0, pulse.excitement)) * 100);
  meter.setAttribute("aria-valuenow", String(percent));
  meter.setAttribute("aria-valuetext", words.percent(percent / 100));
  const bar = meter.firstElementChild;
  if (bar instanceof HTMLElement) bar.style.width = `${percent}%`;
}
