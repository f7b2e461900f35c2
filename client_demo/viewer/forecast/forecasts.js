/**
 * Who wins, beside the picture: how probable each outcome is at the viewer's own moment, how that went, and
 * what moved it. All of it is there as text, too.
 */

import { forecastsOf, isNamed, newestOf, newsOf, percentOf } from "../../cards/forecast.js";
import { happenedText, outcomeName } from "../../cards/forecast_words.js";
import { element, make, setText } from "../../page.js";
import { language as pageLanguage } from "../language.js";
import { words } from "../words.js";
import { Chart, DASHES, STROKES } from "./chart.js";

/** @import {Overlay} from "../../sdk/grandstand.js" */
/** @import {Forecast, Moment} from "../../cards/forecast.js" */

const MOST = 2; // matches: the list stands among polls and cards
const SVG = "http://www.w3.org/2000/svg";

export class Forecasts {
  #root = element("forecasts", HTMLElement);
  #announce;
  #language;
  /** @type {Map<string, ForecastCard>} */ #cards = new Map();
  /** @type {WeakMap<Overlay, Forecast[]>} */ #read = new WeakMap();

  /** @param {(text: string) => void} announce @param {string} [language] BCP 47 */
  constructor(announce, language = pageLanguage) {
    this.#announce = announce;
    this.#language = language;
  }

  /** @param {readonly Overlay[]} overlays those at the viewer's playhead, of any kind @param {number} playhead */
  show(overlays, playhead) {
    const forecasts = newestOf(overlays.flatMap((one) => this.#readOnce(one)), MOST);
    const there = new Set(forecasts.map(({ id }) => id));
    for (const [id, card] of this.#cards)
      if (!there.has(id)) {
        card.remove();
        this.#cards.delete(id);
      }
    this.#root.hidden = forecasts.length === 0;
    for (const forecast of forecasts) {
      const known = this.#cards.get(forecast.id);
      const card = known ?? new ForecastCard(this.#language, this.#announce);
      if (!known) {
        this.#cards.set(forecast.id, card);
        this.#root.append(card.root);
      }
      card.show(forecast, playhead);
    }
  }

  /** It is asked five times a second. @param {Overlay} overlay */
  #readOnce(overlay) {
    const known = this.#read.get(overlay) ?? forecastsOf([overlay]);
    this.#read.set(overlay, known);
    return known;
  }
}

class ForecastCard {
  root = make("article", { class: "forecast", test: "forecast" });
  #announce;
  #language;
  #chart;
  #title = make("h2", { class: "forecast-title", test: "forecast-title" });
  #outcomes = make("ul", { class: "forecast-outcomes" });
  #because = make("p", { class: "forecast-because", test: "forecast-because" });
  #rows = make("tbody");
  #head = make("tr");
  #by = make("p", { class: "muted", test: "forecast-by" });
  /** @type {Forecast | undefined} */ #shown;

  /** @param {string} language @param {(text: string) => void} announce */
  constructor(language, announce) {
    this.#language = language;
    this.#announce = announce;
    this.#chart = new Chart(language);
    const question = make("p", { class: "forecast-question" }, [
      make("span", { text: words.whoWins }),
      make("span", { class: "muted", text: words.aModelSays }),
    ]);
    const table = make("table", {}, [make("thead", {}, [this.#head]), this.#rows]);
    const figures = [make("summary", { text: words.howItWent }), table, this.#by];
    const details = make("details", { test: "forecast-figures" }, figures);
    this.root.append(question, this.#title, this.#outcomes, this.#chart.root, this.#because, details);
    this.#title.dir = "auto";
  }

  /** @param {Forecast} forecast @param {number} playhead */
  show(forecast, playhead) {
    this.#chart.show(forecast, playhead);
    if (forecast === this.#shown) return;
    const news = this.#shown && newsOf(this.#shown, forecast);
    this.#shown = forecast;
    setText(this.#title, forecast.title);
    this.#title.classList.toggle("unseen", isNamed(forecast)); // the names say it
    this.#outcomes.replaceChildren(...forecast.outcomes.map((one, place) => this.#outcome(one, place)));
    const { because } = forecast;
    this.#because.hidden = !because;
    const said = because ? `${this.#timeOf(because.at)} ${happenedText(words, because)}` : "";
    setText(this.#because, said);
    setText(this.#by, words.madeBy(forecast.by));
    this.#chart.root.setAttribute("aria-label", this.#asText(forecast));
    this.#fill(forecast);
    if (news) this.#announce(`${said}. ${this.#sharesText(forecast)}`);
  }

  /** @param {Forecast["outcomes"][number]} outcome @param {number} place */
  #outcome(outcome, place) {
    const name = make("bdi", { class: "forecast-name", text: outcomeName(words, outcome) });
    const share = make("b", { test: "forecast-share", text: percentOf(outcome.share, this.#language) });
    return make("li", { test: "forecast-outcome" }, [strokeOf(place), name, share]);
  }

  /** @param {Forecast} forecast */
  #sharesText({ outcomes }) {
    return outcomes.map((one) => `${outcomeName(words, one)} ${percentOf(one.share, this.#language)}`).join(", ");
  }

  /** The line in words. @param {Forecast} forecast */
  #asText({ outcomes, line, events }) {
    const [first] = line;
    if (!first) return words.howItWent;
    const ways = outcomes.map((one, place) =>
      words.wentFrom(outcomeName(words, one), this.#percent(first[place + 1]), this.#percent(one.share)),
    );
    const moments = events.map((one) => `${this.#timeOf(one.at)} ${happenedText(words, one)}`);
    return [words.since(this.#timeOf(first[0] ?? 0)), ...ways, ...moments].join("; ");
  }

  /** The beginning, each event and the present, with the shares from then on. @param {Forecast} forecast */
  #fill({ outcomes, line, events, at }) {
    const heads = [words.when, ...outcomes.map((one) => outcomeName(words, one)), words.happenedThen];
    this.#head.replaceChildren(...heads.map((text) => {
      const cell = make("th", { text });
      cell.scope = "col";
      return cell;
    }));
    /** @type {{at: number, moment?: Moment}[]} */
    const moments = [{ at: line[0]?.[0] ?? at }, ...events.map((moment) => ({ at: moment.at, moment })), { at }];
    this.#rows.replaceChildren(...moments.map(({ at: when, moment }) => {
      const point = line.findLast(([then = 0]) => then <= when) ?? [];
      const shares = outcomes.map((_, place) => make("td", { text: this.#percent(point[place + 1]) }));
      const what = make("td", { text: moment ? happenedText(words, moment) : "" });
      return make("tr", {}, [make("td", { text: this.#timeOf(when) }), ...shares, what]);
    }));
  }

  /** @param {number | undefined} share */
  #percent(share) {
    return share === undefined ? "–" : percentOf(share, this.#language);
  }

  /** @param {number} at */
  #timeOf(at) {
    return new Intl.DateTimeFormat(this.#language, { hour: "numeric", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at);
  }

  remove() {
    this.#chart.remove();
    this.root.remove();
  }
}

/** How an outcome's line looks in the chart. @param {number} place */
function strokeOf(place) {
  const [svg, line] = [document.createElementNS(SVG, "svg"), document.createElementNS(SVG, "line")];
  svg.setAttribute("viewBox", "0 0 28 4");
  svg.setAttribute("aria-hidden", "true");
  const looks = { x1: "1", y1: "2", x2: "27", y2: "2", stroke: STROKES[place % STROKES.length], "stroke-width": "2.5" };
  for (const [name, value] of Object.entries(looks)) line.setAttribute(name, value ?? "");
  line.setAttribute("stroke-dasharray", (DASHES[place % DASHES.length] ?? []).join(" "));
  svg.append(line);
  return svg;
}
