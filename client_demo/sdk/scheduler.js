/**
 * Comments and cues wait here until the viewer's playhead reaches their `at`. Pure: it takes items and
 * the playhead. Each id comes out once, however often it arrived. All collections are bounded. Items that
 * were due long before anybody looked (a page in the background, old comments of a welcome) are dropped.
 * Recently shown comments are remembered, so that they come again when the picture is wound back.
 *
 * Comments that are late and came together, since their frames waited at the server, appear as far apart as
 * their frames were made: each waits until its own moment (`notBefore`), whatever the picture does.
 *
 * It also measures how well items meet the picture: the distance between an item's `at` and the playhead
 * when it was shown. An item that is shown where it would be by now (history, a page that was in the
 * background) doesn't count.
 */

/** @import {Comment, Cue} from "./wire.js" */

const TOO_OLD_MS = 10_000; // a bullet crosses the screen in less
const PLACED_MS = 500; // an item that was due so long ago is shown where it would be by now
const MOST_WAITING = 4_000; // a minute at 60 a second, twice what a room shows by default
const KEPT_WHEN_FULL = 3_000;
const MOST_SHOWN = 2_000;
const MOST_SEEN = 10_000;

/**
 * @typedef {object} Item
 * @property {Comment} comment
 * @property {boolean} own
 * @property {boolean} history
 * @property {number} dueAt programme time: its `at`, or the playhead at which it came if that was later
 *
 * @typedef {{item: Item, notBefore: number}} Late
 * @typedef {{comment: Comment, own: boolean, lateMs: number, history: boolean}} DueComment
 * @typedef {{cue: Cue, lateMs: number}} DueCue
 */

export class Scheduler {
  /** @type {Item[]} by `at` */ #waiting = [];
  /** @type {Late[]} by `notBefore` */ #late = [];
  /** @type {Cue[]} by `at` */ #cues = [];
  /** @type {Item[]} the last ones, in the order shown */ #shown = [];
  /** @type {Set<string>} */ #seen = new Set();
  /** @type {Set<string>} */ #seenCues = new Set();
  /** @type {number | undefined} */ #furthestMs;

  get sizes() {
    return {
      waiting: this.#waiting.length + this.#late.length + this.#cues.length,
      shown: this.#shown.length,
      seen: this.#seen.size + this.#seenCues.size,
    };
  }

  /**
   * Add a comment from a frame or a welcome.
   * @param {Comment} comment
   * @param {{playhead: number, own: boolean, history: boolean, notBefore?: number}} how notBefore:
   *   programme time at which it appears if it is late
   */
  add(comment, { playhead, own, history, notBefore }) {
    if (!remember(this.#seen, comment.id)) return;
    const late = !history && playhead > comment.at;
    const item = { comment, own, history, dueAt: late ? playhead : comment.at };
    if (late && notBefore !== undefined && this.#late.length < MOST_WAITING)
      return insert(this.#late, { item, notBefore }, (one) => one.notBefore);
    insert(this.#waiting, item, atOf);
    if (this.#waiting.length > MOST_WAITING) this.#waiting = best(this.#waiting);
  }

  /**
   * Show the viewer's own comment at its ack, unless its frame came first.
   * @param {Comment} comment
   * @param {number} playhead
   * @returns {DueComment[]}
   */
  own(comment, playhead) {
    const waits = this.#waiting.findIndex((item) => item.comment.id === comment.id);
    if (waits >= 0) this.#waiting.splice(waits, 1);
    else if (!remember(this.#seen, comment.id)) return [];
    const item = { comment, own: true, history: false, dueAt: comment.at };
    this.#show(item);
    const lateMs = lateness(comment.at, playhead);
    if (!Number.isNaN(playhead)) this.#measure(lateMs);
    return [{ comment, own: true, history: false, lateMs }];
  }

  /** Return the largest distance since the last call, in ms; nothing if nothing was shown. */
  takeSync() {
    const furthestMs = this.#furthestMs;
    this.#furthestMs = undefined;
    return furthestMs;
  }

  /** @param {Cue} cue */
  addCue(cue) {
    if (remember(this.#seenCues, cue.id)) insert(this.#cues, cue, (one) => one.at);
    if (this.#cues.length > MOST_WAITING) this.#cues.shift();
  }

  /** Don't show that comment, now or when it arrives. @param {string} id */
  retract(id) {
    remember(this.#seen, id);
    this.#waiting = this.#waiting.filter((item) => item.comment.id !== id);
    this.#late = this.#late.filter(({ item }) => item.comment.id !== id);
    this.#shown = this.#shown.filter((item) => item.comment.id !== id);
  }

  /** Forget everything: a new epoch began, where ids start over. */
  clear() {
    this.#waiting = [];
    this.#late = [];
    this.#cues = [];
    this.#shown = [];
    this.#seen.clear();
    this.#seenCues.clear();
  }

  /**
   * The picture jumped. Comments of this moment are due again as history. Those that lie ahead wait
   * again. Those further back are dropped. Cues are not repeated.
   * @param {number} playhead
   */
  jump(playhead) {
    const late = this.#late.map(({ item }) => item);
    const again = [...this.#waiting, ...late, ...this.#shown].filter(
      (item) => item.comment.at > playhead - TOO_OLD_MS,
    );
    this.#late = [];
    this.#shown = [];
    this.#waiting = again
      .map((item) => ({ ...item, history: item.history || item.comment.at <= playhead, dueAt: item.comment.at }))
      .sort((a, b) => a.comment.at - b.comment.at);
  }

  /**
   * Return the items that the playhead reached since the last call.
   * @param {number} playhead NaN while unknown: nothing is due
   * @param {{hidden?: boolean, now?: number}} [page] while nobody looks, comments wait and grow old; cues
   *   don't. now: the room's clock
   * @returns {{comments: DueComment[], cues: DueCue[]}}
   */
  due(playhead, { hidden = false, now = Infinity } = {}) {
    for (const { item } of this.#late.splice(0, reached(this.#late, now, (one) => one.notBefore)))
      insert(this.#waiting, playhead > item.dueAt ? { ...item, dueAt: playhead } : item, atOf);
    const cues = this.#cues.splice(0, reached(this.#cues, playhead, (cue) => cue.at));
    const items = this.#waiting.slice(0, reached(this.#waiting, playhead, atOf));
    const fresh = items.filter((item) => playhead - item.dueAt <= TOO_OLD_MS);
    if (hidden) {
      if (fresh.length < items.length) this.#waiting.splice(0, items.length, ...fresh);
    } else {
      this.#waiting.splice(0, items.length);
      for (const item of fresh) this.#show(item);
    }
    const due = {
      comments: hidden ? [] : fresh.map((item) => dueOf(item, playhead)),
      cues: cues.map((cue) => ({ cue, lateMs: playhead - cue.at })),
    };
    for (const { lateMs, history } of due.comments) if (!history) this.#measure(lateMs);
    for (const { lateMs } of hidden ? [] : due.cues) if (lateMs <= TOO_OLD_MS) this.#measure(lateMs);
    return due;
  }

  /** @param {number} lateMs */
  #measure(lateMs) {
    this.#furthestMs = Math.max(this.#furthestMs ?? 0, Math.round(Math.abs(lateMs)));
  }

  /** @param {Item} item */
  #show(item) {
    this.#shown.push(item);
    if (this.#shown.length > 2 * MOST_SHOWN) this.#shown = this.#shown.slice(-MOST_SHOWN);
  }
}

/** @param {Item} item @param {number} playhead @returns {DueComment} */
function dueOf({ comment, own, history, dueAt }, playhead) {
  const placed = history || playhead - dueAt > PLACED_MS;
  return { comment, own, history: placed, lateMs: lateness(comment.at, playhead) };
}

/** @param {Item} item */
function atOf(item) {
  return item.comment.at;
}

/** @param {number} at @param {number} playhead */
function lateness(at, playhead) {
  return Number.isNaN(playhead) ? 0 : playhead - at;
}

/** Insert an item by its `at`, behind those with the same. @template T @param {T[]} items @param {T} item @param {(item: T) => number} at */
function insert(items, item, at) {
  let index = items.length;
  while (index > 0 && at(/** @type {T} */ (items[index - 1])) > at(item)) index -= 1;
  items.splice(index, 0, item);
}

/** @template T @param {readonly T[]} items @param {number} playhead @param {(item: T) => number} at */
function reached(items, playhead, at) {
  const ahead = items.findIndex((item) => !(at(item) <= playhead));
  return ahead < 0 ? items.length : ahead;
}

/** Keep the viewer's own comments and those of the highest weight, in their order. @param {Item[]} items */
function best(items) {
  const worth = (/** @type {Item} */ item) => (item.own ? Infinity : item.comment.weight);
  const kept = new Set([...items].sort((a, b) => worth(b) - worth(a)).slice(0, KEPT_WHEN_FULL));
  return items.filter((item) => kept.has(item));
}

/** @param {Set<string>} seen @param {string} id @returns {boolean} whether it is new */
function remember(seen, id) {
  if (seen.has(id)) return false;
  seen.add(id);
  const [oldest] = seen.size > MOST_SEEN ? seen : [];
  if (oldest !== undefined) seen.delete(oldest);
  return true;
}
