/**
 * Checks what a server sent against the contract's types. Pure, and never throws. A field of the wrong
 * type counts as absent. An item without its required fields is left out; so is a message. Unknown fields
 * stay, unknown messages are dropped.
 */

/** @import {Ack, Audience, Bye, Comment, Crowd, Cue, Frame, Notice, Overlay, Poll, Refusal, SegmentFile, SegmentIndex, ServerMessage, Snapshot, Translations, Welcome} from "./wire.js" */

/** @typedef {(value: any) => boolean} Check */
/** @typedef {Record<string, Check>} Shape */

/** Stands for a `now` that can't be read. It moves no clock and no state. */
export const NO_TIME = 0;

/** @type {Check} */ const string = (value) => typeof value === "string";
/** @type {Check} */ const number = (value) => Number.isFinite(value);
/** @type {Check} */ const integer = (value) => Number.isSafeInteger(value);
/** @type {Check} */ const boolean = (value) => typeof value === "boolean";
/** @type {Check} */ const map = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** @type {(...words: string[]) => Check} */ const oneOf = (...words) => (value) => words.includes(value);
/** @type {(item: Check) => Check} */ const listOf = (item) => (value) =>
  Array.isArray(value) && value.every(item);

const COMMENT = { id: string, at: number, text: string };
const COMMENT_MAY = {
  mode: oneOf("scroll", "top", "bottom"),
  size: oneOf("small", "normal", "large"),
  color: integer,
  count: integer,
  role: oneOf("moderator", "producer"),
  lang: string,
};
const POLL = {
  id: string,
  question: string,
  options: listOf((option) => map(option) && string(option.text)),
  status: oneOf("open", "closed", "revealed", "cancelled"),
  opens_at: number,
  closes_at: number,
};
const AUDIT = { root: string, leaves: integer, algorithm: string, signature: string, key: string };
const POLL_MAY = {
  max_choices: integer,
  tally: listOf(integer),
  voters: integer,
  weights: boolean,
  answer: (/** @type {any} */ value) => integer(value) || listOf(integer)(value),
  audit: (/** @type {any} */ value) => shaped(value, AUDIT) !== undefined,
};
const OVERLAY = { id: string, kind: string, at: number };
const OVERLAY_MAY = { topic: string, expires_at: number };
const CUE = { id: string, name: string, at: number };
const TALLY = { poll: string, tally: listOf(integer), voters: integer };
const SETTINGS_MAY = {
  title: string,
  stream: string,
  guests: string,
  max_text: integer,
  max_latency: number,
  programme_offset: number,
  patience: number,
  lang: string,
  languages: listOf(string),
  moderation: map,
  shield: boolean,
};
const OPTIONS = listOf((option) => map(option) && string(option.text));
const TRANSLATED_COMMENT = { id: string, text: string, by: string };
const TRANSLATED_POLL = { id: string, question: string, options: OPTIONS, by: string };
const TRANSLATED_OVERLAY = { id: string, at: number, data: map, by: string };
const TRANSLATED_CUE = { id: string, data: map, by: string };
const TRANSLATED_TITLE = { source: string, text: string, by: string };
const BEHIND = { p10: number, p50: number, p90: number, p99: number };
const SYNC = { p50: number, p99: number };
const PROGRESS = { poll: string, seen: number, ended: number, last_in: number };
const EXPECTED = { in: integer, p10: number, p50: number, p90: number };
const GAUGE_COUNTS = { viewers: number, lurkers: number, refused: integer };
const PULSE = { comments_per_second: number, people: number, mood: number, excitement: number };

/** @type {Check} from the root on */ const path = (value) => string(value) && value.startsWith("/v1/rooms/");
/** @type {Check} */ const pair = (value) => listOf(number)(value) && value.length === 2;
const ENTRY = { epoch: string, n: integer, from: number, until: number, offsets: pair, url: path };
const NEXT = { n: integer, url: path };
const INDEX = {
  epoch: string,
  now: number,
  duration: (/** @type {any} */ value) => number(value) && value > 0,
  snapshot: path,
  next: (/** @type {any} */ value) => shaped(value, NEXT) !== undefined,
};

/** @param {unknown} value as decoded @returns {SegmentIndex | undefined} */
export function readIndex(value) {
  const read = shaped(value, INDEX);
  if (!read) return undefined;
  return {
    ...read,
    segments: items(read.segments, (one) => shaped(one, ENTRY)) ?? [],
    latest: frame({ ...(map(read.latest) && read.latest), type: "frame", now: read.now, offset: undefined }),
  };
}

/** @param {unknown} value as decoded @returns {SegmentFile | undefined} */
export function readSegment(value) {
  const read = shaped(value, { from: number, until: number }, { next: path });
  if (!read) return undefined;
  const frames = items(read.frames, (one) => (map(one) ? frame(one) : undefined)) ?? [];
  return { ...read, frames, translations: readTranslations(read.translations) };
}

/** @param {unknown} value as decoded @returns {Snapshot | undefined} */
export function readSnapshot(value) {
  const read = shaped(value, { segment: path });
  return read && welcome({ ...read, type: "welcome", recovered: false });
}

/**
 * @param {unknown} value as decoded
 * @returns {ServerMessage | undefined}
 */
export function readMessage(value) {
  const message = /** @type {any} */ (value);
  if (!map(message)) return undefined;
  switch (message.type) {
    case "welcome":
      return welcome(message);
    case "frame":
      return frame(message);
    case "ack":
      return ack(message);
    case "error":
      return refusal(message);
    case "time":
      return shaped(message, { id: string, sent: number, now: number });
    case "notice":
      return notice(message);
    case "bye":
      return bye(message);
    default:
      return undefined;
  }
}

/** @param {any} message @returns {Welcome | undefined} */
function welcome(message) {
  const read = shaped(message, { epoch: string, offset: integer, now: number });
  if (!read) return undefined;
  const { translations, ...rest } = read;
  const known = readTranslations(translations);
  const viewer = map(read.viewer) && string(read.viewer.role) ? read.viewer : { role: "viewer" };
  return {
    ...rest,
    room: string(read.room) ? read.room : "",
    viewer: shaped(viewer, {}, { id: string, name: string }),
    settings: shaped(read.settings, {}, SETTINGS_MAY) ?? {},
    polls: items(read.polls, poll) ?? [],
    overlays: items(read.overlays, overlay) ?? [],
    cues: items(read.cues, cue) ?? [],
    recent: items(read.recent, comment) ?? [],
    viewers: number(read.viewers) ? read.viewers : 0,
    recovered: read.recovered === true,
    durability: string(read.durability) ? read.durability : "weak",
    ...(known && { translations: known }),
  };
}

/** Read a frame. A numbered one keeps its offset whatever is wrong inside. @param {any} message @returns {Frame} */
function frame(message) {
  const { comments, polls, overlays, cues, retract, drop, tallies, gauges, settings, translations, ...rest } = message;
  const lists = {
    comments: items(comments, comment),
    polls: items(polls, poll),
    overlays: items(overlays, overlay),
    cues: items(cues, cue),
    retract: items(retract, text),
    drop: items(drop, text),
    tallies: items(tallies, (one) => shaped(one, TALLY)),
    settings: shaped(settings, {}, SETTINGS_MAY),
    gauges: readGauges(gauges),
    translations: readTranslations(translations),
  };
  const present = Object.entries(lists).filter(([, value]) => value !== undefined);
  const read = shaped(rest, {}, { now: number, offset: integer, head: integer, overflow: integer });
  return { now: NO_TIME, ...read, ...Object.fromEntries(present) };
}

/** @param {any} translations @returns {Translations | undefined} */
function readTranslations(translations) {
  const read = shaped(translations, { lang: string });
  if (!read) return undefined;
  const lists = {
    comments: items(read.comments, (one) => shaped(one, TRANSLATED_COMMENT)),
    polls: items(read.polls, (one) => shaped(one, TRANSLATED_POLL)),
    overlays: items(read.overlays, (one) => shaped(one, TRANSLATED_OVERLAY)),
    cues: items(read.cues, (one) => shaped(one, TRANSLATED_CUE)),
    title: shaped(read.title, TRANSLATED_TITLE),
  };
  const present = Object.entries(lists).filter(([, value]) => value !== undefined);
  return { lang: read.lang, ...Object.fromEntries(present) };
}

/** @param {any} gauges */
function readGauges(gauges) {
  const read = shaped(gauges, {}, { ...GAUGE_COUNTS, pulse: map, audience: map, rundown: map, crowd: map });
  if (!read) return read;
  const { pulse, audience, rundown, crowd, ...others } = read;
  const parts = {
    pulse: shaped(pulse, PULSE),
    audience: readAudience(audience),
    rundown: shaped(rundown, { version: integer }),
    crowd: readCrowd(crowd),
  };
  return { ...others, ...Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) };
}

/** @param {any} crowd @returns {Crowd | undefined} */
function readCrowd(crowd) {
  const [viewers, comments] = [crowd?.viewers, crowd?.comments].map((list) => items(list, (one) => shaped(one, EXPECTED)));
  return viewers && comments && { viewers, comments };
}

/** @param {any} audience @returns {Audience | undefined} */
function readAudience(audience) {
  const read = shaped(audience, { told: integer });
  const behind = shaped(read?.behind, BEHIND);
  const sync = shaped(read?.sync, SYNC);
  const polls = items(read?.polls, (one) => shaped(one, PROGRESS, { in_time: number }));
  return behind && sync && polls && { ...read, behind, sync, polls };
}

/** @param {any} message @returns {Ack | undefined} */
function ack(message) {
  const read = shaped(message, { id: string }, { comment: string });
  return read && { ...read, status: read.status === "held" ? "held" : "accepted" };
}

/** Read a refusal. It stays one whatever is wrong inside, so that nobody waits on for the answer. @param {any} message @returns {Refusal} */
function refusal(message) {
  const read = shaped(message, {}, { id: string, retry_after: number });
  return { ...read, code: text(message.code) ?? "", message: text(message.message) ?? "" };
}

/** @param {any} message @returns {Notice} */
function notice(message) {
  const { held, ...rest } = message;
  const queue = items(held, comment);
  const read = shaped(rest, {}, { comment: string, until: number, place: integer, after: number });
  const words = { code: text(message.code) ?? "", message: text(message.message) ?? "" };
  return { ...read, ...words, ...(queue && { held: queue }) };
}

/** @param {any} message @returns {Bye} */
function bye(message) {
  const { code, reason, reconnect, after } = message;
  return {
    ...message,
    code: integer(code) ? code : 1001,
    reason: string(reason) ? reason : "",
    reconnect: reconnect !== false,
    after: number(after) && after > 0 ? after : 0,
  };
}

/** @param {any} value @returns {Comment | undefined} */
function comment(value) {
  const read = shaped(value, COMMENT, COMMENT_MAY);
  if (!read) return undefined;
  const { user, name, weight } = read;
  return {
    ...read,
    user: string(user) ? user : "",
    name: string(name) ? name : "",
    weight: number(weight) ? weight : 0,
  };
}

/** @param {any} value @returns {Poll | undefined} */
function poll(value) {
  const read = shaped(value, POLL, POLL_MAY);
  if (!read) return undefined;
  const { kind, grace } = read;
  return {
    ...read,
    kind: string(kind) ? kind : "single",
    grace: number(grace) ? grace : 0,
    change: read.change === true,
    final: read.final === true,
  };
}

/** @param {any} value @returns {Overlay | undefined} */
function overlay(value) {
  const read = shaped(value, OVERLAY, OVERLAY_MAY);
  return read && { ...read, data: map(read.data) ? read.data : {} };
}

/** @param {any} value @returns {Cue | undefined} */
function cue(value) {
  const read = shaped(value, CUE);
  return read && { ...read, data: map(read.data) ? read.data : {} };
}

/** @param {any} value @returns {string | undefined} */
function text(value) {
  return string(value) ? value : undefined;
}

/**
 * @template T
 * @param {any} value
 * @param {(item: any) => T | undefined} read
 * @returns {T[] | undefined} what of a list can be read; undefined when it is none
 */
function items(value, read) {
  if (!Array.isArray(value)) return undefined;
  return value.map(read).filter((item) => item !== undefined);
}

/**
 * @param {any} value
 * @param {Shape} must
 * @param {Shape} [may]
 * @returns {any} the value without those of `may` that are of the wrong type; undefined when one of
 *   `must` is
 */
function shaped(value, must, may = {}) {
  if (!map(value)) return undefined;
  if (!Object.entries(must).every(([name, check]) => check(value[name]))) return undefined;
  const wrong = Object.keys(may).filter((name) => name in value && !may[name]?.(value[name]));
  if (wrong.length === 0) return value;
  const read = { ...value };
  for (const name of wrong) delete read[name];
  return read;
}
