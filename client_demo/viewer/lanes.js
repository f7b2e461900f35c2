/**
 * Which bullets are on screen and where, as a pure function of comments, playhead and options. It
 * measures nothing and paints nothing: widths come in as ems, the stage's size with every question.
 *
 * The comment's id decides a bullet's first lane, as a share of the height. So every viewer of the
 * broadcast sees the bullet in the same place, on a screen of any size. Only if that lane is taken does
 * the bullet try the next lanes that the id gives. All collections (waiting, flying, seen) are bounded.
 */

/** @import {Comment, Mode, Size} from "../sdk/wire.js" */

const FONT_OF_HEIGHT = 1 / 26; // a television across the room: 41 px of 1080
const LEAST_FONT_PX = 15;
const LINE = 1.5; // a lane's height in fonts: the large ones just fit
const SIZES = { small: 0.78, normal: 1, large: 1.35 };
const EDGE_SHARE = 1 / 3; // of the lanes, from their edge, for top and bottom comments
const SCROLL_MS = 8_000;
const LONG_EM = 20; // a text that is longer takes longer to read,
const LONG_MS_PER_EM = 100; // and crosses more slowly
const STILL_MS = 4_000;
const IN_TIME_MS = 50; // a comment that came no later than this starts at its moment or not at all (docs/decisions.md);
const PATIENCE_MS = 1_200; // one that came later, with others in a tick, may queue for a lane this long
const GAP_EM = 1;
const MOST_FLYING = { few: 40, normal: 240, many: 240 };
const MOST_WAITING = 400;
const MOST_SEEN = 2_000;

/**
 * @typedef {"few" | "normal" | "many"} Density few: at most 40; many: they may cover each other
 * @typedef {object} BulletOptions
 * @property {number} size 1 as designed
 * @property {number} speed 1 as designed
 * @property {number} area of the picture's height, from its top: 0 to 1
 * @property {Density} density
 * @property {number} minWeight comments with a lower weight are not shown, except the viewer's own
 */

/** @type {BulletOptions} */
export const DEFAULT_OPTIONS = { size: 1, speed: 1, area: 1, density: "normal", minWeight: 0 };

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
 * @property {boolean} staff
 * @property {number} start programme time at which it enters
 * @property {number} patienceMs how long it may queue for a lane
 * @property {number} flightMs
 * @property {number} widthEm
 * @property {number} lane -1 while it waits
 *
 * @typedef {{width: number, height: number}} Stage px
 * @typedef {{lanes: number, fontPx: number, laneHeight: number, width: number}} Grid
 * @typedef {{id: string, text: string, x: number, y: number, width: number, fontPx: number,
 *   own: boolean, staff: boolean, count: number, color: number, mode: Mode}} Placed x and y of its left centre
 */

/**
 * FNV-1a over the id, mixed once more, so that consecutive ids don't share a lane.
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
 * List the lanes in the order in which an id tries them.
 * @param {string} id
 * @param {number} lanes
 * @returns {number[]}
 */
export function lanesOf(id, lanes) {
  const h = hash(id);
  const first = Math.floor((h / 2 ** 32) * lanes);
  const strides = [1, 5, 7, 11].filter((stride) => coprime(stride, lanes));
  const stride = strides[(h >>> 8) % strides.length] ?? 1;
  return Array.from({ length: lanes }, (_, i) => (first + i * stride) % lanes);
}

/**
 * Divide a stage into lanes.
 * @param {Stage} stage
 * @param {BulletOptions} options
 * @returns {Grid}
 */
export function gridOf(stage, options) {
  const fontPx = Math.max(LEAST_FONT_PX, stage.height * FONT_OF_HEIGHT) * options.size;
  const lanes = Math.max(1, Math.floor((stage.height * options.area) / (fontPx * LINE)));
  return { lanes, fontPx, laneHeight: (stage.height * options.area) / lanes, width: stage.width };
}

export class BulletField {
  /** @type {Bullet[]} */ #waiting = [];
  /** @type {Bullet[]} */ #flying = [];
  /** @type {Set<string>} */ #seen = new Set();
  #options = DEFAULT_OPTIONS;
  /** @type {Grid | undefined} */ #grid;

  /** @param {(text: string) => number} measureEm width of a text in ems */
  constructor(measureEm) {
    this.measureEm = measureEm;
  }

  get sizes() {
    return { waiting: this.#waiting.length, flying: this.#flying.length, seen: this.#seen.size };
  }

  /**
   * Add a comment. One that lies ahead of the playhead waits. One that lies behind starts now. History
   * (from a welcome or a replay) is already on its way, as if it had been seen from the start.
   * @param {Comment} comment
   * @param {{playhead: number, own: boolean, history: boolean}} how
   */
  add(comment, { playhead, own, history }) {
    if (this.#seen.has(comment.id)) return;
    if (!own && comment.weight < this.#options.minWeight) return;
    const start = history ? comment.at : Math.max(comment.at, playhead);
    const bullet = bulletOf(comment, own, start, this.measureEm, this.#options.speed);
    if (playhead - comment.at > IN_TIME_MS) bullet.patienceMs = PATIENCE_MS;
    if (start + bullet.flightMs <= playhead) return;
    this.#remember(comment.id);
    this.#waiting.push(bullet);
    if (this.#waiting.length > MOST_WAITING) dropLeast(this.#waiting, playhead);
  }

  /** Takes a comment off the screen at once. @param {string} id */
  retract(id) {
    this.#remember(id); // it may still arrive in another message
    this.#waiting = this.#waiting.filter((bullet) => bullet.id !== id);
    this.#flying = this.#flying.filter((bullet) => bullet.id !== id);
  }

  /** Use these options from now on. @param {BulletOptions} options */
  configure(options) {
    this.#options = options;
    const worth = (/** @type {Bullet} */ one) => one.own || one.weight >= options.minWeight;
    this.#waiting = this.#waiting.filter(worth);
    this.#flying = this.#flying.filter(worth);
  }

  /** Forget all bullets: a new epoch began, where ids start over, or the picture jumped. */
  clear() {
    this.#waiting = [];
    this.#flying = [];
    this.#seen.clear();
  }

  /**
   * Return what to paint now.
   * @param {number} playhead
   * @param {Stage} stage px
   * @returns {Placed[]}
   */
  at(playhead, stage) {
    const grid = gridOf(stage, this.#options);
    const lasts = (/** @type {Bullet} */ one) => playhead < one.start + one.flightMs;
    this.#flying = this.#flying.filter(lasts);
    this.#settle(grid, playhead);
    this.#waiting = this.#waiting.filter(lasts);
    const due = this.#waiting.filter((one) => one.start <= playhead);
    if (due.length > 0) {
      due.sort((a, b) => Number(b.own) - Number(a.own) || b.weight - a.weight || a.start - b.start);
      const launched = new Set(due.filter((one) => this.#launch(one, playhead, grid)));
      this.#waiting = this.#waiting.filter(
        (one) => !launched.has(one) && playhead < one.start + one.patienceMs,
      );
    }
    return this.#flying.map((one) => placedAt(one, playhead, grid));
  }

  /**
   * Fit the bullets to a stage of another size, where lengths and lanes differ. Each keeps its height
   * if it covers no other there, else it takes another lane. Where there are not enough lanes, the newest
   * bullets leave the stage.
   * @param {Grid} grid
   * @param {number} playhead
   */
  #settle(grid, playhead) {
    const before = this.#grid;
    this.#grid = grid;
    if (!before || (before.lanes === grid.lanes && before.fontPx === grid.fontPx && before.width === grid.width))
      return;
    const byAge = this.#flying.sort((a, b) => Number(b.own) - Number(a.own) || a.start - b.start);
    this.#flying = [];
    for (const one of byAge) {
      const height = Math.floor(((one.lane + 0.5) / before.lanes) * grid.lanes);
      const lane = this.#free(one, [height, ...linesOf(one, grid.lanes)], playhead, grid);
      if (lane === undefined && !one.own && this.#options.density !== "many") continue;
      one.lane = lane ?? height;
      this.#flying.push(one);
    }
    this.#flying.sort((a, b) => a.start - b.start);
  }

  /**
   * Find the first lane in which a bullet never covers another from now on.
   * @param {Bullet} bullet @param {readonly number[]} order @param {number} playhead @param {Grid} grid
   */
  #free(bullet, order, playhead, grid) {
    const within = (/** @type {readonly Bullet[]} */ rivals) =>
      order.find((lane) => rivals.every((one) => one.lane !== lane || apart(one, bullet, playhead, grid)));
    if (bullet.mode === "scroll") return within(this.#flying);
    // If the middle is never free, a standing bullet is painted over those that pass.
    return within(this.#flying) ?? within(this.#flying.filter((other) => other.mode !== "scroll"));
  }

  /** @param {Bullet} bullet @param {number} playhead @param {Grid} grid */
  #launch(bullet, playhead, grid) {
    const { density } = this.#options;
    if (this.#flying.length >= MOST_FLYING[density] && !bullet.own) return false;
    // A bullet that joins in mid-flight keeps its start; one that waited for a lane starts when it gets one.
    const due = bullet.start;
    if (playhead - due <= PATIENCE_MS && !bullet.own) bullet.start = playhead;
    const order = linesOf(bullet, grid.lanes);
    const lane = this.#free(bullet, order, playhead, grid);
    if (lane === undefined && !bullet.own && density !== "many") {
      bullet.start = due; // its patience still runs out
      return false;
    }
    bullet.lane = lane ?? order[0] ?? 0; // viewers always see their own comments
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
 * @param {(text: string) => number} measureEm @param {number} speed
 * @returns {Bullet}
 */
function bulletOf(comment, own, start, measureEm, speed) {
  const count = comment.count ?? 1;
  const mode = comment.mode ?? "scroll";
  const widthEm = measureEm(withCount(comment.text, count));
  const crossMs = SCROLL_MS + Math.max(0, widthEm - LONG_EM) * LONG_MS_PER_EM;
  return {
    id: comment.id,
    text: comment.text,
    mode,
    size: comment.size ?? "normal",
    color: comment.color ?? 0xffffff,
    weight: comment.weight ?? 0,
    count,
    own,
    staff: comment.role !== undefined,
    start,
    patienceMs: 0,
    flightMs: mode === "scroll" ? crossMs / speed : STILL_MS,
    widthEm,
    lane: -1,
  };
}

/** Add the number of merged comments to a text. @param {string} text @param {number} count */
export function withCount(text, count) {
  return count > 1 ? `${text} ×${count}` : text;
}

/** The lanes a bullet may take, counted from the top, in its own order. @param {Bullet} bullet @param {number} lanes */
function linesOf(bullet, lanes) {
  if (bullet.mode === "scroll") return lanesOf(bullet.id, lanes);
  const edge = lanesOf(bullet.id, Math.max(1, Math.round(lanes * EDGE_SHARE)));
  return bullet.mode === "top" ? edge : edge.map((lane) => lanes - 1 - lane);
}

/** Shrink a standing bullet that is wider than the stage. @param {Bullet} bullet @param {Grid} grid */
function fontPx(bullet, grid) {
  const font = grid.fontPx * SIZES[bullet.size];
  return bullet.mode === "scroll" ? font : Math.min(font, (grid.width * 0.96) / bullet.widthEm);
}

/** @param {Bullet} bullet @param {number} playhead @param {Grid} grid */
function leftEdge(bullet, playhead, grid) {
  const width = bullet.widthEm * fontPx(bullet, grid);
  if (bullet.mode !== "scroll") return (grid.width - width) / 2;
  return grid.width - ((playhead - bullet.start) / bullet.flightMs) * (grid.width + width);
}

/**
 * Whether two bullets in one lane never touch from now on, while both are on screen.
 * @param {Bullet} first @param {Bullet} second @param {number} playhead @param {Grid} grid
 */
function apart(first, second, playhead, grid) {
  const from = Math.max(first.start, second.start, playhead);
  const until = Math.min(first.start + first.flightMs, second.start + second.flightMs);
  if (until <= from) return true;
  const gap = GAP_EM * fontPx(second, grid);
  const a = [span(first, from, grid), span(first, until, grid)];
  const b = [span(second, from, grid), span(second, until, grid)];
  // Both move evenly: if they are apart, on the same side, at both ends, they are apart throughout.
  const before = a.every((one, i) => one.right + gap <= (b[i]?.left ?? 0));
  return before || a.every((one, i) => one.left >= (b[i]?.right ?? 0) + gap);
}

/** @param {Bullet} bullet @param {number} when @param {Grid} grid */
function span(bullet, when, grid) {
  const left = leftEdge(bullet, when, grid);
  return { left, right: left + bullet.widthEm * fontPx(bullet, grid) };
}

/** @param {Bullet} bullet @param {number} playhead @param {Grid} grid @returns {Placed} */
function placedAt(bullet, playhead, grid) {
  const { id, text, own, staff, count, color, mode } = bullet;
  const font = fontPx(bullet, grid);
  const x = leftEdge(bullet, playhead, grid);
  const y = (bullet.lane + 0.5) * grid.laneHeight;
  const width = bullet.widthEm * font;
  return { id, text, own, staff, count, color, mode, x, y, width, fontPx: font };
}

/** Drop waiting bullets beyond the limit: those whose flight is over first, then those of the lowest weight. @param {Bullet[]} waiting @param {number} playhead */
function dropLeast(waiting, playhead) {
  const over = waiting.findIndex((one) => one.start + one.flightMs <= playhead);
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
