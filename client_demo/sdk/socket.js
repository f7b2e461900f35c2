/** The shell around Connection: a WebSocket, timers and tokens. It decides nothing. */

import { afterStatus } from "./backoff.js";
import { SUBPROTOCOL, fromBytes, toBytes } from "./codec.js";
import { Connection } from "./connection.js";
import { call, roomPath } from "./http.js";
import { deviceName } from "./identity.js";

/** @import {Effect, Status} from "./connection.js" */
/** @import {AnsweredMessage, ServerMessage} from "./wire.js" */

const TICK_MS = 100;

/**
 * @typedef {new (url: string, subprotocol: string) => WebSocket} WebSocketClass
 * @typedef {{token: string, viewer: {id?: string, name?: string, role: string}, expires_at: number}} GuestToken
 */

export class LiveSocket {
  /** @type {WebSocket | undefined} */ #socket;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;

  /**
   * @param {object} options
   * @param {string} [options.url] of the server; this page's when absent
   * @param {string} options.room
   * @param {"asked" | "given" | "none"} options.identity
   * @param {string} [options.token]
   * @param {() => Promise<string | null>} [options.askToken] a guest's is asked of the server
   * @param {string} [options.lang]
   * @param {readonly string[]} [options.follow]
   * @param {WebSocketClass} [options.WebSocket]
   * @param {() => {at?: number, sync?: number}} [options.seen] what each `time` tells of the picture
   * @param {(guest: GuestToken) => void} [options.onGuestToken] a new one, to keep
   * @param {(status: Status) => void} options.onStatus
   * @param {(message: ServerMessage, replayed: boolean, receivedAt: number) => void} options.onMessage
   */
  constructor(options) {
    this.options = options;
    this.url = (options.url ?? location.origin).replace(/\/+$/, "");
    this.core = new Connection({
      identity: options.identity,
      token: options.token,
      lang: options.lang ?? globalThis.navigator?.language,
      follow: options.follow,
      seen: options.seen,
    });
  }

  start() {
    this.#timer = setInterval(this.#tick, TICK_MS);
    // A page in the background ticks once a minute. Tick at once when the viewer comes back to it.
    globalThis.addEventListener?.("online", this.#tick);
    globalThis.document?.addEventListener("visibilitychange", this.#tick);
    this.#run(this.core.start(performance.now()));
  }

  /** @param {AnsweredMessage} message */
  submit(message) {
    this.#run(this.core.submit(performance.now(), message));
  }

  /** @param {string} id @param {readonly string[]} topics */
  follow(id, topics) {
    this.#run(this.core.follow(performance.now(), id, topics));
  }

  /** @param {string} id @param {string} lang */
  speak(id, lang) {
    this.#run(this.core.speak(id, lang));
  }

  /** @param {number} [from] the playhead before, if the picture was moved back */
  jumped(from) {
    this.#run(this.core.jumped(performance.now(), from));
  }

  /** @param {number} patience in ms, for which frames may wait */
  wait(patience) {
    this.#run(this.core.wait(performance.now(), patience));
  }

  stop() {
    clearInterval(this.#timer);
    globalThis.removeEventListener?.("online", this.#tick);
    globalThis.document?.removeEventListener("visibilitychange", this.#tick);
    this.#run(this.core.stop());
  }

  #tick = () => this.#run(this.core.tick(performance.now()));

  /** @param {Effect[]} effects */
  #run(effects) {
    for (const effect of effects) this.#perform(effect);
  }

  /** @param {Effect} effect */
  #perform(effect) {
    switch (effect.do) {
      case "token":
        void this.#askToken();
        break;
      case "open":
        this.#open();
        break;
      case "send":
        this.#socket?.send(toBytes(effect.message));
        break;
      case "close":
        this.#drop();
        break;
      case "status":
        this.options.onStatus(effect.status);
        break;
      case "message":
        this.options.onMessage(effect.message, effect.replayed, performance.now());
    }
  }

  #open() {
    this.#drop();
    const Socket = this.options.WebSocket ?? WebSocket;
    const url = `${this.url.replace(/^http/, "ws")}${roomPath(this.options.room, "/live")}`;
    const socket = new Socket(url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const mine = () => this.#socket === socket;
    socket.onopen = () => mine() && this.#run(this.core.opened(performance.now()));
    socket.onmessage = (event) =>
      mine() && this.#run(this.core.received(performance.now(), fromBytes(event.data)));
    socket.onclose = (event) => {
      if (!mine()) return;
      this.#socket = undefined;
      this.#run(this.core.closed(performance.now(), event.code, event.reason));
    };
    socket.onerror = () => {}; // a close event follows
  }

  /** Close the socket without waiting for the peer, which may never answer. */
  #drop() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  async #askToken() {
    const { askToken } = this.options;
    if (!askToken) return this.#askGuestToken();
    try {
      const token = await askToken();
      this.#run(this.core.tokenGiven(performance.now(), token));
    } catch (error) {
      this.#run(this.core.tokenRefused(performance.now(), { reason: String(error) }));
    }
  }

  async #askGuestToken() {
    const path = `${this.url}${roomPath(this.options.room, "/guests")}`;
    const device = deviceName();
    const answer = await call("POST", path, { body: device === undefined ? {} : { device } });
    const now = performance.now();
    if (!answer.ok) {
      const { status, message, retryAfterMs } = answer;
      this.#run(this.core.tokenRefused(now, { code: finalCode(status), reason: message, retryAfterMs }));
    } else if (typeof answer.body?.token === "string") {
      this.options.onGuestToken?.(answer.body);
      this.#run(this.core.tokenGiven(now, answer.body.token));
    } else {
      this.#run(this.core.tokenRefused(now, { reason: "" })); // the answer of a gateway
    }
  }
}

/** Return the close code with the meaning of an HTTP status, if the status is final. @param {number} status */
function finalCode(status) {
  if (afterStatus(status) === "reconnect") return undefined;
  return status === 404 ? 4004 : 3003;
}
