/**
 * The picture. It plays the room's stream by hls.js, or by the browser itself where hls.js can't run,
 * and says which clock leads. A stream that fails is retried as long as the page is open. Meanwhile the
 * room's own clock leads the comments.
 */

import { aheadMs, hlsClock, nativeHlsClock, roomClock } from "../sdk/grandstand.js";

/** @import Hls from "hls.js" */
/** @import {Clock} from "../sdk/grandstand.js" */

const LIVE_BEHIND_MS = 3_000;
const MOST_BEHIND_MORE_S = 12; // a player that fell further behind jumps back
const KEPT_BEHIND_S = 30; // of what was seen: a night's picture must not stay in memory
const RETRY_FIRST_MS = 2_000;
const RETRY_MOST_MS = 30_000;
const RECOVER_EVERY_MS = 5_000;

/** A picture is loading: until it plays, the viewer's moment isn't known. @type {Clock} */
const NOT_YET = { hasPicture: true, read: () => undefined, playing: () => false };

/** @typedef {"none" | "loading" | "playing" | "paused" | "buffering" | "failed" | "ended"} PictureState */

export class Player {
  /** @type {PictureState} */ state = "none";
  #stream = "";
  /** @type {Hls | undefined} */ #hls;
  /** @type {Clock | undefined} */ #clock;
  #attempt = 0;
  #recoveredAt = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;

  /**
   * @param {HTMLVideoElement} video
   * @param {object} options
   * @param {number} [options.behindMs] how far behind live it shall play; about 3 s when absent
   * @param {(clock: Clock) => void} options.onClock the clock that leads from now on
   * @param {(state: PictureState) => void} options.onState
   * @param {() => void} options.onBlocked the browser wants a press before it plays
   */
  constructor(video, { behindMs, onClock, onState, onBlocked }) {
    this.video = video;
    this.behindMs = behindMs;
    this.onClock = onClock;
    this.onState = onState;
    this.onBlocked = onBlocked;
    video.addEventListener("playing", () => this.#began());
    video.addEventListener("waiting", () => this.#stream && this.#become("buffering"));
    video.addEventListener("pause", () => this.#stream && !video.ended && this.#become("paused"));
    video.addEventListener("ended", () => this.#ended());
    video.addEventListener("error", () => this.#stream && !this.#hls && this.#failed());
  }

  /** The room's stream; "" is a room without a picture. @param {string} stream */
  show(stream) {
    if (stream === this.#stream && this.#clock) return;
    this.#stream = stream;
    this.#attempt = 0;
    this.#stop();
    if (stream) {
      this.#lead(NOT_YET);
      void this.#start(stream);
    } else {
      this.#become("none");
      this.#lead(roomClock({ behindMs: this.behindMs ?? 0 }));
    }
  }

  async toggle() {
    if (this.video.paused) await this.play();
    else this.video.pause();
  }

  async play() {
    try {
      await this.video.play();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      // Otherwise another load came between, or it can't be played; an event says so.
      if (error.name === "NotAllowedError") this.onBlocked();
    }
  }

  /**
   * How far the picture can be moved: seconds of the stream, as is where it is now.
   * @returns {{startS: number, endS: number, atS: number, isLive: boolean} | undefined} endS: at live, as
   *   near to it as can be played
   */
  get range() {
    const { seekable, currentTime } = this.video;
    const isShown = this.state === "playing" || this.state === "paused" || this.state === "buffering";
    if (!isShown || seekable.length === 0) return undefined;
    const isLive = this.#hls ? this.#hls.latestLevelDetails?.live !== false : this.video.duration === Infinity;
    const last = seekable.end(seekable.length - 1);
    const live = this.#hls?.liveSyncPosition ?? last - LIVE_BEHIND_MS / 1000;
    return { startS: seekable.start(0), endS: isLive ? live : last, atS: currentTime, isLive };
  }

  /** How much later in the broadcast one second of the stream is than another, in ms. @param {number} fromS @param {number} toS */
  aheadMs(fromS, toS) {
    return aheadMs(this.#hls?.latestLevelDetails ?? { fragments: [] }, fromS, toS);
  }

  /** Move the picture within its range, and let it stay as far behind live. @param {number} toS */
  moveTo(toS) {
    const { range } = this;
    if (!range) return;
    if (range.isLive && toS >= range.endS) return this.goLive();
    if (this.#hls) this.#hls.config.liveMaxLatencyDuration = Infinity;
    this.video.currentTime = Math.max(toS, range.startS);
  }

  /** Go as near to live as the stream allows, whatever delay the address asked for. */
  goLive() {
    this.behindMs = undefined;
    if (!this.#stream || this.state === "failed") return this.#lead(roomClock());
    if (this.#hls) {
      this.#hls.config.liveSyncDuration = LIVE_BEHIND_MS / 1000;
      this.#hls.config.liveMaxLatencyDuration = LIVE_BEHIND_MS / 1000 + MOST_BEHIND_MORE_S;
    }
    const { range } = this;
    if (range?.isLive) this.video.currentTime = range.endS;
    void this.play();
  }

  /** @param {string} stream */
  async #start(stream) {
    this.#become("loading");
    const library = await import("hls.js").catch(() => undefined); // it may not be reachable now
    if (stream !== this.#stream || this.#hls) return; // the room changed it meanwhile
    if (!library) return this.#failed();
    const HlsPlayer = library.default;
    if (HlsPlayer.isSupported()) this.#load(HlsPlayer, stream);
    else {
      this.#lead(nativeHlsClock(this.video));
      this.video.src = stream;
    }
    await this.play();
  }

  /** @param {typeof Hls} HlsPlayer @param {string} stream */
  #load(HlsPlayer, stream) {
    const behindS = (this.behindMs ?? LIVE_BEHIND_MS) / 1000;
    const hls = new HlsPlayer({
      liveSyncDuration: behindS,
      liveMaxLatencyDuration: behindS + MOST_BEHIND_MORE_S,
      maxLiveSyncPlaybackRate: 1.1, // of who is near live; hls.js leaves others alone
      backBufferLength: KEPT_BEHIND_S,
      maxBufferLength: 30,
    });
    this.#hls = hls;
    this.#lead(hlsClock(hls));
    hls.on(HlsPlayer.Events.ERROR, (_, fault) => {
      if (!fault.fatal) return;
      const now = performance.now();
      const again = fault.type === HlsPlayer.ErrorTypes.MEDIA_ERROR && now - this.#recoveredAt > RECOVER_EVERY_MS;
      if (!again) return this.#failed();
      this.#recoveredAt = now;
      hls.recoverMediaError();
    });
    hls.loadSource(stream);
    hls.attachMedia(this.video);
  }

  #began() {
    this.#attempt = 0;
    this.#become("playing");
  }

  /** The broadcast is over. The viewers who are still there can go on talking. */
  #ended() {
    this.#become("ended");
    this.#lead(roomClock({ behindMs: this.behindMs ?? LIVE_BEHIND_MS }));
  }

  #failed() {
    this.#stop();
    this.#become("failed");
    this.#lead(roomClock({ behindMs: this.behindMs ?? LIVE_BEHIND_MS }));
    const stream = this.#stream;
    const waitMs = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    this.#retry = setTimeout(() => void this.#start(stream), waitMs * (0.5 + Math.random() / 2));
  }

  #stop() {
    clearTimeout(this.#retry);
    this.#hls?.destroy();
    this.#hls = undefined;
    if (!this.video.hasAttribute("src")) return;
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** @param {Clock} clock */
  #lead(clock) {
    this.#clock = clock;
    this.onClock(clock);
  }

  /** @param {PictureState} state */
  #become(state) {
    this.state = state;
    this.onState(state);
  }
}
