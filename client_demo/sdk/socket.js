/** The shell around Connection: a WebSocket, timers, guest tokens. Decides nothing. */

import { Connection } from "./connection.js";
import { call } from "./http.js";

/** @import {Effect, Status} from "./connection.js" */
/** @import {CommentMessage, ServerMessage, VoteMessage} from "./wire.js" */

const TICK_MS = 100;
const SUBPROTOCOL = "grandstand.v1.json";

export class LiveSocket {
  /** @type {WebSocket | undefined} */ #socket;

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {"guest" | "given" | "none"} options.identity
   * @param {string} [options.token]
   * @param {(token: string, expiresAt: number) => void} [options.onToken] a new guest token, to keep
   * @param {(status: Status) => void} options.onStatus
   * @param {(message: ServerMessage, replayed: boolean, receivedAt: number) => void} options.onMessage
   */
  constructor(options) {
    this.options = options;
    this.core = new Connection({
      identity: options.identity,
      token: options.token,
      lang: navigator.language,
    });
  }

  start() {
    this.#run(this.core.start(performance.now()));
    setInterval(() => this.#run(this.core.tick(performance.now())), TICK_MS);
  }

  /** @param {CommentMessage | VoteMessage} message */
  submit(message) {
    this.#run(this.core.submit(message));
  }

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
        this.#socket?.send(effect.text);
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
    const path = `/v1/rooms/${encodeURIComponent(this.options.room)}/live`;
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${path}`, SUBPROTOCOL);
    this.#socket = socket;
    const mine = () => this.#socket === socket;
    socket.onopen = () => mine() && this.#run(this.core.opened(performance.now()));
    socket.onmessage = (event) =>
      mine() && this.#run(this.core.received(performance.now(), String(event.data)));
    socket.onclose = (event) => {
      if (!mine()) return;
      this.#socket = undefined;
      this.#run(this.core.closed(performance.now(), event.code, event.reason));
    };
  }

  /** Lets go of the socket without waiting for the peer, which may be gone for good. */
  #drop() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  async #askToken() {
    const path = `/v1/rooms/${encodeURIComponent(this.options.room)}/guests`;
    const answer = await call("POST", path);
    const now = performance.now();
    if (answer.ok) {
      const { token, expires_at: expiresAt } = answer.body;
      this.options.onToken?.(token, expiresAt);
      this.#run(this.core.tokenGiven(now, token));
      return;
    }
    const { status, message, retryAfterMs } = answer;
    this.#run(this.core.tokenRefused(now, { code: finalCode(status), reason: message, retryAfterMs }));
  }
}

/** The close code that says what an HTTP status says, if that is final. @param {number} status */
function finalCode(status) {
  if (status === 404) return 4004;
  return status >= 400 && status < 500 && status !== 429 ? 3003 : undefined;
}
