/** Who wins: how probable each outcome is, and for a while what moved it. Only on request: `show=forecast`. */

import { forecastsOf, isNamed, newsOf, percentOf } from "../cards/forecast.js";
import { happenedText, outcomeName } from "../cards/forecast_words.js";
import { make, setText } from "../page.js";

/** @import {Overlay} from "../sdk/grandstand.js" */
/** @import {Forecast, Outcome} from "../cards/forecast.js" */

const REASON_MS = 20_000;

export class ForecastPlate {
  #root;
  #words;
  #language;
  #title = make("p", { class: "forecast-title", test: "forecast-title" });
  #list = make("ol", { class: "forecast-rows" });
  #because = make("p", { class: "forecast-because", test: "forecast-because" });
  /** @type {{root: HTMLElement, name: HTMLElement, share: HTMLElement}[]} */ #rows = [];
  /** @type {Forecast | undefined} */ #shown;
  #happenedAt = -Infinity; // programme time: of what moved it, or of the moment when that became known

  /**
   * @param {HTMLElement} root
   * @param {import("../languages/en.js").Texts["forecast"]} words
   * @param {string} language BCP 47
   */
  constructor(root, words, language) {
    this.#root = root;
    this.#words = words;
    this.#language = language;
    this.#title.dir = "auto";
    const question = make("p", { class: "forecast-question", text: words.whoWins });
    root.append(question, this.#title, this.#list, this.#because);
  }

  /** @param {readonly Overlay[]} overlays those at the moment, of any kind @param {number} playhead */
  show(overlays, playhead) {
    const newest = forecastsOf(overlays).sort((a, b) => a.at - b.at).at(-1);
    this.#root.dataset["on"] = String(newest !== undefined);
    if (newest) {
      this.#title.hidden = isNamed(newest); // the names say it
      setText(this.#title, newest.title);
      this.#fill(newest.outcomes);
      const { because } = newest;
      this.#noteNews(newest, playhead);
      const since = playhead - this.#happenedAt;
      const isNews = because !== undefined && since >= 0 && since < REASON_MS;
      this.#because.hidden = !isNews;
      setText(this.#because, isNews ? happenedText(this.#words, because) : "");
    }
    const height = newest ? this.#root.offsetHeight : 0;
    this.#root.parentElement?.style.setProperty("--forecast", `${height}px`);
  }

  /** @param {Forecast} forecast @param {number} playhead */
  #noteNews(forecast, playhead) {
    const before = this.#shown;
    if (before?.id !== forecast.id || before.at > forecast.at) this.#happenedAt = forecast.because?.at ?? -Infinity;
    else if (newsOf(before, forecast)) this.#happenedAt = playhead;
    this.#shown = forecast;
  }

  /** @param {readonly Outcome[]} outcomes */
  #fill(outcomes) {
    while (this.#rows.length > outcomes.length) this.#rows.pop()?.root.remove();
    outcomes.forEach((outcome, place) => {
      const row = this.#rows[place] ?? this.#add();
      row.root.style.setProperty("--share", String(outcome.share));
      setText(row.name, outcomeName(this.#words, outcome));
      setText(row.share, percentOf(outcome.share, this.#language));
    });
  }

  #add() {
    const [name, share] = [make("bdi", { class: "forecast-name" }), make("b", { test: "forecast-share" })];
    const row = { root: make("li", { test: "forecast-outcome" }, [make("span", { class: "fill" }), name, share]), name, share };
    this.#rows.push(row);
    this.#list.append(row.root);
    return row;
  }
}
