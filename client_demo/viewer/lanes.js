/**
 * Which bullets are on screen and where, as a pure function of comments and the playhead. Measures
 * nothing and paints nothing: widths come in as ems, the stage's size with every question.
 *
 * A bullet's first lane is given by its comment's id, so that every viewer of the same broadcast
 * sees it in the same place; only where that lane is taken does it try the next ones the id gives.
 * Nothing grows: what waits, what flies and what was seen are all bounded.
 */

/** @import {Comment, Mode, Size} from "../sdk/wire.js" */

export const LANES = 12;
const ROWS = LANES + 1; // the lowest one is the clock's
const EDGE_LANES = 4; // of top and bottom comments, from their edge
const SCROLL_MS = 8_000;
const STILL_MS = 4_000;
const PATIENCE_MS = 1_200; // a tick brings several at once: they may queue for a lane this long
const GAP_EM = 1;
const MOST_FLYING = 120;
const MOST_WAITING = 400;
const MOST_SEEN = 2_000;
const SIZES = { small: 0.46, normal: 0.6, large: 0.8 }; // of a lane's height

/**
 * @typedef {object} Bullet
 * @property {string} id
 * @property {string} text
 * @property {Mode} mode
 * @property {Size} size
 * @property {number} color
 * @property {number} weight
 * @property {number} count
 * @property {boolean} own
 * @property {number} start programme time at which it enters
 * @property {number} widthEm
 * @property {number} lane -1 while it waits
 *
 * @typedef {{width: number, height: number}} Stage
 * @typedef {{id: string, text: string, x: number, y: number, width: number, fontPx: number,
 *   own: boolean, count: number, color: number, mode: Mode}} Placed x and y of its left centre
 */

/**
 * FNV-1a over the id, stirred once more: ids that follow each other should not share a lane.
 * @param {string} id
 * @returns {number} unsigned 32 bits
 */
export function hash(id) {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/**
 * The lanes an id may take, in its own order; the first is the one it takes when it can.
 * @param {string} id
 * @param {number} lanes
 * @returns {number[]}
 */
export function lanesOf(id, lanes) {
  const h = hash(id);
  const strides = [1, 5, 7, 11].filter((stride) => coprime(stride, lanes));
  const stride = strides[(h >>> 8) % strides.length] ?? 1;
  return Array.from({ length: lanes }, (_, i) => ((h % lanes) + i * stride) % lanes);
}

export class BulletField {
  /** @type {Bullet[]} */ #waiting = [];
  /** @type {Bullet[]} */ #flying = [];
  /** @type {Set<string>} */ #seen = new Set();

  /** @param {(text: string) => number} measureEm width of a text in ems */
  constructor(measureEm) {
    this.measureEm = measureEm;
  }

  get sizes() {
    return { waiting: this.#waiting.length, flying: this.#flying.length, seen: this.#seen.size };
  }

  /**
   * A comment arrived. One that is ahead waits; one that is behind starts now, unless it is history
   * (brought by a welcome or a replay), which is as far on its way as it would be had it been seen.
   * @param {Comment} comment
   * @param {{playhead: number, own: boolean, history: boolean}} how
   */
  add(comment, { playhead, own, history }) {
    if (this.#seen.has(comment.id)) return;
    const start = history ? comment.at : Math.max(comment.at, playhead);
    const bullet = bulletOf(comment, own, start, this.measureEm);
    if (start + flightMs(bullet) <= playhead) return;
    this.#remember(comment.id);
    this.#waiting.push(bullet);
    if (this.#waiting.length > MOST_WAITING) dropLeast(this.#waiting, playhead);
  }

  /** Takes a comment off the screen at once. @param {string} id */
  retract(id) {
    this.#remember(id); // it may still arrive, by another way
    this.#waiting = this.#waiting.filter((bullet) => bullet.id !== id);
    this.#flying = this.#flying.filter((bullet) => bullet.id !== id);
  }

  /** A new epoch: ids start over. */
  clear() {
    this.#waiting = [];
    this.#flying = [];
    this.#seen.clear();
  }

  /**
   * What to paint now.
   * @param {number} playhead
   * @param {Stage} stage px
   * @returns {Placed[]}
   */
  at(playhead, stage) {
    const lasts = (/** @type {Bullet} */ one) => playhead < one.start + flightMs(one);
    this.#flying = this.#flying.filter(lasts);
    this.#waiting = this.#waiting.filter(lasts);
    const due = this.#waiting.filter((one) => one.start <= playhead);
    if (due.length > 0) {
      due.sort((a, b) => Number(b.own) - Number(a.own) || b.weight - a.weight || a.start - b.start);
      const launched = new Set(due.filter((one) => this.#launch(one, playhead, stage)));
      this.#waiting = this.#waiting.filter(
        (one) => !launched.has(one) && playhead < one.start + PATIENCE_MS,
      );
    }
    return this.#flying.map((one) => place(one, playhead, stage));
  }

  /** @param {Bullet} bullet @param {number} playhead @param {Stage} stage */
  #launch(bullet, playhead, stage) {
    if (this.#flying.length >= MOST_FLYING && !bullet.own) return false;
    // One that joins in mid-flight keeps its start, one that waited for a lane starts when it has it.
    if (playhead - bullet.start <= PATIENCE_MS && !bullet.own) bullet.start = playhead;
    const order = linesOf(bullet);
    const free = (/** @type {Bullet[]} */ rivals) =>
      order.find((lane) => rivals.every((one) => one.lane !== lane || apart(one, bullet, stage)));
    const still = this.#flying.filter((other) => other.mode !== "scroll");
    // Where the middle is never free, one that stands still stands over those that pass.
    const lane = free(this.#flying) ?? (bullet.mode === "scroll" ? undefined : free(still));
    if (lane === undefined && !bullet.own) return false;
    bullet.lane = lane ?? order[0] ?? 0; // one's own comment one always sees
    this.#flying.push(bullet);
    return true;
  }

  /** @param {string} id */
  #remember(id) {
    this.#seen.add(id);
    if (this.#seen.size <= MOST_SEEN) return;
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest);
      break;
    }
  }
}

/**
 * @param {Comment} comment @param {boolean} own @param {number} start
 * @param {(text: string) => number} measureEm
 * @returns {Bullet}
 */
function bulletOf(comment, own, start, measureEm) {
  const count = comment.count ?? 1;
  return {
    id: comment.id,
    text: comment.text,
    mode: comment.mode ?? "scroll",
    size: comment.size ?? "normal",
    color: comment.color ?? 0xffffff,
    weight: comment.weight ?? 0,
    count,
    own,
    start,
    widthEm: measureEm(count > 1 ? `${comment.text} ×${count}` : comment.text),
    lane: -1,
  };
}

/** The lanes a bullet may take, counted from the top, in its own order. @param {Bullet} bullet */
function linesOf(bullet) {
  if (bullet.mode === "scroll") return lanesOf(bullet.id, LANES);
  const edge = lanesOf(bullet.id, EDGE_LANES);
  return bullet.mode === "top" ? edge : edge.map((lane) => LANES - 1 - lane);
}

/** @param {Bullet} bullet */
function flightMs(bullet) {
  return bullet.mode === "scroll" ? SCROLL_MS : STILL_MS;
}

/** One that stands still is set smaller if it would not fit. @param {Bullet} bullet @param {Stage} stage */
function fontPx(bullet, stage) {
  const font = (stage.height / ROWS) * SIZES[bullet.size];
  return bullet.mode === "scroll" ? font : Math.min(font, (stage.width * 0.96) / bullet.widthEm);
}

/** @param {Bullet} bullet @param {number} playhead @param {Stage} stage */
function leftEdge(bullet, playhead, stage) {
  const width = bullet.widthEm * fontPx(bullet, stage);
  if (bullet.mode !== "scroll") return (stage.width - width) / 2;
  return stage.width - ((playhead - bullet.start) / SCROLL_MS) * (stage.width + width);
}

/**
 * Whether two in one lane never touch while both are on screen.
 * @param {Bullet} first @param {Bullet} second @param {Stage} stage
 */
function apart(first, second, stage) {
  const from = Math.max(first.start, second.start);
  const until = Math.min(first.start + flightMs(first), second.start + flightMs(second));
  if (until <= from) return true;
  const gap = GAP_EM * fontPx(second, stage);
  const a = [span(first, from, stage), span(first, until, stage)];
  const b = [span(second, from, stage), span(second, until, stage)];
  // Both move evenly, so being apart on the same side at both ends is being apart throughout.
  const before = a.every((one, i) => one.right + gap <= (b[i]?.left ?? 0));
  return before || a.every((one, i) => one.left >= (b[i]?.right ?? 0) + gap);
}

/** @param {Bullet} bullet @param {number} when @param {Stage} stage */
function span(bullet, when, stage) {
  const left = leftEdge(bullet, when, stage);
  return { left, right: left + bullet.widthEm * fontPx(bullet, stage) };
}

/** @param {Bullet} bullet @param {number} playhead @param {Stage} stage @returns {Placed} */
function place(bullet, playhead, stage) {
  const { id, text, own, count, color, mode } = bullet;
  const laneHeight = stage.height / ROWS;
  const font = fontPx(bullet, stage);
  const x = leftEdge(bullet, playhead, stage);
  const width = bullet.widthEm * font;
  return { id, text, own, count, color, mode, x, y: (bullet.lane + 0.5) * laneHeight, width, fontPx: font };
}

/** Too many wait: those whose flight is over go first, then the least. @param {Bullet[]} waiting @param {number} playhead */
function dropLeast(waiting, playhead) {
  const over = waiting.findIndex((one) => one.start + flightMs(one) <= playhead);
  const least = waiting.reduce(
    (low, one, i) => (!one.own && one.weight < (waiting[low]?.weight ?? 0) ? i : low),
    0,
  );
  waiting.splice(over >= 0 ? over : least, 1);
}

/** @param {number} a @param {number} b @returns {boolean} */
function coprime(a, b) {
  return b === 0 ? a === 1 : coprime(b, a % b);
}
