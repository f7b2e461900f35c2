/**
 * A viewer who watches by segments, as most do, and has a socket only while it takes part. It stands in the
 * place of a LiveSocket. The socket goes on where the segments are, and they where it was, since offsets are
 * the same numbers; of the two one passes frames on at a time.
 */

import { call, roomPath } from "./http.js";
import { SegmentReader } from "./segment_reader.js";
import { LiveSocket } from "./socket.js";

/** @import {Status} from "./connection.js" */
/** @import {AnsweredMessage, Frame, ServerMessage, Viewer} from "./wire.js" */

const SILENCE_MS = 60_000;
const PRESENT_SHARE = 0.01; // of the lurkers, by contract: so many are counted
const PRESENT_EVERY_MS = 60_000;

export class Lurker {
  #socket;
  #reader;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #silence;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #present;
  #hasSocket = false;
  /** @type {Status | undefined} as last passed on */ #said;
  /** @type {Viewer | undefined} who the viewer is, once a socket has told */ #viewer;

  /**
   * @param {ConstructorParameters<typeof LiveSocket>[0] & {
   *   onLatest: (latest: Frame, receivedAt: number) => void,
   *   silenceMs?: number}} options as of a socket; silenceMs: after which the socket is given back
   */
  constructor({ onLatest, silenceMs = SILENCE_MS, ...options }) {
    this.options = options;
    this.silenceMs = silenceMs;
    this.#socket = new LiveSocket({
      ...options,
      onStatus: (status) => this.#socketBecame(status),
      onMessage: (message, replayed, at) => this.#take(message, replayed, at),
    });
    this.#reader = new SegmentReader({
      url: options.url,
      room: options.room,
      lang: options.lang ?? globalThis.navigator?.language,
      askToken: async () => options.askToken?.() ?? options.token,
      onStatus: () => this.#say(),
      onMessage: (message, replayed, at) => this.#read(message, replayed, at),
      onLatest,
    });
  }

  get url() {
    return this.#socket.url;
  }

  get core() {
    return this.#socket.core;
  }

  /** For how long frames may have waited, in ms, where the socket's own patience doesn't say. */
  get delayMs() {
    return this.#isLive ? undefined : this.segmentDelayMs;
  }

  /** For how long frames may have waited that come by segments, in ms. */
  get segmentDelayMs() {
    return this.#reader.core.delayMs;
  }

  start() {
    this.#reader.start();
    if (this.core.topics.length > 0) this.#useSocket();
    if (Math.random() < PRESENT_SHARE)
      this.#present = setTimeout(this.#sayPresent, Math.random() * PRESENT_EVERY_MS);
  }

  /** Say it by a socket, which is opened for it. @param {AnsweredMessage} message */
  submit(message) {
    this.#socket.submit(message);
    this.#useSocket();
  }

  /** Only by a socket do a viewer's own cards come: it stays while there are topics. @param {string} id @param {readonly string[]} topics */
  follow(id, topics) {
    this.#socket.follow(id, topics);
    if (topics.length > 0) this.#useSocket();
  }

  /** @param {string} id @param {string} lang */
  speak(id, lang) {
    this.#socket.speak(id, lang);
    this.#reader.speak(lang);
  }

  /** @param {number} [from] the playhead before, if the picture was moved back */
  jumped(from) {
    this.#socket.jumped(from);
  }

  /** @param {number} patience in ms, for which the socket's frames may wait */
  wait(patience) {
    this.#socket.wait(patience);
  }

  stop() {
    clearTimeout(this.#silence);
    clearTimeout(this.#present);
    this.#reader.stop();
    this.#hasSocket = true; // so that its end is told
    this.#socket.stop();
  }

  get #isLive() {
    return this.#hasSocket && this.core.status.phase === "live";
  }

  /** Open the socket, unless it is there, and give it back after a silence. */
  #useSocket() {
    if (!this.#hasSocket) {
      this.#hasSocket = true;
      this.#socket.start();
    }
    clearTimeout(this.#silence);
    this.#silence = setTimeout(this.#giveBack, this.silenceMs);
  }

  #giveBack = () => {
    if (this.core.unacknowledged.length > 0 || this.core.topics.length > 0) {
      this.#silence = setTimeout(this.#giveBack, this.silenceMs);
      return;
    }
    const wasLive = this.#isLive;
    this.#hasSocket = false;
    this.#socket.stop();
    if (wasLive) this.#reader.resume(this.core.position);
    this.#say();
  };

  /** @param {ServerMessage} message @param {boolean} replayed @param {number} at */
  #take(message, replayed, at) {
    if (message.type === "welcome") this.#viewer = message.viewer;
    this.options.onMessage(message, replayed, at);
  }

  /** @param {ServerMessage} message @param {boolean} replayed @param {number} at */
  #read(message, replayed, at) {
    const { position } = this.#reader.core;
    this.core.position = position && { ...position };
    const known = message.type === "welcome" && this.#viewer ? { ...message, viewer: this.#viewer } : message;
    this.options.onMessage(known, replayed, at);
  }

  /** @param {Status} status */
  #socketBecame(status) {
    if (!this.#hasSocket) return;
    if (status.phase === "live") this.#reader.pause();
    if (status.phase === "lost") this.#reader.resume(this.core.position);
    if (status.phase === "ended") this.#reader.stop();
    this.#say();
  }

  /** Pass on what the connection is: a socket that was lost matters, as long as the viewer wants one. */
  #say() {
    const { status } = this.core;
    const shown = this.#hasSocket && status.phase !== "connecting" ? status : this.#reader.core.status;
    if (shown.phase === this.#said?.phase && shown.retryAt === this.#said.retryAt) return;
    this.#said = shown;
    this.options.onStatus(shown);
  }

  #sayPresent = () => {
    if (!this.#isLive) void call("POST", `${this.url}${roomPath(this.options.room, "/present")}`, { token: this.core.token });
    this.#present = setTimeout(this.#sayPresent, PRESENT_EVERY_MS);
  };
}
