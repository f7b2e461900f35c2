/** The viewer's page: puts room, picture, bullets, composer, polls and settings together. */

import { CardDeck } from "../cards/deck.js";
import { element, fillWords, setLanguage, setText } from "../page.js";
import {
  connect,
  keepToken,
  keptToken,
  roomCalls,
  roomFromQuery,
  tokenFromFragment,
  viewersOf,
} from "../sdk/grandstand.js";
import { errorText } from "../words.js";
import { Ballots } from "./ballots.js";
import { BulletPainter, emMeasurer } from "./bullets.js";
import { sharpCanvas } from "./canvas.js";
import { CommentList } from "./comment_list.js";
import { Composer } from "./composer.js";
import { Controls, labelButton } from "./controls.js";
import { Following } from "./follow/following.js";
import { Follows } from "./follow/follows.js";
import { Forecasts } from "./forecast/forecasts.js";
import { listenForKeys } from "./keys.js";
import { language } from "./language.js";
import { BulletField } from "./lanes.js";
import { fetchLeaders } from "./leaderboard.js";
import { Moments } from "./moments.js";
import { Player } from "./player.js";
import { PollCards } from "./polls.js";
import { bulletOptions, loadPreferences, savePreferences, storageOf } from "./preferences.js";
import { GaugeHistory, showPulse } from "./pulse.js";
import { ReplayMark } from "./replay_mark.js";
import { SeekBar } from "./seek_bar.js";
import { Sentence } from "./sentence.js";
import { SettingsPanel } from "./settings.js";
import { Shelf } from "./shelf/shelf.js";
import { asWritten } from "./translated.js";
import { chooseTransport } from "./transport.js";
import { VoteChecks } from "./vote_checks.js";
import { adviceText, connectionText, hasEnded, words } from "./words.js";

const REFRESH_MS = 200;
const BACK_MS = 3_000;

setLanguage(language);
fillWords(words);
const room = roomFromQuery();
const query = new URLSearchParams(location.search);
const behind = query.get("behind");
const silence = query.get("silence");
const watch = element("watch", HTMLElement);
const bullets = sharpCanvas(element("bullets", HTMLCanvasElement));
const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");
const field = new BulletField(emMeasurer());
const painter = new BulletPainter();
const gauges = new GaugeHistory();
const comments = new CommentList();

const given = tokenFromFragment();
if (given !== undefined) keepToken("given", room, given);
const mine = given ?? keptToken("given", room);
const calls = roomCalls({ room, ...(mine !== undefined && { token: mine }) });
const follows = new Follows(storageOf("localStorage"), room);
const transport = await chooseTransport(location.search, calls);
const live = connect({
  room,
  transport,
  ...(silence !== null && { silenceMs: Math.max(0, Number(silence) || 0) * 1000 }),
  ...(mine !== undefined && { token: mine }),
  lang: language,
  follow: follows.topics,
  guestToken: keptToken("guest", room),
  onGuestToken: ({ token }) => keepToken("guest", room, token),
});

const player = new Player(element("video", HTMLVideoElement), {
  ...(behind !== null && { behindMs: Math.max(0, Number(behind) || 0) * 1000 }),
  onClock: (clock) => live.useClock(clock),
  onState: (state) => controls.showPicture(state),
  onBlocked: () => controls.askForPlay(),
});
const controls = new Controls(player, watch);
const seekBar = new SeekBar(player);
const moments = new Moments(calls, (second) => player.moveTo(second));
const replayMark = new ReplayMark(
  () => player.goLive(),
  (text) => comments.announce(text),
);
const composer = new Composer((text, look) => live.comment(text, look), (refused, word) => live.appeal(refused, word));
const ballots = new Ballots(storageOf("sessionStorage"), room);
const shelf = new Shelf(live);
const following = new Following(live, calls, follows, () => shelf.followed());
const deck = new CardDeck(element("cards", HTMLElement), { names: following, language });
const forecasts = new Forecasts((text) => comments.announce(text));
const sentence = new Sentence((text) => comments.announce(text));
const polls = new PollCards(
  element("polls", HTMLElement),
  ballots,
  (poll, choices) => live.vote(poll, choices),
  (question) => comments.announce(words.pollOpened(question)),
  new VoteChecks((poll, choices) => live.checkVote(poll, choices)),
  (poll) => fetchLeaders(calls, poll, viewersOf(live.state?.gauges), live.state?.viewer.id),
);
const panel = new SettingsPanel(loadPreferences(storageOf("localStorage")), (preferences) => {
  savePreferences(storageOf("localStorage"), preferences);
  applyPreferences();
});

/** Whether comments fly. They never do if the viewer's system asks for reduced motion. */
const flying = () => panel.preferences.bullets && !lessMotion.matches;

function applyPreferences() {
  const { preferences } = panel;
  field.configure(bulletOptions(preferences));
  if (!flying()) field.clear();
  element("bullets", HTMLElement).style.opacity = String(preferences.opacity / 100);
  element("talk", HTMLElement).hidden = !preferences.list && flying();
  const toggle = element("bullets-on", HTMLButtonElement);
  toggle.hidden = lessMotion.matches;
  labelButton(toggle, preferences.bullets ? words.bulletsOff : words.bulletsOn, preferences.bullets);
}

// --- what the room says ----------------------------------------------------------------------------

live.on("state", (state) => {
  const { settings, viewer } = state;
  const translated = panel.preferences.originals ? undefined : live.title();
  document.title = (translated?.text ?? settings.title) || state.room;
  setText(element("title", HTMLElement), document.title);
  element("title", HTMLElement).lang = translated?.lang ?? "";
  setText(element("me", HTMLElement), viewer.name ? words.youAre(viewer.name) : words.watching);
  // By segments a viewer is known only from its first word on.
  const isKnown = viewer.id !== undefined || transport === "segments";
  composer.applyRules(settings, viewer.role, !isKnown ? "nobody" : mine === undefined ? "guest" : "known");
  player.show(settings.stream ?? "");
  gauges.add(state.gaugesAt, state.gauges);
});

live.on("comment", ({ comment: said, own, lateMs, history }) => {
  const comment = panel.preferences.originals ? asWritten(said) : said;
  const playhead = comment.at + lateMs; // the playhead of this frame; the clock may have moved on since
  const text = comment.translation?.text ?? comment.text;
  if (flying()) field.add({ ...comment, text }, { playhead, own, history });
  if (own || comment.weight >= panel.preferences.minWeight) comments.add({ comment, own });
});
live.on("translation", ({ id, text, by }) => {
  if (!panel.preferences.originals) comments.translate(id, { text, by, lang: live.language });
});
live.on("retract", (id) => {
  field.retract(id);
  comments.retract(id);
  moments.retract(id);
});
live.on("clear", () => {
  field.clear();
  comments.clear();
});
live.on("frame", (playhead) => {
  const placed = Number.isNaN(playhead) ? [] : mirrored(field.at(playhead, bullets.size));
  painter.paint(bullets.context, placed, bullets.ratio());
});
live.on("notice", (notice) => composer.onNotice(notice, live.now()));
live.on("refusal", (error) => composer.showStatus(error.code, errorText(words, error)));

/** @type {Set<string>} */ const noted = new Set();
live.on("clock", ({ why }) => {
  if (!why) return forget(Object.values(words.clockNotes));
  if (noted.has(why)) return;
  noted.add(why);
  note(words.clockNotes[why]);
});

/** @param {string} text */
function note(text) {
  element("note", HTMLElement).hidden = false;
  setText(element("note-text", HTMLElement), text);
}

/** Take away a note that isn't true any more. @param {readonly string[]} texts */
function forget(texts) {
  if (texts.includes(element("note-text", HTMLElement).textContent)) element("note", HTMLElement).hidden = true;
}

// --- the connection --------------------------------------------------------------------------------

let backUntil = -Infinity;
let wasLost = false;
live.on("status", (status) => {
  const now = performance.now();
  if (status.phase === "live" && wasLost) backUntil = now + BACK_MS;
  if (status.phase !== "connecting") wasLost = status.phase === "lost";
  composer.onConnection(status.phase === "live");
  const wasIn = live.state !== undefined;
  if (status.phase === "ended") composer.end(connectionText(words, status, wasIn, now));
  const advice = adviceText(words, status, wasIn);
  if (advice !== undefined) note(advice);
  showStatus();
});

function showStatus() {
  const now = performance.now();
  const line = element("status", HTMLElement);
  const back = live.status.phase === "live" && now < backUntil;
  line.dataset["phase"] = live.status.phase;
  const text = connectionText(words, live.status, live.state !== undefined, now);
  setText(line, back ? words.back : live.isReplay && live.status.phase === "live" ? words.replay : text);
}

/** Show what changes as time passes. */
function refresh() {
  const playhead = live.playhead();
  const { isReplay } = live;
  showStatus();
  composer.lookBack(isReplay);
  const roomEnded = hasEnded(live.status, live.state !== undefined);
  const behindMs = live.now() - playhead;
  controls.showBehind(isReplay ? NaN : behindMs, roomEnded || player.state === "ended"); // the mark says it
  seekBar.show(behindMs);
  moments.show(seekBar.isShown ? player.range : undefined, playhead);
  replayMark.show(isReplay, behindMs);
  shelf.show(roomEnded);
  if (!live.state || Number.isNaN(playhead)) return;
  const isOver = live.status.phase === "ended";
  const { originals } = panel.preferences;
  const seenPolls = live.polls().map((one) => (originals ? { ...one, poll: asWritten(one.poll) } : one));
  polls.show(isOver ? [] : seenPolls, playhead, isReplay); // a vote would no longer reach the room
  showOverlays(playhead);
  comments.show(performance.now());
  const seen = gauges.at(playhead) ?? live.state.gauges;
  // Nobody has kept how many were there, nor how they were.
  setText(element("viewers", HTMLElement), isOver || isReplay ? "" : words.viewers(viewersOf(seen)));
  showPulse(isReplay ? {} : seen);
}

/** @param {number} playhead */
function showOverlays(playhead) {
  const own = new Set(live.followed().map(({ id }) => id));
  const overlays = live.overlays().filter(({ id }) => !own.has(id));
  deck.show(overlays);
  forecasts.show(overlays, playhead);
  const { originals } = panel.preferences;
  sentence.show(live.overlays().map((one) => (originals ? asWritten(one) : one))); // also those that only followers get
  following.show(playhead, overlays.some(({ kind }) => kind === "stats"), watch, element("side", HTMLElement));
}

// --- what the viewer does --------------------------------------------------------------------------

const toggleBullets = () => panel.change({ bullets: !panel.preferences.bullets });
element("bullets-on", HTMLElement).addEventListener("click", toggleBullets);
element("open-settings", HTMLElement).addEventListener("click", () => panel.toggle());
element("note-close", HTMLElement).addEventListener("click", () => {
  element("note", HTMLElement).hidden = true;
});
labelButton(element("open-settings", HTMLButtonElement), words.settings, false);
lessMotion.addEventListener("change", applyPreferences);
listenForKeys(
  {
    d: toggleBullets,
    m: () => controls.toggleSound(),
    " ": () => void player.toggle(),
    l: () => player.goLive(),
    arrowleft: () => seekBar.back(),
    arrowright: () => seekBar.ahead(),
    f: () => void controls.toggleFull(),
    c: () => composer.focus(),
    a: () => following.find(),
    s: () => panel.toggle(),
  },
  () => panel.preferences.keys,
);

/** For tests, and for the browser's console. */
Object.assign(window, {
  grandstand: {
    live,
    field,
    painter,
    state: () => ({
      status: live.status,
      room: live.state,
      playhead: live.playhead(),
      unacknowledged: live.unacknowledged,
    }),
    bullets: () =>
      mirrored(field.at(live.playhead(), bullets.size))
        .map(({ id, text, x, y, own, count }) => ({ id, text, x, y, own, count })),
  },
});

/**
 * Where one reads from right to left, bullets come from the left, with their beginning first.
 * @param {import("./lanes.js").Placed[]} placed
 */
function mirrored(placed) {
  if (document.documentElement.dir !== "rtl") return placed;
  return placed.map((bullet) => ({ ...bullet, x: bullets.size.width - bullet.x - bullet.width }));
}

applyPreferences();
setInterval(refresh, REFRESH_MS);
