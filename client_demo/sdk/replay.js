/**
 * The past of a room, for a viewer whose picture is further behind than the room takes comments from. It
 * folds and schedules the archive's segments around the playhead as frames are at live. It begins anew
 * wherever the picture jumps to, since a state can't be unfolded.
 */

import { SegmentReader } from "./segment_reader.js";
import { Timeline } from "./timeline.js";

const BEYOND_MS = 5_000; // a picture at the edge must not come and go

export class Replay {
  /** What is shown of the past; nothing while the viewer is at live. @type {Timeline | undefined} */ timeline;
  /** @type {SegmentReader | undefined} */ #reader;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {string} options.room
   * @param {() => Promise<string | null | undefined>} options.askToken
   * @param {() => number} options.playhead
   * @param {() => string | undefined} options.me the viewer's id
   * @param {() => void} options.onClear what was shown is void
   * @param {(id: string) => void} options.onRetract a comment was taken back then
   */
  constructor(options) {
    this.options = options;
  }

  /**
   * Follow the picture into the past, within it, and back.
   * @param {number} beyondMs how much further behind live the picture is than anybody who can take part;
   *   NaN while unknown
   * @param {boolean} jumped
   * @returns {boolean} whether it has begun or ended
   */
  look(beyondMs, jumped) {
    const was = this.timeline !== undefined;
    if (beyondMs <= 0) this.close();
    else if (beyondMs > (was || jumped ? 0 : BEYOND_MS) && (jumped || !was)) this.#begin();
    return was !== (this.timeline !== undefined);
  }

  close() {
    this.#reader?.stop();
    this.#reader = undefined;
    this.timeline = undefined;
  }

  #begin() {
    this.close();
    const { me, onClear, onRetract, playhead, ...server } = this.options;
    const timeline = new Timeline();
    this.timeline = timeline;
    this.#reader = new SegmentReader({
      ...server,
      at: Math.round(playhead()),
      playhead,
      onMessage: (message, replayed) => {
        const seen = { playhead: playhead(), me: me() };
        if (message.type === "welcome" && timeline.enter(message, seen)) onClear();
        if (message.type !== "frame") return;
        timeline.fold(message, seen, replayed);
        for (const id of message.retract ?? []) onRetract(id);
      },
    });
    this.#reader.start();
  }
}
