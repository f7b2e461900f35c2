/**
 * The overlay as an EBU OGraf graphic (version 1): the poll on air, stats cards, score, sentence and
 * forecast, over whatever a renderer puts below. It follows the programme feed of the room that its data name. On air nothing is
 * ever said of the connection: without one the last state stays.
 *
 * `play` shows it, `stop` takes it off. What it shows, and when, is the room's: the audience and the
 * producer decide. So there is one step, and `update` changes the room or the look.
 */

import { CardDeck } from "../cards/deck.js";
import { codeFor, textsFor } from "../languages/languages.js";
import { make } from "../page.js";
import { ForecastPlate } from "../overlay/forecast_plate.js";
import { PollPlate } from "../overlay/poll_plate.js";
import { Results } from "../overlay/result.js";
import { isScore } from "../overlay/score.js";
import { ScorePlate } from "../overlay/score_plate.js";
import { SentencePlate } from "../overlay/sentence_plate.js";
import { ProgramFeed } from "../sdk/program.js";
import { overlaysAt, pollsAt } from "../sdk/room.js";
import { readData } from "./data.js";

/** @import {GraphicsAPI} from "ograf" */
/** @import {Texts} from "../languages/en.js" */
/** @import {SeenPoll} from "../sdk/grandstand.js" */
/** @import {GraphicData} from "./data.js" */

const REFRESH_MS = 50;
const MOST_CARDS = 4;
const STYLES = ["../cards/cards.css", "../overlay/overlay.css", "./graphic.css"];
const DONE = { statusCode: 200 };
const REAL_TIME_ALONE = { statusCode: 501, statusMessage: "this graphic renders in real time alone" };

/** @implements {GraphicsAPI.Graphic} */
export default class GrandstandGraphic extends HTMLElement {
  /** @type {GraphicData | undefined} */ #data;
  /** @type {ProgramFeed | undefined} */ #feed;
  /** @type {{poll: PollPlate, cards: CardDeck, score: ScorePlate, sentence: SentencePlate, forecast: ForecastPlate, results: Results} | undefined} */ #parts;
  /** @type {Set<string>} polls whose result was cleared */ #cleared = new Set();
  #step = 0;
  #request = 0;
  #refreshedAt = -Infinity;

  /** @type {GraphicsAPI.Graphic["load"]} */
  async load({ data, renderType }) {
    if (renderType === "non-realtime") return REAL_TIME_ALONE;
    const read = readData(data ?? {}, new URL(import.meta.url).origin);
    if (typeof read === "string") return wrong(read);
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.replaceChildren();
    await Promise.all(STYLES.map((path) => styled(root, new URL(path, import.meta.url).href)));
    this.#apply(read, await textsFor(codeFor([read.language])));
    return DONE;
  }

  /** @type {GraphicsAPI.Graphic["updateAction"]} */
  async updateAction({ data, skipAnimation }) {
    if (!this.shadowRoot) return wrong("load it first");
    const read = readData(data, new URL(import.meta.url).origin);
    if (typeof read === "string") return wrong(read);
    const texts = await textsFor(codeFor([read.language]));
    this.#animate(skipAnimation);
    this.#apply(read, texts);
    return DONE;
  }

  /** @type {GraphicsAPI.Graphic["playAction"]} */
  async playAction({ delta, goto, skipAnimation } = {}) {
    this.#animate(skipAnimation);
    this.#go(Math.max(0, Math.min(1, goto ?? this.#step + (delta ?? 1))));
    return { ...DONE, currentStep: this.#step };
  }

  /** @type {GraphicsAPI.Graphic["stopAction"]} */
  async stopAction({ skipAnimation } = {}) {
    this.#animate(skipAnimation);
    this.#go(0);
    return DONE;
  }

  /** @type {GraphicsAPI.Graphic["customAction"]} */
  async customAction({ id, skipAnimation }) {
    if (id !== "clear") return { statusCode: 404, statusMessage: `no action ${id}` };
    this.#animate(skipAnimation);
    for (const { poll, phase } of this.#polls())
      if (phase !== "open" && phase !== "counting") this.#cleared.add(poll.id);
    return DONE;
  }

  /** @type {GraphicsAPI.Graphic["goToTime"]} */
  async goToTime() {
    return REAL_TIME_ALONE;
  }

  /** @type {GraphicsAPI.Graphic["setActionsSchedule"]} */
  async setActionsSchedule() {
    return REAL_TIME_ALONE;
  }

  /** @type {GraphicsAPI.Graphic["dispose"]} */
  async dispose() {
    cancelAnimationFrame(this.#request);
    this.#feed?.close();
    this.#feed = this.#data = this.#parts = undefined;
    this.#step = 0;
    this.shadowRoot?.replaceChildren();
    return DONE;
  }

  /** @param {GraphicData} data @param {Texts} texts in its language */
  #apply(data, texts) {
    const before = this.#data;
    this.#data = data;
    this.dataset["theme"] = data.theme;
    if (before?.server !== data.server || before.room !== data.room) {
      this.#feed?.close();
      this.#feed = new ProgramFeed(data.server, data.room);
    }
    if (before?.language !== data.language || before.result !== data.result) this.#build(data, texts);
    this.#show();
  }

  /** @param {GraphicData} data @param {Texts} texts */
  #build({ language, result }, texts) {
    const root = /** @type {ShadowRoot} */ (this.shadowRoot);
    root.querySelector("main")?.remove();
    const cards = make("section", { test: "cards" });
    cards.id = "cards";
    const [score, forecast] = [plate("score"), plate("forecast")];
    const [poll, sentence] = [plate("poll"), plate("sentence")];
    const main = make("main", {}, [score, forecast, cards, poll, sentence]);
    main.lang = language;
    root.append(main);
    const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    this.#parts = {
      poll: new PollPlate(poll, texts, whole),
      cards: new CardDeck(cards, { most: MOST_CARDS, language }),
      score: new ScorePlate(score, language),
      sentence: new SentencePlate(sentence, texts.overlay),
      forecast: new ForecastPlate(forecast, texts.forecast, language),
      results: new Results(result * 1000),
    };
  }

  /** @param {boolean} [skip] */
  #animate(skip = false) {
    this.dataset["still"] = String(skip);
  }

  /** @param {number} step */
  #go(step) {
    this.#step = step;
    cancelAnimationFrame(this.#request);
    if (step > 0) this.#refresh();
    else this.#show();
  }

  #refresh() {
    const now = performance.now();
    if (now - this.#refreshedAt >= REFRESH_MS) {
      this.#refreshedAt = now;
      this.#show();
    }
    this.#request = requestAnimationFrame(() => this.#refresh());
  }

  get #playhead() {
    return (this.#feed?.now() ?? NaN) - (this.#data?.behind ?? 0);
  }

  /** @returns {SeenPoll[]} */
  #polls() {
    const state = this.#feed?.state;
    return state ? pollsAt(state, this.#playhead) : [];
  }

  #show() {
    const [data, parts, state, playhead] = [this.#data, this.#parts, this.#feed?.state, this.#playhead];
    if (!data || !parts) return;
    const isOn = this.#step > 0 && state !== undefined;
    const overlays = isOn ? overlaysAt(state, playhead) : [];
    const polls = this.#polls().filter(({ poll }) => !this.#cleared.has(poll.id));
    if (parts.score.show(data.score ? overlays : [])) parts.poll.fit();
    parts.poll.show(isOn && data.poll ? parts.results.onAir(polls, playhead) : undefined, playhead);
    const cards = data.score ? overlays.filter((one) => !isScore(one)) : overlays;
    parts.cards.show(data.cards ? cards : []);
    parts.sentence.show(data.sentence ? overlays : []);
    parts.forecast.show(data.forecast ? overlays : [], playhead);
  }
}

/** @param {string} id */
function plate(id) {
  const made = make("section", { class: "plate", test: id });
  Object.assign(made, { id }).dataset["on"] = "false";
  return made;
}

/** @param {string} statusMessage */
function wrong(statusMessage) {
  return { statusCode: 400, statusMessage };
}

/** Wait for a style sheet, so that nothing is shown without it. @param {ShadowRoot} root @param {string} href */
function styled(root, href) {
  const link = make("link");
  link.rel = "stylesheet";
  link.href = href;
  return new Promise((loaded, failed) => {
    link.onload = loaded;
    link.onerror = () => failed(new Error(`no style sheet ${href}`));
    root.append(link);
  });
}
