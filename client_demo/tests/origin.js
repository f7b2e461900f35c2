/** A room's segments as the contract has them, on a clock that the test moves. */

import { enter, fold } from "../sdk/room.js";
import { NOW, comment, frame, welcome } from "./rooms.js";

const LISTED = 30;
const SNAPSHOT_EVERY = 5;

export class Origin {
  now = NOW;
  epoch = "e1";
  isAway = false;
  isDeleted = false;
  viewers = 3;
  /** @type {any[]} */ tallies = [];
  /** The path of the only snapshot, where the origin has no other. @type {string | undefined} */ snapshot;
  /** Paths, in the order asked. @type {string[]} */ asked = [];
  /** Answers in place of the true ones: what a cache kept. @type {Map<string, any>} */ kept = new Map();
  /** Segments that are lost. @type {Set<number>} */ lost = new Set();
  /** What every file in a language has. @type {any[]} */ translated = [];
  /** Revisions of segments that were cut again. @type {Map<number, number>} */ revisions = new Map();
  /** @type {{epoch: string, frames: any[], since: number}[]} */ #epochs;

  constructor({ duration = 2_000 } = {}) {
    this.duration = duration;
    this.#epochs = [{ epoch: this.epoch, frames: [], since: this.now }];
  }

  get #frames() {
    return /** @type {any} */ (this.#epochs.at(-1)).frames;
  }

  /** A numbered frame, now. */
  commit(parts) {
    const made = frame({ now: this.now, offset: this.#frames.length + 1, ...parts });
    this.#frames.push(made);
    return made;
  }

  /** The frames of the present epoch. */
  all() {
    return this.#frames;
  }

  /** @param {string} text */
  say(text) {
    return this.commit({ comments: [comment(text, { text, at: this.now })] });
  }

  /** @param {string} epoch @param {number} [now] */
  begin(epoch, now = this.now) {
    this.now = now;
    this.epoch = epoch;
    this.#epochs.push({ epoch, frames: [], since: now });
  }

  /** What a GET of the path brings now. @param {string} path */
  get(path) {
    this.asked.push(path);
    const kept = this.kept.get(path);
    if (kept) return structuredClone(kept);
    if (this.isAway) return { status: 0, code: "", message: "" };
    if (this.isDeleted) return { status: 404, code: "unknown_room", message: "there is no such room" };
    const url = new URL(path, "http://origin");
    const [, , , , kind, epoch, name] = url.pathname.split("/");
    if (epoch === undefined) return this.#index(url.searchParams.get("at"));
    const [numbers = "", lang] = String(name).replace(".msgpack", "").split(".");
    const [n, revision = 0] = numbers.split("-").map(Number);
    const found = kind === "snapshots" ? this.#snapshot(epoch, n) : this.#segment(epoch, n, revision);
    if (lang === undefined || found.status !== 200) return structuredClone(found);
    if (kind === "segments" && this.now < (n + 1) * this.duration + 4_000) return { status: 404, code: "not_found", message: "", retryAfterMs: 1_000 };
    return structuredClone({ ...found, body: { ...found.body, translations: { lang, comments: this.translated } } });
  }

  get #next() {
    return Math.floor(this.now / this.duration);
  }

  #of(epoch) {
    return this.#epochs.find((one) => one.epoch === epoch);
  }

  #path(kind, epoch, n) {
    const revision = kind === "segments" ? this.revisions.get(n) : undefined;
    return `/v1/rooms/gala/${kind}/${epoch}/${n}${revision ? `-${revision}` : ""}.msgpack`;
  }

  #index(at) {
    const around = at === null || at >= this.now - (LISTED / 2) * this.duration ? undefined : Math.floor(at / this.duration);
    const first = around === undefined ? this.#next - LISTED : around - (around % LISTED);
    const end = around === undefined ? this.#next : around + LISTED;
    const segments = this.#epochs.flatMap(({ epoch }) => this.#entries(epoch, first, end));
    const ofNow = segments.filter((one) => one.epoch === this.epoch);
    const then = around === undefined ? undefined : this.#before(around);
    const newest = this.#next - (this.#next % SNAPSHOT_EVERY);
    return {
      status: 200,
      body: {
        epoch: this.epoch,
        now: this.now,
        duration: this.duration,
        snapshot: this.snapshot ?? then ?? this.#path("snapshots", this.epoch, newest),
        segments: around === undefined ? ofNow : segments,
        next: { n: this.#next, url: this.#path("segments", this.epoch, this.#next), at: this.now },
        latest: { gauges: { viewers: this.viewers, lurkers: 40 }, tallies: this.tallies },
      },
    };
  }

  /** The archive has a snapshot at each minute. */
  #before(n) {
    const minute = n - (n % LISTED);
    const epoch = this.#epochs.findLast(({ since }) => since <= minute * this.duration);
    return epoch && this.#path("snapshots", epoch.epoch, minute);
  }

  #entries(epoch, first, end) {
    const found = [];
    for (let n = first; n < Math.min(end, this.#next); n += 1) {
      const body = this.#cut(epoch, n);
      if (!body || this.lost.has(n)) continue;
      const offsets = [body.before + 1, body.before + body.frames.length];
      found.push({ epoch, n, from: body.from, until: body.until, offsets, url: this.#path("segments", epoch, n) });
    }
    return found;
  }

  #cut(epoch, n) {
    const known = this.#of(epoch);
    const place = this.#epochs.indexOf(known);
    const [from, until] = [n * this.duration, (n + 1) * this.duration];
    const end = this.#epochs[place + 1]?.since ?? Infinity;
    if (!known || until <= known.since || from >= end) return undefined;
    const frames = known.frames.filter((one) => one.now >= from && one.now < until);
    return { from, until, frames, before: known.frames.filter((one) => one.now < from).length };
  }

  #segment(epoch, n, revision) {
    const body = this.#cut(epoch, n);
    const gone = { status: 404, code: "not_found", message: "it isn't there, or not yet" };
    if (!body || this.lost.has(n) || revision !== (this.revisions.get(n) ?? 0)) return gone;
    const waitS = Math.ceil((body.until - this.now) / 1000);
    if (body.until > this.now) return { ...gone, retryAfterMs: waitS * 1000 };
    const { from, until, frames } = body;
    return { status: 200, body: { from, until, frames, next: `/v1/rooms/gala/segments/${epoch}/${n + 1}.msgpack` } };
  }

  #snapshot(epoch, n) {
    const from = n * this.duration;
    let state = enter(welcome({ epoch, now: from, viewer: { role: "viewer" } }));
    for (const one of this.#of(epoch)?.frames ?? []) if (one.now < from) state = fold(state, one);
    const { room, offset, settings, recent } = state;
    const lists = { polls: [...state.polls.values()], overlays: [...state.overlays.values()], cues: [] };
    const segment = `/v1/rooms/gala/segments/${epoch}/${n}.msgpack`;
    return { status: 200, body: { room, epoch, offset, now: from, settings, recent, ...lists, segment } };
  }
}
