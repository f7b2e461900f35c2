/**
 * A room by snapshot and segments, as caches serve them, sans I/O. Each method takes what happened and the
 * local time, and returns what to do. segment_reader.js is the thin shell around it.
 *
 * The index says where the state is and which segments there are. From there on each segment names the
 * next one. At live the next one is asked for once it must have been cut; the index comes again every five
 * seconds, for the latest values, and since it alone tells of a hole, of a segment that was cut again, and
 * of a new epoch. In the past (`at`) segments are read as far as the playhead needs them.
 *
 * Who wants a language of the room reads the segments that have its translations.
 *
 * Nothing here goes backwards: an index that is older than the one before, or of an epoch that is over, is
 * what a cache kept too long. Then another address of the same index is asked, which it hasn't kept.
 */

import { backoffMs } from "./backoff.js";
import { ProgrammeClock } from "./clock.js";
import { roomPath } from "./http.js";
import { languageOf } from "./language.js";
import { NO_TIME, readIndex, readSegment, readSnapshot } from "./reading.js";

/** @import {Status} from "./connection.js" */
/** @import {Frame, SegmentEntry, SegmentFile, SegmentIndex, Snapshot, Welcome} from "./wire.js" */

const INDEX_EVERY_MS = 5_000;
const CUT_MS = 1_250; // after a segment's end it is cut, also where nothing happens; caches keep a 404 for a second
const NOT_YET_MS = 500; // before a segment that wasn't there is asked for again, at least
const AT_ONCE = 6; // segments on their way, as many as a browser's connections to a host
const AHEAD_MS = 10_000; // in the past, what is there before the playhead needs it
const STALE_MS = 60_000; // no cache that keeps to `max-age=1` is so late
const MOST_LEFT = 20;
const TRANSLATED_MS = 4_000; // by contract: so much later a segment with translations is cut
const NAME = /\/([^/]+)\/(\d+)(?:-\d+)?(?:\.[A-Za-z0-9-]+)?\.msgpack$/;

/** For how long a frame may wait until it is here: two seconds of its segment, the cut, the way. */
const DELAY_MS = 4_000;

/**
 * @typedef {{kind: "index" | "snapshot" | "segment", path: string, n: number}} Request n: of a segment
 * @typedef {{status: number, code: string, message: string, retryAfterMs?: number}} Failure status 0:
 *   the server could not be reached
 * @typedef {{do: "get", request: Request}
 *   | {do: "status", status: Status}
 *   | {do: "message", message: Welcome | Frame, replayed: boolean}
 *   | {do: "latest", frame: Frame, heardAt: number}} Effect latest: for playheads that have passed its `now`
 * @typedef {{epoch: string, n: number, url: string}} Place
 */

export class Segments {
  /** @type {Status} */ status = { phase: "connecting" };
  /** What was passed on. @type {{epoch: string, offset: number} | undefined} */ position;
  #clock = new ProgrammeClock();
  /** @type {SegmentIndex | undefined} */ #index;
  /** @type {Place | undefined} the segment to pass on next */ #next;
  /** @type {Welcome | undefined} */ #entered;
  /** @type {Map<number, SegmentFile>} segments whose turn has not come */ #waiting = new Map();
  /** @type {Set<string>} paths */ #asked = new Set();
  /** @type {Set<string>} epochs that are over */ #left = new Set();
  #indexAt = -Infinity;
  #indexHeardAt = NaN;
  /** @type {number | undefined} as `at` of the next index */ #askFresh;
  #isDoubted = false;
  #notYetUntil = -Infinity;
  #retryAt = -Infinity;
  #attempt = 0;
  #paused = false;
  /** @type {string | undefined} of the room's languages the one that is read */ #language;
  #joinedAt; // programme time: what happened before is history

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {number} [options.at] programme time, in the past; absent at live
   * @param {string} [options.lang] BCP 47
   * @param {() => number} [options.random] 0 to 1
   */
  constructor({ room, at, lang, random = Math.random }) {
    this.room = room;
    this.lang = lang;
    this.at = at;
    this.#joinedAt = at ?? 0;
    this.random = random;
  }

  /**
   * Call it a few times a second.
   * @param {number} now
   * @param {number} [playhead] in the past: how far the viewer is
   * @returns {Effect[]}
   */
  tick(now, playhead = NaN) {
    if (this.#paused || this.status.phase === "ended" || now < this.#retryAt) return [];
    const index = now >= this.#indexAt ? [this.#indexRequest(now, playhead)] : [];
    const wanted = [...index, ...this.#due(now, playhead)].filter(({ path }) => !this.#asked.has(path));
    for (const { path } of wanted) this.#asked.add(path);
    return wanted.map((request) => ({ do: "get", request }));
  }

  /**
   * @param {number} now
   * @param {Request} request
   * @param {unknown} body as decoded
   * @param {number} wall this machine's idea of the time, in ms since the Unix epoch
   * @returns {Effect[]}
   */
  answered(now, request, body, wall) {
    if (!this.#asked.delete(request.path)) return [];
    this.#attempt = 0;
    const { kind } = request;
    const index = kind === "index" ? readIndex(body) : undefined;
    const snapshot = kind === "snapshot" ? readSnapshot(body) : undefined;
    const segment = kind === "segment" ? readSegment(body) : undefined;
    if (index) return this.#takeIndex(now, index);
    if (snapshot) return this.position || this.#wantsIn(snapshot) ? [] : this.#enter(now, snapshot, wall);
    if (!segment) return this.#lose(now, { status: 0, code: "", message: "" }); // a gateway's page
    this.#clock.observe(now, segment.until);
    if (this.#next && request.n >= this.#next.n) this.#waiting.set(request.n, segment);
    return [...this.#become("live"), ...this.#pass()];
  }

  /**
   * @param {number} now
   * @param {Request} request
   * @param {Failure} failure
   * @returns {Effect[]}
   */
  failed(now, { kind, path }, failure) {
    if (!this.#asked.delete(path)) return [];
    const { status, code, message, retryAfterMs } = failure;
    if (code === "unknown_room") return this.#end(4004, message);
    if (status === 401) return this.#end(3000, message);
    if (status === 403) return this.#end(3003, message);
    if (kind === "index") this.#indexAt = now + (this.#next ? INDEX_EVERY_MS : 0);
    if (status !== 404 || kind === "index") return this.#lose(now, failure);
    this.#notYetUntil = now + Math.max(NOT_YET_MS, retryAfterMs ?? 0);
    // What will never be there is a hole, was cut again, or is of an epoch that is over.
    if (retryAfterMs === undefined) this.#indexAt = Math.min(this.#indexAt, this.#notYetUntil);
    if (kind === "snapshot") this.#indexAt = this.#notYetUntil;
    return [];
  }

  /** A socket takes over: ask for nothing until `resume`. */
  pause() {
    this.#paused = true;
    this.#forget();
  }

  /**
   * Go on after what a socket brought, or begin anew.
   * @param {number} now
   * @param {{epoch: string, offset: number}} [position]
   */
  resume(now, position) {
    if (!this.#paused) return;
    this.#paused = false;
    this.#indexAt = now;
    this.position = position && { ...position };
  }

  /** Read another language (BCP 47) from now on, "" for none: begin anew. @param {number} now @param {string} lang */
  speak(now, lang) {
    this.lang = lang;
    this.#language = undefined;
    if (this.#paused) return;
    this.#begin();
    this.#indexAt = now;
  }

  /** For how long frames may have waited, in ms. */
  get delayMs() {
    return DELAY_MS + (this.#language === undefined ? 0 : TRANSLATED_MS);
  }

  /** Whether the snapshot is to be read again, in the viewer's language. @param {Snapshot} snapshot */
  #wantsIn({ settings }) {
    const before = this.#language;
    this.#language = languageOf(this.lang, settings.languages ?? []);
    return this.#language !== undefined && this.#language !== before;
  }

  /** Return the path in the viewer's language. @param {string} path */
  #spoken(path) {
    const lang = this.#language;
    return lang === undefined ? path : path.replace(/(\/\d+(?:-\d+)?)(?:\.[A-Za-z0-9-]+)?\.msgpack$/, `$1.${lang}.msgpack`);
  }

  // --- what to ask for ---------------------------------------------------------------------------

  /** @param {number} now @param {number} playhead @returns {Request} */
  #indexRequest(now, playhead) {
    const path = roomPath(this.room, "/segments");
    const at = this.at === undefined ? this.#askFresh : Math.max(this.#next ? this.#next.n * (this.#index?.duration ?? 0) : this.at, playhead || 0);
    this.#askFresh = undefined;
    this.#indexAt = now + INDEX_EVERY_MS;
    return { kind: "index", path: at === undefined ? path : `${path}?at=${Math.floor(at / 1000) * 1000}`, n: NaN };
  }

  /** @param {number} now @param {number} playhead @returns {Request[]} */
  #due(now, playhead) {
    const index = this.#index;
    if (!index || now < this.#notYetUntil) return [];
    if (!this.#next) return this.position ? [] : [{ kind: "snapshot", path: this.#spoken(index.snapshot), n: NaN }];
    /** @type {Request[]} */ const requests = [];
    let place = /** @type {Place | undefined} */ (this.#next);
    while (place && place.n < this.#next.n + AT_ONCE && this.#isDue(place, now, playhead)) {
      if (!this.#waiting.has(place.n)) requests.push({ kind: "segment", path: this.#spoken(place.url), n: place.n });
      place = this.#listed({ ...place, n: place.n + 1 });
    }
    return requests;
  }

  /** @param {Place} place @param {number} now @param {number} playhead */
  #isDue(place, now, playhead) {
    const index = /** @type {SegmentIndex} */ (this.#index);
    if (this.at !== undefined) return place.n * index.duration <= (playhead || this.at) + AHEAD_MS;
    const laterMs = this.#language === undefined ? 0 : TRANSLATED_MS;
    if (laterMs === 0 && this.#listed(place)) return true;
    return this.#clock.read(now) >= (place.n + 1) * index.duration + laterMs + CUT_MS;
  }

  /** Return that segment as the index names it. @param {{epoch: string, n: number}} place */
  #listed({ epoch, n }) {
    return this.#index?.segments.find((one) => one.epoch === epoch && one.n === n);
  }

  // --- the index ---------------------------------------------------------------------------------

  /** @param {number} now @param {SegmentIndex} index @returns {Effect[]} */
  #takeIndex(now, index) {
    const before = this.#index;
    const isOld = before?.epoch === index.epoch && index.now < before.now;
    if (isOld || this.#left.has(index.epoch)) {
      this.#askFresh = this.#clock.read(now);
      return [];
    }
    if (before && before.epoch !== index.epoch) this.#leave(before.epoch);
    this.#clock.observe(now, index.now);
    this.#index = index;
    this.#indexHeardAt = now;
    if (this.at !== undefined) return this.#alignPast(index);
    const shown = this.#align(index);
    if (!this.position) return shown;
    return [...shown, ...this.#become("live"), this.#latest(index)];
  }

  /** @param {string} epoch */
  #leave(epoch) {
    this.#left.add(epoch);
    const [oldest] = this.#left.size > MOST_LEFT ? this.#left : [];
    if (oldest !== undefined) this.#left.delete(oldest);
    this.#clock = new ProgrammeClock(); // the room's may have been set back
  }

  /** Go on where the index has it, or begin anew at its snapshot. @param {SegmentIndex} index @returns {Effect[]} */
  #align(index) {
    const { position } = this;
    if (position?.epoch !== index.epoch) return this.#begin();
    const next = this.#next ?? { epoch: index.epoch, n: -1 };
    const same = this.#listed(next);
    if (same) this.#next = same;
    if (same || next.n >= index.next.n) return [];
    const after = index.segments.find(({ n, offsets: [, last] }) => n > next.n && last > position.offset);
    const reachesNext = index.segments.at(-1)?.n === index.next.n - 1;
    const goesOn = after ? after.offsets[0] <= position.offset + 1 : reachesNext;
    if (!goesOn && (placeOf(index.snapshot)?.n ?? -1) > next.n) return this.#begin();
    this.#next = after ?? { ...index.next, epoch: index.epoch };
    return this.#pass();
  }

  /** @param {SegmentIndex} index @returns {Effect} */
  #latest({ latest }) {
    return { do: "latest", frame: latest, heardAt: this.#indexHeardAt };
  }

  /** Forget the position: the next snapshot sets it. @returns {Effect[]} */
  #begin() {
    this.position = undefined;
    this.#forget();
    return [];
  }

  #forget() {
    this.#next = undefined;
    this.#waiting.clear();
    this.#asked.clear();
  }

  /** In the past: go on behind a hole, or in the epoch that followed. @param {SegmentIndex} index @returns {Effect[]} */
  #alignPast(index) {
    const { position } = this;
    if (!position || !this.#entered) return [];
    const from = this.#next ? this.#next.n * index.duration : (this.at ?? 0) - index.duration;
    const after = index.segments.find((one) => one.from >= from);
    if (!after) return [];
    this.#next = after;
    this.#indexAt = Infinity;
    const isOther = after.epoch !== position.epoch;
    return isOther ? this.#show(bare(this.#entered, after)) : this.#pass();
  }

  // --- the state, and what follows ---------------------------------------------------------------

  /** @param {number} now @param {Snapshot} snapshot @param {number} wall @returns {Effect[]} */
  #enter(now, snapshot, wall) {
    const index = this.#index;
    if (!index) return [];
    const viewers = index.latest.gauges?.viewers ?? 0;
    if (this.at === undefined) {
      const expected = wall - (snapshot.settings.programme_offset ?? 0);
      if (!this.#isDoubted && expected - index.now > STALE_MS) {
        this.#isDoubted = true; // once: it may be this machine's clock that is off
        this.#askFresh = expected;
        this.#indexAt = now;
        this.#index = undefined;
        return [];
      }
      this.#joinedAt = index.now;
      this.#next = this.#after(snapshot);
      // First the index' values: the snapshot's time is some seconds before.
      return [this.#latest(index), ...this.#show({ ...snapshot, viewers }), ...this.#become("live")];
    }
    if (snapshot.now <= this.at) {
      this.#next = this.#after(snapshot);
      this.#indexAt = Infinity; // from here on each segment names the next
      return [...this.#show(snapshot), ...this.#become("live")];
    }
    // The archive doesn't reach so far back. Nothing that came later may be shown there.
    return [...this.#show(bare(snapshot)), ...this.#become("live"), ...this.#alignPast(index)];
  }

  /**
   * Return where the room goes on after a snapshot. That may be long before the segments that are listed:
   * if nothing happened between, there is nothing to read.
   * @param {Snapshot} snapshot
   * @returns {Place | undefined}
   */
  #after({ segment, epoch, offset }) {
    const begin = placeOf(segment);
    const later = this.#index?.segments.filter((one) => one.epoch === epoch && begin && one.n > begin.n) ?? [];
    const [first] = later;
    if (!begin || this.#listed(begin) || !first || first.offsets[0] !== offset + 1) return begin;
    return later.find(({ offsets: [, last] }) => last > offset) ?? later.at(-1);
  }

  /** @param {Welcome} welcome @returns {Effect[]} */
  #show(welcome) {
    this.#entered = welcome;
    this.position = { epoch: welcome.epoch, offset: welcome.offset };
    return [{ do: "message", message: welcome, replayed: false }];
  }

  /** Pass on the segments whose turn it is. @returns {Effect[]} */
  #pass() {
    /** @type {Effect[]} */ const effects = [];
    for (let next = this.#next; next; next = this.#next) {
      const segment = this.#waiting.get(next.n);
      if (!segment || !this.position) break;
      this.#waiting.delete(next.n);
      const { translations } = segment;
      if (translations) effects.push({ do: "message", message: { type: "frame", now: NO_TIME, translations }, replayed: false });
      for (const frame of segment.frames) {
        if (frame.offset === undefined || frame.offset <= this.position.offset) continue;
        this.position.offset = frame.offset;
        effects.push({ do: "message", message: frame, replayed: frame.now <= this.#joinedAt });
      }
      this.#next = segment.next === undefined ? undefined : placeOf(segment.next);
      if (this.#next) this.#next = this.#listed(this.#next) ?? this.#next;
    }
    return effects;
  }

  // --- its connection ----------------------------------------------------------------------------

  /** @param {number} now @param {Failure} failure @returns {Effect[]} */
  #lose(now, { retryAfterMs = 0 }) {
    this.#retryAt = now + Math.max(backoffMs(this.#attempt, this.random()), retryAfterMs);
    this.#attempt += 1;
    this.status = { phase: "lost", retryAt: this.#retryAt };
    return [{ do: "status", status: this.status }];
  }

  /** @param {"live"} phase @returns {Effect[]} */
  #become(phase) {
    if (this.status.phase === phase || !this.position) return [];
    this.status = { phase };
    return [{ do: "status", status: this.status }];
  }

  /** @param {number} code @param {string} reason @returns {Effect[]} */
  #end(code, reason) {
    this.status = { phase: "ended", code, reason };
    return [{ do: "status", status: this.status }];
  }
}

/** Return which segment a path names. @param {string} path @returns {Place | undefined} */
function placeOf(path) {
  const [, epoch, n] = NAME.exec(path) ?? [];
  return epoch === undefined ? undefined : { epoch, n: Number(n), url: path };
}

/**
 * Return a welcome in which nothing has happened yet; from a segment on, if one is given.
 * @param {Welcome} welcome
 * @param {SegmentEntry} [entry]
 * @returns {Welcome}
 */
function bare(welcome, entry) {
  const begin = entry ? { epoch: entry.epoch, offset: entry.offsets[0] - 1, now: entry.from } : { offset: -1, now: 0 };
  return { ...welcome, ...begin, polls: [], overlays: [], cues: [], recent: [] };
}
