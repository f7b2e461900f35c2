/** The shell around Segments: requests, timers and tokens. It decides nothing. */

import { fromBytes } from "./codec.js";
import { problem } from "./http.js";
import { Segments } from "./segments.js";

/** @import {Status} from "./connection.js" */
/** @import {Effect, Request} from "./segments.js" */
/** @import {Frame, Welcome} from "./wire.js" */

const TICK_MS = 100;
const TIMEOUT_MS = 10_000;

export class SegmentReader {
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  #isStopped = false;
  /** @type {string | undefined} */ #token;

  /**
   * @param {object} options
   * @param {string} [options.url] of the server; this page's when absent
   * @param {string} options.room
   * @param {number} [options.at] programme time, in the past; absent at live
   * @param {string} [options.lang] BCP 47
   * @param {() => Promise<string | null | undefined>} options.askToken where guests may not watch: a new
   *   one each time, or the same again if there is no other
   * @param {() => number} [options.playhead] in the past: how far the viewer is
   * @param {(status: Status) => void} [options.onStatus]
   * @param {(message: Welcome | Frame, replayed: boolean, receivedAt: number) => void} options.onMessage
   * @param {(latest: Frame, receivedAt: number) => void} [options.onLatest] gauges and tallies, for
   *   playheads that have passed its `now`
   */
  constructor(options) {
    this.options = options;
    this.url = (options.url ?? location.origin).replace(/\/+$/, "");
    this.core = new Segments({ room: options.room, at: options.at, lang: options.lang });
  }

  start() {
    this.#timer = setInterval(this.#tick, TICK_MS);
    // A page in the background ticks once a minute. Tick at once when the viewer comes back to it.
    globalThis.addEventListener?.("online", this.#tick);
    globalThis.document?.addEventListener("visibilitychange", this.#tick);
    this.#tick();
  }

  pause() {
    this.core.pause();
  }

  /** @param {{epoch: string, offset: number}} [position] of what a socket brought */
  resume(position) {
    this.core.resume(performance.now(), position);
    this.#tick();
  }

  /** @param {string} lang */
  speak(lang) {
    this.core.speak(performance.now(), lang);
    this.#tick();
  }

  stop() {
    clearInterval(this.#timer);
    globalThis.removeEventListener?.("online", this.#tick);
    globalThis.document?.removeEventListener("visibilitychange", this.#tick);
    this.#isStopped = true;
  }

  #tick = () => this.#run(this.core.tick(performance.now(), this.options.playhead?.()));

  /** @param {Effect[]} effects */
  #run(effects) {
    for (const effect of effects) this.#perform(effect);
  }

  /** @param {Effect} effect */
  #perform(effect) {
    switch (effect.do) {
      case "get":
        void this.#get(effect.request);
        break;
      case "status":
        this.options.onStatus?.(effect.status);
        break;
      case "message":
        this.options.onMessage(effect.message, effect.replayed, performance.now());
        break;
      case "latest":
        this.options.onLatest?.(effect.frame, effect.heardAt);
    }
  }

  /** @param {Request} request */
  async #get(request) {
    /** @type {() => Effect[]} */ let heard;
    try {
      const answer = await this.#fetch(request.path);
      if (answer.ok) {
        const body = await (request.kind === "index" ? answer.json() : answer.arrayBuffer().then(fromBytes));
        heard = () => this.core.answered(performance.now(), request, body, Date.now());
      } else {
        const why = problem(answer.status, await answer.json().catch(() => undefined), answer.headers.get("Retry-After"));
        heard = () => this.core.failed(performance.now(), request, why);
      }
    } catch {
      heard = () => this.core.failed(performance.now(), request, { status: 0, code: "", message: "" });
    }
    if (this.#isStopped) return;
    this.#run(heard());
    this.#tick(); // what follows from it needn't wait
  }

  /**
   * Ask without a token where none is needed, so that any cache can answer.
   * @param {string} path
   * @returns {Promise<Response>}
   */
  async #fetch(path) {
    const token = this.#token;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(this.url + path, { signal, ...(token && { headers: { Authorization: `Bearer ${token}` } }) });
    if (answer.status !== 401) return answer;
    if (this.#token === token) this.#token = (await this.options.askToken()) ?? undefined;
    return this.#token === token ? answer : this.#fetch(path);
  }
}
