/**
 * A transparent page to lay over the broadcast's picture: the current poll, stats cards, the number of
 * viewers and the room's excitement. It never shows anything about the connection on air. Without a
 * connection the last state stays. If the server refuses the page, it tries again later.
 */

import { CardDeck } from "../cards/deck.js";
import { codeFor, textsFor } from "../languages/languages.js";
import { element, setLanguage, setText } from "../page.js";
import { connect, roomClock, tokenFromFragment } from "../sdk/grandstand.js";
import { ForecastPlate } from "./forecast_plate.js";
import { HighlightPlate } from "./highlight_plate.js";
import { readOptions } from "./options.js";
import { PollPlate } from "./poll_plate.js";
import { PulsePlate } from "./pulse_plate.js";
import { Results } from "./result.js";
import { isScore } from "./score.js";
import { ScorePlate } from "./score_plate.js";
import { SentencePlate } from "./sentence_plate.js";

/** @import {LiveRoom} from "../sdk/grandstand.js" */

const REFRESH_MS = 50; // three frames: sooner than anyone sees
const AGAIN_MS = 15_000; // the room may not exist yet, or the token may have expired
const MOST_CARDS = 4;

const options = readOptions(location.search);
if (options.unknown.length > 0) console.warn(`Grandstand: show= knows no ${options.unknown.join(", ")}`);
const language = options.language ?? navigator.language;
const texts = await textsFor(codeFor([language]));
const words = texts.overlay;
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const room = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const token = tokenFromFragment() ?? null;

setLanguage(codeFor([language]));
document.documentElement.dataset["theme"] = options.theme;
const SIDES = ["top", "right", "bottom", "left"];
options.safe?.forEach((percent, side) => {
  const unit = side % 2 === 0 ? "vh" : "vw";
  document.documentElement.style.setProperty(`--safe-${SIDES[side]}`, `${percent}${unit}`);
});
const results = new Results(options.resultMs);
const poll = new PollPlate(element("poll", HTMLElement), texts, whole);
const pulse = new PulsePlate(element("pulse", HTMLElement), options.show, words, whole);
const highlight = new HighlightPlate(element("highlight", HTMLElement), words, language);
const forecast = new ForecastPlate(element("forecast", HTMLElement), texts.forecast, language);
const score = new ScorePlate(element("score", HTMLElement), language);
const sentence = new SentencePlate(element("sentence", HTMLElement), words);
const cards = new CardDeck(element("cards", HTMLElement), { most: MOST_CARDS, language });
const time = element("clock", HTMLElement);
time.hidden = !options.clock;

/** @type {LiveRoom} */ let live;
let refreshedAt = -Infinity;

function enter() {
  live?.close();
  live = connect({ room, token, lang: language, clock: roomClock({ behindMs: options.behindMs }) });
  live.on("frame", refresh);
  live.on("status", ({ phase, code, reason }) => {
    document.body.dataset["phase"] = phase; // for those who look into the page; nothing of it is shown
    if (phase !== "ended") return;
    console.warn(`Grandstand: turned away (${code ?? ""} ${reason ?? ""}), asking again`);
    setTimeout(enter, AGAIN_MS);
  });
  Object.assign(window, { grandstand: { live } });
}

/** @param {number} playhead */
function refresh(playhead) {
  const now = performance.now();
  if (!live.state || Number.isNaN(playhead) || now - refreshedAt < REFRESH_MS) return;
  refreshedAt = now;
  const overlays = live.overlays();
  const hasScore = options.show.has("score");
  if (hasScore && score.show(overlays)) poll.fit();
  if (options.show.has("poll")) poll.show(results.onAir(live.polls(), playhead), playhead);
  if (options.show.has("cards")) cards.show(hasScore ? overlays.filter((one) => !isScore(one)) : overlays);
  if (options.show.has("highlight")) highlight.show(overlays);
  if (options.show.has("forecast")) forecast.show(overlays, playhead);
  if (options.show.has("sentence")) sentence.show(overlays);
  pulse.show(live.state.gauges);
  if (hasScore) arrange();
  if (options.clock) setText(time, new Date(playhead).toISOString().slice(11, 21));
}

/** Whether the score would cover what stands at the right: it changes with their texts. */
function arrange() {
  const [score, pulse] = [element("score", HTMLElement), element("pulse", HTMLElement)];
  const isCrowded = score.dataset["on"] === "true" && score.getBoundingClientRect().right >= pulse.getBoundingClientRect().left;
  element("parts", HTMLElement).dataset["crowded"] = String(isCrowded);
}

enter();
