import assert from "node:assert/strict";
import { test } from "node:test";

import { Segments } from "../sdk/segments.js";
import { Origin } from "./origin.js";
import { NOW, comment, poll } from "./rooms.js";

const HOUR_MS = 3_600_000;
const STEP_MS = 100;
const WAY_MS = 20; // to the origin and back

/** A viewer who reads an origin's segments, each on a clock of its own. */
class Viewing {
  local = 5_000;
  /** Since when the origin's clock is as far as `local`. */ wall = 0;
  statuses = [];
  messages = [];
  latest = [];
  playhead = NaN;

  /** @param {Origin} origin @param {object} [options] */
  constructor(origin, options = {}) {
    this.origin = origin;
    this.feed = new Segments({ room: "gala", random: () => 1, ...options });
  }

  /** Lets so much time pass, and calls `each` at each step. @param {number} ms @param {() => void} [each] */
  play(ms, each = () => {}) {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      each();
      for (const effect of this.feed.tick(this.local, this.playhead)) this.#perform(effect);
      this.sleep(STEP_MS);
      this.playhead += STEP_MS;
    }
  }

  /** @param {number} ms without a tick */
  sleep(ms) {
    this.local += ms;
    this.origin.now += ms;
  }

  #perform(effect) {
    if (effect.do === "status") this.statuses.push(effect.status);
    else if (effect.do === "latest") this.latest.push(effect.frame);
    else if (effect.do === "message") this.messages.push(effect);
    else {
      const answer = this.origin.get(effect.request.path);
      const at = this.local + WAY_MS;
      const heard =
        answer.status === 200
          ? this.feed.answered(at, effect.request, answer.body, this.origin.now + this.wall)
          : this.feed.failed(at, effect.request, answer);
      for (const next of heard) this.#perform(next);
    }
  }

  get welcomes() {
    return this.messages.filter(({ message }) => message.type === "welcome").map(({ message }) => message);
  }

  get texts() {
    return this.frames.flatMap(({ message }) => message.comments ?? []).map((one) => one.text);
  }

  get frames() {
    return this.messages.filter(({ message }) => message.type === "frame");
  }

  get offsets() {
    return this.frames.map(({ message }) => message.offset);
  }
}

const paths = (origin, kind) => origin.asked.filter((path) => path.includes(`/${kind}`) && !path.endsWith("/segments"));
const indexes = (origin) => origin.asked.filter((path) => /\/segments(\?|$)/.test(path));

test("a viewer joins by a snapshot, and gets each frame that follows once and in order", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  origin.say("long ago");
  viewing.sleep(60_000);
  origin.say("just before");
  viewing.sleep(1_000);
  let count = 0;
  viewing.play(30_000, () => (count += 1) % 7 === 0 && origin.say(`nr ${count}`));
  const [entered] = viewing.welcomes;
  assert.equal(viewing.welcomes.length, 1);
  assert.deepEqual(entered.recent.map((one) => one.text), ["long ago"]);
  assert.deepEqual([entered.viewer.role, entered.viewers, entered.recovered], ["viewer", 3, false]);
  assert.equal(viewing.texts[0], "just before");
  assert.deepEqual(viewing.offsets, viewing.offsets.map((_, index) => index + 2));
  assert.ok(viewing.offsets.length > 30);
  assert.deepEqual(viewing.statuses, [{ phase: "live" }]);
  assert.deepEqual(viewing.frames.map(({ replayed }) => replayed).slice(0, 3), [true, false, false]);
  const segments = paths(origin, "segments");
  assert.equal(new Set(segments).size, segments.length, "none was asked for before it was there");
});

test("the latest values come every five seconds, with the time that they are of", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  viewing.play(16_000, () => (origin.viewers = Math.floor((origin.now - NOW) / 1_000)));
  assert.equal(indexes(origin).length, 4);
  assert.deepEqual(viewing.latest.map(({ gauges }) => gauges.viewers), [0, 5, 10, 15]);
  assert.deepEqual(viewing.latest.map(({ now }) => now - NOW), [0, 5_000, 10_000, 15_000]);
});

test("a segment that isn't cut yet is asked for again when the server says", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  viewing.play(6_000);
  const late = `/v1/rooms/gala/segments/e1/${NOW / 2_000 + 4}.msgpack`;
  origin.kept.set(late, { status: 404, code: "not_found", message: "", retryAfterMs: 3_000 });
  viewing.play(3_900);
  assert.equal(origin.asked.filter((path) => path === late).length, 0);
  viewing.play(3_000);
  assert.equal(origin.asked.filter((path) => path === late).length, 1);
  origin.kept.clear();
  origin.say("here it is");
  viewing.play(6_000);
  assert.deepEqual(viewing.texts, ["here it is"]);
  assert.deepEqual(viewing.statuses, [{ phase: "live" }]);
});

test("an index that a cache kept for an hour takes nobody back, and is asked for at another address", () => {
  const origin = new Origin();
  const [address] = ["/v1/rooms/gala/segments"];
  const old = origin.get(address);
  const viewing = new Viewing(origin);
  viewing.sleep(HOUR_MS);
  viewing.play(6_000);
  origin.kept.set(address, old);
  origin.asked = [];
  let count = 0;
  viewing.play(30_000, () => (count += 1) % 10 === 0 && origin.say(`nr ${count}`));
  assert.equal(viewing.welcomes.length, 1);
  assert.deepEqual(viewing.offsets, viewing.offsets.map((_, index) => index + 1));
  assert.ok(viewing.offsets.length > 25);
  const fresh = indexes(origin).filter((path) => path.includes("?at="));
  assert.ok(fresh.length >= 2);
  assert.ok(viewing.latest.every(({ now }, place) => place === 0 || now > viewing.latest[place - 1].now));
  assert.ok(viewing.latest.at(-1).now > origin.now - 15_000);
});

test("who begins with an hour-old index notices it by the own clock", () => {
  const origin = new Origin();
  const address = "/v1/rooms/gala/segments";
  origin.say("an hour ago");
  origin.kept.set(address, origin.get(address));
  origin.now += HOUR_MS;
  const viewing = new Viewing(origin);
  viewing.play(1_000);
  assert.equal(viewing.welcomes.length, 1);
  assert.ok(viewing.welcomes[0].now > origin.now - 15_000);
  assert.ok(indexes(origin).length <= 3);
});

test("a viewer whose own clock is off comes in all the same", () => {
  for (const wall of [HOUR_MS, -HOUR_MS]) {
    const origin = new Origin();
    const viewing = new Viewing(origin);
    viewing.wall = wall;
    viewing.play(5_000);
    assert.equal(viewing.welcomes.length, 1);
    assert.ok(indexes(origin).length <= 3);
  }
});

test("behind a hole the viewer goes on, by a snapshot if there is a later one", () => {
  for (const holes of [1, 8]) {
    const origin = new Origin();
    const viewing = new Viewing(origin);
    viewing.play(3_000);
    const n = Math.floor(origin.now / 2_000);
    for (let hole = 1; hole <= holes; hole += 1) origin.lost.add(n + hole);
    let count = 0;
    viewing.play(40_000, () => (count += 1) % 10 === 0 && origin.say(`nr ${count}`));
    assert.ok(Number(viewing.texts.at(-1)?.slice(3)) >= count - 30, viewing.texts.at(-1));
    assert.equal(new Set(viewing.offsets).size, viewing.offsets.length);
    assert.equal(viewing.statuses.length, 1);
    assert.ok(origin.asked.length < 70, `${origin.asked.length} requests`);
  }
});

test("a segment that was cut again is read under its new name", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  origin.say("first");
  viewing.play(1_000);
  const n = Math.floor(origin.now / 2_000);
  origin.revisions.set(n, 2);
  origin.say("second");
  viewing.play(12_000);
  assert.ok(origin.asked.includes(`/v1/rooms/gala/segments/e1/${n}-2.msgpack`));
  assert.deepEqual(viewing.texts, ["first", "second"]);
});

test("a new epoch begins anew, and what a cache has of the old one is passed over", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  origin.say("old");
  viewing.play(7_000);
  const old = origin.get("/v1/rooms/gala/segments");
  origin.begin("e2", origin.now - HOUR_MS); // its clock was set back
  origin.say("new");
  viewing.play(12_000);
  assert.deepEqual(viewing.welcomes.map(({ epoch }) => epoch), ["e1", "e2"]);
  assert.equal(viewing.texts.at(-1), "new");
  origin.kept.set("/v1/rooms/gala/segments", old);
  origin.say("newer");
  viewing.play(12_000);
  assert.equal(viewing.welcomes.length, 2);
  assert.equal(viewing.texts.at(-1), "newer");
});

test("a room that was deleted ends it", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  viewing.play(3_000);
  origin.isDeleted = true;
  viewing.play(6_000);
  assert.deepEqual(viewing.statuses.at(-1), { phase: "ended", code: 4004, reason: "there is no such room" });
  const { length } = origin.asked;
  viewing.play(20_000);
  assert.equal(origin.asked.length, length);
});

test("who may not watch is told so", () => {
  for (const [status, code] of [[401, 3000], [403, 3003]]) {
    const origin = new Origin();
    origin.kept.set("/v1/rooms/gala/segments", { status, code: "unauthorized", message: "no" });
    const viewing = new Viewing(origin);
    viewing.play(1_000);
    assert.deepEqual(viewing.statuses, [{ phase: "ended", code, reason: "no" }]);
  }
});

test("while the server is away it is asked ever more rarely; back, it has everything once", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  viewing.play(5_000);
  origin.isAway = true;
  origin.asked = [];
  origin.say("meanwhile");
  viewing.play(60_000);
  assert.ok(origin.asked.length < 20, `${origin.asked.length} requests`);
  const { phase, retryAt } = viewing.statuses.at(-1);
  assert.ok(phase === "lost" && retryAt - viewing.local <= 30_000);
  origin.isAway = false;
  viewing.play(32_000);
  assert.deepEqual(viewing.statuses.at(-1), { phase: "live" });
  assert.deepEqual(viewing.texts.concat(viewing.welcomes.at(-1).recent.map(({ text }) => text)), ["meanwhile"]);
});

test("a busy server is not asked before it says so, and a gateway's page is none of its answers", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  const address = "/v1/rooms/gala/segments";
  origin.kept.set(address, { status: 503, code: "unavailable", message: "", retryAfterMs: 9_000 });
  viewing.play(8_900);
  assert.equal(origin.asked.length, 1);
  origin.kept.set(address, { status: 200, body: undefined });
  viewing.play(3_000);
  assert.equal(viewing.statuses.at(-1).phase, "lost");
  origin.kept.clear();
  viewing.play(3_000);
  assert.equal(viewing.statuses.at(-1).phase, "live");
});

test("after a long sleep the viewer begins at the newest snapshot, with few requests", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  viewing.play(5_000);
  for (let count = 0; count < 300; count += 1) {
    origin.say(`nr ${count}`);
    viewing.sleep(2_000);
  }
  origin.asked = [];
  viewing.play(10_000);
  assert.equal(viewing.welcomes.length, 2);
  assert.ok(origin.asked.length < 20, `${origin.asked.length} requests`);
  assert.ok(viewing.welcomes[1].offset > 290);
  assert.equal(viewing.texts.at(-1), "nr 299");
});

test("a room's clock that leaps ahead loses nothing", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  viewing.play(5_000);
  origin.now += HOUR_MS;
  origin.say("an hour later");
  viewing.play(10_000);
  assert.deepEqual(viewing.texts, ["an hour later"]);
});

test("while a socket has taken over nothing is asked for; then it goes on behind what the socket brought", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  origin.say("by segment");
  viewing.play(4_000);
  viewing.feed.pause();
  origin.asked = [];
  origin.say("by socket");
  viewing.play(20_000);
  assert.deepEqual(origin.asked, []);
  origin.say("by segment again");
  viewing.feed.resume(viewing.local, { epoch: "e1", offset: 2 });
  viewing.play(6_000);
  assert.deepEqual(viewing.texts, ["by segment", "by segment again"]);
  assert.equal(viewing.welcomes.length, 1);
  assert.equal(viewing.latest.length, 3);
});

test("what is empty between a snapshot of long ago and the listed segments is not read", () => {
  for (const at of [undefined, NOW + HOUR_MS - 40_000]) {
    const origin = new Origin();
    origin.snapshot = "/v1/rooms/gala/snapshots/e1/30.msgpack";
    origin.now += HOUR_MS - 39_000;
    origin.say("then");
    origin.now += 39_000;
    const viewing = new Viewing(origin, { at });
    viewing.playhead = at ?? NaN;
    viewing.play(5_000);
    assert.deepEqual(viewing.texts, ["then"]);
    assert.ok(origin.asked.length < 30, `${origin.asked.length} requests`);
  }
});

test("a segment is asked for once it is cut also where nothing happens, since caches keep a 404", () => {
  const origin = new Origin();
  const viewing = new Viewing(origin);
  viewing.play(11_500);
  const { length } = paths(origin, "segments");
  viewing.play(1_500); // a second after the end of the next one
  assert.equal(paths(origin, "segments").length, length);
  viewing.play(500);
  assert.equal(paths(origin, "segments").length, length + 1);
});

// --- in the past ---------------------------------------------------------------------------------

/** A show of ten minutes with a comment every ten seconds, and a poll in its fourth minute. */
function show() {
  const origin = new Origin();
  origin.now = NOW + 60_000 - (NOW % 60_000);
  const began = origin.now;
  for (let second = 0; second < 600; second += 1) {
    if (second % 10 === 0) origin.say(`at ${second}`);
    if (second === 200) origin.commit({ polls: [poll("p1", { opens_at: origin.now, closes_at: origin.now + 30_000 })] });
    origin.now += 1_000;
  }
  origin.now += HOUR_MS;
  return { origin, began };
}

/** @param {Origin} origin @param {number} at */
function past(origin, at) {
  const viewing = new Viewing(origin, { at });
  viewing.playhead = at;
  return viewing;
}

test("in the past the viewer begins at the snapshot before, and reads as far as the playhead needs", () => {
  const { origin, began } = show();
  const viewing = past(origin, began + 215_000);
  viewing.play(3_000);
  const [entered] = viewing.welcomes;
  assert.equal(entered.now, began + 180_000);
  assert.deepEqual(viewing.texts, ["at 180", "at 190", "at 200", "at 210", "at 220"]);
  assert.ok(viewing.frames.every(({ message, replayed }) => replayed === message.now <= began + 215_000));
  assert.ok(viewing.frames.some(({ message }) => message.polls?.[0].id === "p1"));
  viewing.play(60_000);
  assert.deepEqual(viewing.texts.slice(-2), ["at 270", "at 280"]);
  assert.equal(indexes(origin).length, 1, "each segment names the next");
  assert.deepEqual(viewing.latest, []);
});

test("what is lost of the past is passed over", () => {
  const { origin, began } = show();
  for (let second = 222; second < 240; second += 2) origin.lost.add((began / 1000 + second) / 2);
  const viewing = past(origin, began + 215_000);
  viewing.play(40_000);
  assert.deepEqual(viewing.texts.slice(3), ["at 210", "at 220", "at 240", "at 250", "at 260"]);
  assert.ok(indexes(origin).length < 8);
});

test("where an epoch ends the next one follows", () => {
  const { origin, began } = show();
  const restarted = began + 600_000;
  origin.now = restarted;
  origin.begin("e2");
  origin.say("of the second");
  origin.now += HOUR_MS;
  const viewing = past(origin, began + 590_000);
  viewing.play(25_000);
  assert.deepEqual(viewing.texts.slice(-2), ["at 590", "of the second"]);
  assert.deepEqual(viewing.welcomes.map(({ epoch }) => epoch), ["e1", "e2"]);
});

test("before the archive nothing of later is shown, until the archive begins", () => {
  const { origin, began } = show();
  const viewing = past(origin, began - 20_000);
  viewing.play(5_000);
  assert.deepEqual(viewing.welcomes.map(({ recent, polls }) => [recent, polls]), [[[], []]]);
  assert.deepEqual(viewing.texts, []);
  viewing.play(25_000);
  assert.ok(viewing.texts.length > 0 && viewing.texts.length < 4, String(viewing.texts));
});

test("in a language of the room its translations come, by files that are cut later", () => {
  const origin = new Origin();
  origin.commit({ settings: { languages: ["es", "fr"] } });
  origin.now += 20_000;
  origin.translated = [{ id: "a", text: "hola", by: "x" }];
  const viewing = new Viewing(origin, { lang: "es-MX" });
  viewing.play(12_000, () => viewing.local % 1_000 === 0 && origin.say(`at ${viewing.local}`));
  const [welcome] = viewing.welcomes;
  assert.equal(viewing.welcomes.length, 1);
  assert.equal(welcome.translations.lang, "es");
  const told = viewing.frames.filter(({ message }) => message.translations);
  assert.deepEqual(told[0].message.translations.comments, origin.translated);
  const offsets = viewing.offsets.filter((offset) => offset !== undefined);
  assert.deepEqual(offsets, origin.all().map((one) => one.offset).filter((offset) => offset >= offsets[0] && offset <= offsets.at(-1)));
  assert.ok(offsets.length > 2);
  assert.ok(paths(origin, "segments").every((path) => path.endsWith(".es.msgpack")));
  assert.equal(viewing.feed.delayMs, 8_000);

  viewing.feed.speak(viewing.local, "");
  viewing.play(4_000);
  assert.equal(viewing.welcomes.at(-1).translations, undefined);
  assert.match(String(paths(origin, "segments").at(-1)), /\/\d+\.msgpack$/);
});

test("who wants a language that the room doesn't have reads what all read", () => {
  const origin = new Origin();
  origin.commit({ settings: { languages: ["es"] } });
  origin.now += 20_000;
  const viewing = new Viewing(origin, { lang: "de" });
  viewing.play(6_000);
  assert.ok(origin.asked.every((path) => !path.includes(".de.") && !path.includes(".es.")));
  assert.equal(viewing.feed.delayMs, 4_000);
});
