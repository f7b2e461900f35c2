/**
 * One viewer in one room. It connects socket, clocks, state and scheduler, and emits events to the page.
 * The parts decide; this file only joins them.
 */

import { ProgrammeClock } from "./clock.js";
import { roomClock } from "./clocks.js";
import { Emitter } from "./emitter.js";
import { messageId } from "./identity.js";
import { LatencyMeter } from "./latency.js";
import { Lurker } from "./lurker.js";
import { Outbox } from "./outbox.js";
import { Patience } from "./patience.js";
import { Playhead } from "./playhead.js";
import { NO_TIME } from "./reading.js";
import { checkVote } from "./receipts.js";
import { recommendations } from "./recommendations.js";
import { Replay } from "./replay.js";
import { followedAt, overlaysAt, pollsAt } from "./room.js";
import { LiveSocket } from "./socket.js";
import { Ticker } from "./ticker.js";
import { Timeline } from "./timeline.js";
import { checkTopics } from "./topics.js";

/** @import {Clock} from "./clocks.js" */
/** @import {Status} from "./connection.js" */
/** @import {Sent} from "./outbox.js" */
/** @import {Doubt, Source} from "./playhead.js" */
/** @import {VoteCheck} from "./receipts.js" */
/** @import {RoomState, SeenPoll} from "./room.js" */
/** @import {DueComment} from "./scheduler.js" */
/** @import {GuestToken, WebSocketClass} from "./socket.js" */
/** @import {Ack, AnsweredMessage, Bye, CommentMessage, Cue, Frame, Mode, Notice, Overlay, Refusal, ServerMessage, Size, TranslatedComment, Translation, Welcome} from "./wire.js" */

const MAX_LATENCY_MS = 60_000; // the contract's default
const MOST_LATEST = 30; // gauges and tallies that the playhead has yet to reach: of a minute and more

/**
 * @typedef {object} Options
 * @property {string} [url] of the server, "https://show.example"; this page's own when absent
 * @property {string} room its id
 * @property {string | null | (() => Promise<string | null>)} [token] a token; null to watch without
 *   an identity; a function that is asked whenever one is needed. Absent: a guest
 * @property {string} [guestToken] one that `onGuestToken` brought before
 * @property {(guest: GuestToken) => void} [onGuestToken] a guest's new token, to keep for a reload
 * @property {string} [lang] BCP 47; the browser's when absent
 * @property {Clock} [clock] what the picture shows; `roomClock()` when absent
 * @property {readonly string[]} [follow] topics, as many as `canFollow` allows
 * @property {"socket" | "segments"} [transport] how the room comes; `socket` when absent. By `segments`
 *   a socket is opened when this viewer comments or votes
 * @property {number} [silenceMs] by `segments`: after so long without a word the socket is given back
 * @property {WebSocketClass} [WebSocket] where there is none in the global scope, as in Node 20
 *
 * @typedef {object} Events
 * @property {Status} status
 * @property {RoomState} state
 * @property {DueComment} comment
 * @property {Cue} cue
 * @property {TranslatedComment} translation of a comment that came before it
 * @property {string} retract the id of a comment that was taken back, or of a highlight that was deleted
 * @property {undefined} clear
 * @property {number} frame the playhead
 * @property {{source: Source, why?: Doubt}} clock
 * @property {Notice} notice
 * @property {Refusal} refusal that answers no comment and no vote
 * @property {Bye} bye
 */

export class LiveRoom {
  /** @type {Status} */ status = { phase: "connecting" };
  #programme = new ProgrammeClock();
  #playhead = new Playhead();
  #patience = new Patience();
  #timeline = new Timeline();
  /** @type {Replay} */ #replay;
  /** @type {Frame[]} that the playhead has yet to reach */ #latest = [];
  #latency = new LatencyMeter();
  #outbox = new Outbox();
  /** @type {Clock} */ #clock;
  /** @type {LiveSocket | Lurker} */ #socket;
  /** @type {Lurker | undefined} the same, if it is one */ #lurker;
  /** @type {Emitter<Events>} */ #emitter = new Emitter();
  #ticker = new Ticker((hidden) => this.#step(hidden));

  /** @param {Options} options */
  constructor(options) {
    const { token, guestToken, onGuestToken } = options;
    checkTopics(options.follow ?? []);
    const given = typeof token === "string" ? token : undefined;
    this.#clock = options.clock ?? roomClock();
    /** @type {ConstructorParameters<typeof LiveSocket>[0]} */
    const connection = {
      url: options.url,
      room: options.room,
      identity: token === null ? "none" : given !== undefined ? "given" : "asked",
      token: given ?? (token === undefined ? guestToken : undefined),
      askToken: typeof token === "function" ? token : undefined,
      lang: options.lang,
      follow: options.follow,
      WebSocket: options.WebSocket,
      seen: () => this.#seen(),
      onGuestToken,
      onStatus: (status) => this.#became(status),
      onMessage: (message, replayed, receivedAt) => this.#take(message, replayed, receivedAt),
    };
    if (options.transport === "segments") {
      const onLatest = (/** @type {Frame} */ latest, /** @type {number} */ at) => this.#hold(latest, at);
      this.#lurker = new Lurker({ ...connection, onLatest, silenceMs: options.silenceMs });
    }
    this.#socket = this.#lurker ?? new LiveSocket(connection);
    this.#replay = new Replay({
      url: this.#socket.url,
      room: options.room,
      askToken: async () => connection.askToken?.() ?? this.#socket.core.token,
      playhead: () => this.#playhead.value,
      me: () => this.state?.viewer.id,
      onClear: () => this.#emitter.emit("clear", undefined),
      onRetract: (id) => this.#emitter.emit("retract", id),
    });
    this.#ticker.start();
    this.#socket.start();
  }

  /** What the server said so far; it may lie ahead of the viewer. @returns {RoomState | undefined} */
  get state() {
    return this.#timeline.state;
  }

  /** Whether the picture is in the past, where the archive leads and nobody can take part. */
  get isReplay() {
    return this.#replay.timeline !== undefined;
  }

  /** The programme clock now; NaN while unknown. */
  now() {
    return this.#programme.read(performance.now());
  }

  /** The viewer's playhead; NaN while unknown, and nothing is shown then. */
  playhead() {
    this.#look();
    return this.#playhead.value;
  }

  /** Whether the playhead follows the picture or the room's clock. */
  get source() {
    return this.#playhead.source;
  }

  /** The messages that were sent and not answered yet. */
  get unacknowledged() {
    return this.#socket.core.unacknowledged;
  }

  /**
   * @template {keyof Events} E
   * @param {E} event
   * @param {(payload: Events[E]) => void} handler
   * @returns {() => void} takes the handler off again
   */
  on(event, handler) {
    return this.#emitter.on(event, handler);
  }

  /**
   * Comment at the viewer's playhead. The comment is resent until it is answered.
   * @param {string} text
   * @param {{mode?: Mode, size?: Size, color?: number}} [look]
   * @returns {Sent}
   */
  comment(text, { mode, size, color } = {}) {
    /** @type {CommentMessage} */
    const message = {
      type: "comment",
      id: messageId(),
      text,
      ...this.#at(),
      ...(mode !== undefined && mode !== "scroll" && { mode }),
      ...(size !== undefined && size !== "normal" && { size }),
      ...(color !== undefined && color !== 0xffffff && { color }),
    };
    return this.#submit(message);
  }

  /**
   * @param {string} poll its id
   * @param {readonly number[]} choices indices of options
   * @returns {Sent}
   */
  vote(poll, choices) {
    return this.#submit({ type: "vote", id: messageId(), poll, choices: [...choices], ...this.#at() });
  }

  /**
   * Ask a moderator about a comment that was refused; its answer says `held`, and a notice what was decided.
   * A refusal is put before one once, within five minutes.
   * @param {string | {comment: string}} refused the refused comment's id, as `comment` returned it; or that of one that
   *   was held and turned away, as its notice named it
   * @param {string} [text] what the author says to it
   * @returns {Sent}
   */
  appeal(refused, text = "") {
    const named = typeof refused === "string" ? { message: refused } : { comment: refused.comment };
    return this.#submit({ type: "appeal", id: messageId(), ...named, ...(text && { text }) });
  }

  /**
   * Check that this viewer's vote is in the signed root of its poll, which must have receipts.
   * @param {string} poll its id
   * @param {readonly number[]} [choices] what was voted, as far as the page knows
   * @returns {Promise<VoteCheck>}
   */
  async checkVote(poll, choices) {
    const said = this.state?.polls.get(poll);
    if (!said?.audit) return { state: "unchecked" };
    const { url, core, options } = this.#socket;
    const { room } = options;
    return checkVote({ url, room, token: core.token, poll: said, ...(choices && { choices }) });
  }

  /**
   * Follow these topics from now on, in place of those before. Raises RangeError if they are too many.
   * @param {readonly string[]} topics
   */
  follow(topics) {
    checkTopics(topics);
    this.#socket.follow(messageId(), topics);
  }

  /**
   * Which other live rooms this viewer is recommended, the best first: by what it follows at this moment.
   * For a guest who follows nothing the answer is the same for all, so caches may give it.
   * @param {{limit?: number}} [options]
   */
  recommendations({ limit = 5 } = {}) {
    const { url, core, options } = this.#socket;
    const isOwn = core.token !== undefined && (core.identity === "given" || core.topics.length > 0);
    const { lang = "", token } = core;
    return recommendations({ url, room: options.room, lang, limit, ...(isOwn && { token }) });
  }

  /**
   * Get translations into another language (BCP 47) from now on, if the room has it; with "" none. A welcome
   * follows.
   * @param {string} lang
   */
  speak(lang) {
    this.#timeline.translations.clear();
    this.#socket.speak(messageId(), lang);
  }

  /** The language of what is translated, "" while nothing is. */
  get language() {
    return this.#shown.translations.lang;
  }

  /** The room's title in the viewer's language, where it is known. @returns {Translation | undefined} */
  title() {
    return this.#timeline.translations.ofTitle(this.state?.settings.title);
  }

  /** The polls that the viewer's playhead has reached. @returns {SeenPoll[]} */
  polls() {
    const playhead = this.playhead();
    const { state, translations } = this.#shown;
    if (!state) return [];
    return pollsAt(state, playhead).map((seen) => ({ ...seen, poll: translations.ofPoll(seen.poll) }));
  }

  /** The overlays at the viewer's playhead, cards of followed entities included. @returns {Overlay[]} */
  overlays() {
    const playhead = this.playhead();
    const { state, translations } = this.#shown;
    if (!state) return [];
    const overlays = overlaysAt(state, playhead).map((overlay) => translations.ofOverlay(overlay));
    return [...overlays, ...this.followed()].sort((a, b) => a.at - b.at);
  }

  /** The cards of followed entities at the viewer's playhead, if the picture isn't in the past. @returns {Overlay[]} */
  followed() {
    const playhead = this.playhead();
    const { state } = this.#shown;
    return state ? followedAt(state, playhead, this.#socket.core.topics) : [];
  }

  /** Follow the clock of another picture. @param {Clock} clock */
  useClock(clock) {
    if (clock === this.#clock) return;
    this.#clock.close?.();
    this.#clock = clock;
    this.#playhead.restart();
  }

  /** The latency from the server's commit to this page, in ms, over the last 30 s. */
  latency() {
    return this.#latency.read(performance.now());
  }

  close() {
    this.#ticker.stop();
    this.#replay.close();
    this.#socket.stop();
    this.#clock.close?.();
  }

  // --- from the server ---------------------------------------------------------------------------

  /** @param {Status} status */
  #became(status) {
    this.status = status;
    if (status.phase === "ended") this.#outbox.end(status);
    this.#emitter.emit("status", status);
  }

  /** @param {ServerMessage} message @param {boolean} replayed @param {number} receivedAt */
  #take(message, replayed, receivedAt) {
    switch (message.type) {
      case "welcome":
        return this.#enter(message, receivedAt);
      case "frame":
        return this.#fold(message, replayed, receivedAt);
      case "ack":
        return this.#acknowledged(message);
      case "error":
        if (message.id !== undefined && this.#socket.core.isPending(message.id)) return; // sent again
        if (!this.#outbox.refuse(message)) this.#emitter.emit("refusal", message);
        return;
      case "time":
        return this.#programme.roundTrip(message.sent, receivedAt, message.now);
      case "notice":
      case "bye":
        return this.#emitter.emit(message.type, message);
    }
  }

  /** @param {Welcome} welcome @param {number} receivedAt */
  #enter(welcome, receivedAt) {
    this.#programme.observe(receivedAt, welcome.now);
    this.#latest = this.#latest.filter(({ now }) => now > welcome.now); // a socket's welcome is newer
    const isNew = this.#timeline.enter(welcome, { playhead: this.playhead(), me: welcome.viewer.id });
    if (isNew && !this.isReplay) this.#emitter.emit("clear", undefined);
    this.#emitState();
  }

  /** @param {Frame} frame @param {boolean} replayed @param {number} receivedAt */
  #fold(frame, replayed, receivedAt) {
    if (frame.now !== NO_TIME) this.#programme.observe(receivedAt, frame.now);
    if (!this.state) return;
    if (frame.offset !== undefined && !replayed && frame.now !== NO_TIME && this.#programme.isExact)
      this.#latency.add(receivedAt, this.#programme.read(receivedAt) - frame.now);
    const delayMs = this.#lurker?.delayMs ?? this.#patience.value;
    const seen = { playhead: this.playhead(), me: this.state.viewer.id, now: this.now(), delayMs };
    const translated = this.#timeline.fold(frame, seen, replayed);
    for (const id of frame.retract ?? []) {
      this.#replay.timeline?.scheduler.retract(id);
      this.#emitter.emit("retract", id);
    }
    for (const { id, kind, data } of frame.overlays ?? [])
      if (kind === "highlight" && data.strength === 0) this.#emitter.emit("retract", id);
    if (!this.isReplay) for (const one of translated) this.#emitter.emit("translation", one);
    this.#emitState();
  }

  /** Keep the latest values until the playhead has passed them. @param {Frame} latest @param {number} receivedAt */
  #hold(latest, receivedAt) {
    this.#programme.observe(receivedAt, latest.now);
    this.#latest.push(latest);
    if (this.#latest.length > MOST_LATEST) this.#latest.shift();
  }

  #emitState() {
    if (this.state) this.#emitter.emit("state", this.state);
  }

  /** @param {Ack} ack */
  #acknowledged(ack) {
    const message = this.#outbox.acknowledge(ack);
    if (message?.type !== "comment" || ack.status !== "accepted" || ack.comment === undefined) return;
    const { text, mode, size, color, at = this.now() } = message;
    const { id: user = "", name = "" } = this.state?.viewer ?? {};
    const look = { ...(mode && { mode }), ...(size && { size }), ...(color !== undefined && { color }) };
    const comment = { id: ack.comment, at, user, name, text, weight: 10, ...look };
    for (const due of this.#timeline.scheduler.own(comment, this.playhead())) this.#emitter.emit("comment", due);
  }

  // --- due items ---------------------------------------------------------------------------------

  /** @param {boolean} hidden */
  #step(hidden) {
    this.#look();
    const { value } = this.#playhead;
    const passed = this.#latest.findLastIndex((latest) => latest.now <= value) + 1;
    for (const latest of this.#latest.splice(0, passed)) this.#fold(latest, false, performance.now());
    const { comments, cues } = this.#shown.scheduler.due(value, { hidden, now: this.now() });
    const { translations } = this.#shown;
    for (const { cue } of cues) this.#emitter.emit("cue", translations.ofCue(cue));
    for (const due of comments)
      this.#emitter.emit("comment", due.own ? due : { ...due, comment: translations.ofComment(due.comment) });
    if (!hidden) this.#emitter.emit("frame", value);
  }

  /** Read both clocks. */
  #look() {
    const clock = this.#clock;
    const before = this.#picture();
    const date = clock.hasPicture ? clock.read() : undefined;
    const maxLatencyMs = this.state?.settings.max_latency ?? MAX_LATENCY_MS;
    const { jumped, changed } = this.#playhead.read({
      local: performance.now(),
      programme: this.now(),
      hasPicture: clock.hasPicture,
      playing: clock.playing ? clock.playing() : date !== undefined,
      date,
      certain: clock.certain,
      latencyMs: Math.max(clock.latencyMs?.() ?? 0, (!clock.hasPicture && this.#lurker?.segmentDelayMs) || 0),
      maxLatencyMs,
    });
    const beyondMs = this.state ? this.now() - this.#playhead.value - maxLatencyMs : NaN;
    if (this.#replay.look(beyondMs, jumped) || jumped) {
      this.#shown.scheduler.jump(this.#playhead.value);
      this.#emitter.emit("clear", undefined);
    }
    const after = this.#picture();
    if (after !== undefined && before === undefined) this.#socket.jumped(); // only now there is one to tell
    else if (after !== undefined && jumped) this.#socket.jumped(Number(before) > after ? before : undefined);
    const { source, why } = this.#playhead;
    const behindMs = source === "picture" ? this.now() - this.#playhead.value : NaN;
    const most = this.state?.settings.patience ?? 0; // a server that names none knows no patience
    this.#socket.wait(this.#patience.read(performance.now(), behindMs, most));
    if (changed) this.#emitter.emit("clock", { source, ...(why && { why }) });
  }

  /** What the viewer is shown: the room at live, or its past. */
  get #shown() {
    return this.#replay.timeline ?? this.#timeline;
  }

  // --- from the viewer ---------------------------------------------------------------------------

  /** What the server is told with each `time`. @returns {{at?: number, sync?: number}} */
  #seen() {
    this.#look();
    const at = this.#picture();
    const sync = this.#timeline.scheduler.takeSync();
    return { ...(at !== undefined && { at }), ...(sync !== undefined && { sync }) };
  }

  /** The playhead, unless it is only guessed (there is a picture without a credible date) or in the past. */
  #picture() {
    const { value, source } = this.#playhead;
    const isGuess = this.#clock.hasPicture && source !== "picture";
    return isGuess || this.isReplay || Number.isNaN(value) ? undefined : Math.round(value);
  }

  /** @returns {{at?: number}} */
  #at() {
    const playhead = this.playhead();
    return Number.isNaN(playhead) ? {} : { at: Math.round(playhead) };
  }

  /** @param {AnsweredMessage} message */
  #submit(message) {
    const sent = this.#outbox.add(message);
    if (this.status.phase === "ended") this.#outbox.end(this.status);
    else this.#socket.submit(message);
    return sent;
  }
}
