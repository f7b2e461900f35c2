import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessage } from "../sdk/reading.js";
import { Timeline } from "../sdk/timeline.js";
import { RoomTranslations } from "../sdk/translations.js";

const SEEN = { playhead: 0 };
const WELCOME = {
  type: "welcome",
  room: "r",
  epoch: "e",
  offset: 1,
  now: 1,
  viewer: { role: "viewer" },
  settings: { title: "The final", languages: ["es"] },
  polls: [],
  overlays: [],
  cues: [],
  recent: [],
  viewers: 1,
  recovered: false,
  durability: "fsync",
};
const COMMENT = { id: "a", at: 5, user: "u", name: "N", text: "hi", weight: 5 };
const POLL = { id: "p", kind: "single", question: "Who?", options: [{ text: "A" }, { text: "B" }] };
const CARD = { id: "o", kind: "sentence", at: 7, data: { text: "Bo leads" } };
const SAID = {
  lang: "es",
  comments: [{ id: "a", text: "hola", by: "x" }],
  polls: [{ id: "p", question: "¿Quién?", options: [{ text: "A" }, { text: "B" }], by: "person" }],
  overlays: [{ id: "o", at: 7, data: { text: "Bo va primera" }, by: "x" }],
  cues: [{ id: "c", data: { text: "gol" }, by: "x" }],
  title: { source: "The final", text: "La final", by: "phrasebook" },
};

/** @param {object} message @returns {any} */
const read = (message) => readMessage(message);

/** A timeline that has entered a room. @param {object} [more] of the welcome */
function entered(more = {}) {
  const timeline = new Timeline();
  timeline.enter(read({ ...WELCOME, ...more }), SEEN);
  return timeline;
}

test("what is translated stands beside its original, with its language and who made it", () => {
  const known = new RoomTranslations();
  assert.deepEqual(known.take(read({ ...WELCOME, translations: SAID }).translations), SAID.comments);
  assert.deepEqual(known.ofComment(COMMENT), { ...COMMENT, translation: { text: "hola", by: "x", lang: "es" } });
  assert.equal(/** @type {any} */ (known.ofPoll(/** @type {any} */ (POLL))).translation.question, "¿Quién?");
  assert.equal(/** @type {any} */ (known.ofOverlay(CARD)).translation.data.text, "Bo va primera");
  assert.equal(/** @type {any} */ (known.ofCue({ id: "c", name: "goal", at: 1, data: {} })).translation.data.text, "gol");
  assert.deepEqual(known.ofTitle("The final"), { text: "La final", by: "phrasebook", lang: "es" });
  assert.equal(known.ofTitle("Another"), undefined);
});

test("what has no translation, or one of something else, stays as it is", () => {
  const known = new RoomTranslations();
  known.take(/** @type {any} */ (SAID));
  const others = [{ ...COMMENT, id: "b" }];
  for (const one of others) assert.equal(known.ofComment(one), one);
  const shorter = /** @type {any} */ ({ ...POLL, options: [{ text: "A" }] });
  assert.equal(known.ofPoll(shorter), shorter);
  const later = { ...CARD, at: 8 };
  assert.equal(known.ofOverlay(later), later);
});

test("one that comes after its comment is told once", () => {
  const timeline = entered();
  const frame = { type: "frame", now: 2, offset: 2, comments: [COMMENT] };
  assert.deepEqual(timeline.fold(read(frame), SEEN, false), []);
  const late = read({ type: "frame", now: 3, translations: SAID });
  assert.deepEqual(timeline.fold(late, SEEN, false), SAID.comments);
  assert.deepEqual(timeline.fold(late, SEEN, false), []);
});

test("a welcome replaces what was known, unless it continues it", () => {
  const timeline = entered({ translations: SAID });
  timeline.enter(read({ ...WELCOME, recovered: true }), SEEN);
  assert.equal(timeline.translations.ofComment(COMMENT).translation?.text, "hola");
  timeline.enter(read(WELCOME), SEEN);
  assert.equal(timeline.translations.ofComment(COMMENT).translation, undefined);
});

test("a retraction, another text and another language take it away", () => {
  const timeline = entered({ translations: SAID, overlays: [CARD] });
  timeline.fold(read({ type: "frame", now: 2, offset: 2, retract: ["a"], overlays: [CARD] }), SEEN, false);
  assert.equal(timeline.translations.ofComment(COMMENT).translation, undefined);
  assert.ok(timeline.translations.ofOverlay(CARD).translation);
  const other = { ...CARD, data: { text: "Bo is second" } };
  timeline.fold(read({ type: "frame", now: 3, offset: 3, overlays: [other] }), SEEN, false);
  assert.equal(timeline.translations.ofOverlay(other).translation, undefined);
  timeline.translations.take({ lang: "fr", comments: [{ id: "b", text: "salut", by: "x" }] });
  assert.equal(timeline.translations.ofTitle("The final"), undefined);
});

test("what can't be read is left out", () => {
  const odd = { ...SAID, comments: [{ id: "a" }, SAID.comments[0]], polls: 3, title: { text: "x" } };
  const { translations } = read({ type: "frame", now: 1, translations: odd });
  assert.deepEqual(translations, { lang: "es", comments: SAID.comments, overlays: SAID.overlays, cues: SAID.cues });
  assert.equal(read({ type: "frame", now: 1, translations: { comments: [] } }).translations, undefined);
});

test("it is bounded", () => {
  const known = new RoomTranslations();
  for (let n = 0; n < 6_000; n += 1) known.take({ lang: "es", comments: [{ id: `c${n}`, text: "x", by: "y" }] });
  assert.equal(known.ofComment({ ...COMMENT, id: "c0" }).translation, undefined);
  assert.ok(known.ofComment({ ...COMMENT, id: "c5999" }).translation);
});
