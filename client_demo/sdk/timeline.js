/**
 * A room as one source tells it, and what of it is due at the viewer's playhead: state and scheduler, fed by
 * the same messages. A viewer has one at live, and another one while the picture is in the past.
 */

import { enter, fold, foldFollowed, recovers } from "./room.js";
import { Scheduler } from "./scheduler.js";
import { RoomTranslations } from "./translations.js";

/** @import {RoomState} from "./room.js" */
/** @import {Comment, Frame, TranslatedComment, Welcome} from "./wire.js" */

/**
 * @typedef {object} Seen
 * @property {number} playhead
 * @property {string} [me] the viewer's id
 * @property {number} [now] the room's clock
 * @property {number} [delayMs] for how long frames may have waited
 */

export class Timeline {
  /** @type {RoomState | undefined} */ state;
  scheduler = new Scheduler();
  translations = new RoomTranslations();

  /**
   * @param {Welcome} welcome
   * @param {Seen} seen
   * @returns {boolean} whether all that was shown before is void
   */
  enter(welcome, seen) {
    const before = this.state;
    const isNew = before !== undefined && before.epoch !== welcome.epoch;
    this.state = enter(welcome, before);
    if (isNew) this.scheduler.clear();
    if (!recovers(welcome, before)) this.translations.clear();
    this.translations.take(welcome.translations);
    if (!recovers(welcome, before)) this.#schedule(welcome.recent, seen, true);
    for (const cue of welcome.cues) this.scheduler.addCue(cue);
    return isNew;
  }

  /**
   * @param {Frame} frame
   * @param {Seen} seen
   * @param {boolean} isHistory its comments were shown before the viewer came
   * @returns {TranslatedComment[]} what is newly known of comments
   */
  fold(frame, seen, isHistory) {
    if (!this.state) return [];
    const { overlays, ...rest } = frame;
    this.translations.retract(frame.retract ?? []);
    this.translations.rewrite([...this.state.overlays.values()], overlays ?? []);
    const translated = this.translations.take(frame.translations);
    // What has no number is told to this viewer alone: the cards of entities that it follows.
    if (overlays && frame.offset === undefined) this.state = foldFollowed(fold(this.state, rest), overlays);
    else this.state = fold(this.state, frame);
    this.#schedule(frame.comments ?? [], seen, isHistory, frame.now);
    for (const cue of frame.cues ?? []) this.scheduler.addCue(cue);
    for (const id of frame.retract ?? []) this.scheduler.retract(id);
    return translated;
  }

  /**
   * @param {readonly Comment[]} comments
   * @param {Seen} seen
   * @param {boolean} history
   * @param {number} [madeAt] programme time of their frame, which may have waited
   */
  #schedule(comments, { playhead, me, now = NaN, delayMs = 0 }, history, madeAt = -Infinity) {
    const notBefore = Math.min(madeAt, now) + delayMs;
    for (const comment of comments) {
      const own = me !== undefined && comment.user === me;
      this.scheduler.add(comment, { playhead, own, history, ...(!own && notBefore > now && { notBefore }) });
    }
  }
}
