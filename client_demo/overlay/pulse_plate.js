/** A plate with the number of viewers and the room's excitement; the address can switch off either. */

import { make, setText } from "../page.js";
import { viewersOf } from "../sdk/gauges.js";

/** @import {Gauges} from "../sdk/grandstand.js" */

export class PulsePlate {
  #root;
  #words;
  #format;
  #viewers = make("span", { class: "viewers", test: "viewers" });
  #rate = make("span", { class: "rate", test: "rate" });
  #fill = make("span", { test: "excitement" });
  #meter = make("span", { class: "meter" }, [this.#fill]);

  /**
   * @param {HTMLElement} root
   * @param {ReadonlySet<string>} show
   * @param {import("../languages/en.js").Texts["overlay"]} words
   * @param {Intl.NumberFormat} format
   */
  constructor(root, show, words, format) {
    this.#root = root;
    this.#words = words;
    this.#format = format;
    this.#meter.setAttribute("role", "meter");
    this.#meter.setAttribute("aria-label", words.excitement);
    this.#meter.setAttribute("aria-valuemin", "0");
    this.#meter.setAttribute("aria-valuemax", "100");
    if (show.has("viewers")) root.append(make("span", { class: "dot" }), this.#viewers);
    if (show.has("pulse")) root.append(this.#meter, this.#rate);
  }

  /** @param {Gauges} gauges */
  show(gauges) {
    const { pulse } = gauges;
    const count = viewersOf(gauges);
    const percent = Math.round((pulse?.excitement ?? 0) * 100);
    setText(this.#viewers, this.#words.viewers(count, this.#format.format(count)));
    setText(this.#rate, this.#words.rate(this.#format.format(pulse?.comments_per_second ?? 0)));
    this.#fill.style.transform = `scaleX(${percent / 100})`;
    this.#meter.setAttribute("aria-valuenow", String(percent));
    this.#root.dataset["on"] = String(this.#root.childElementCount > 0);
  }
}
