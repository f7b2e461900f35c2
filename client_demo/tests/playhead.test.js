import assert from "node:assert/strict";
import { test } from "node:test";

import { Playhead } from "../sdk/playhead.js";
import { NOW } from "./rooms.js";

const DAY_MS = 86_400_000;

/** What is true of a picture 5 s behind, `ms` after the beginning. */
function seen(ms, parts = {}) {
  return {
    local: ms,
    programme: NOW + ms,
    hasPicture: true,
    playing: true,
    date: NOW + ms - 5_000,
    latencyMs: 5_000,
    maxLatencyMs: 60_000,
    ...parts,
  };
}

test("the picture's date is the playhead", () => {
  const playhead = new Playhead();
  assert.deepEqual(playhead.read(seen(0)), { value: NOW - 5_000, jumped: false, changed: true });
  assert.equal(playhead.source, "picture");
  assert.deepEqual(playhead.read(seen(16)), { value: NOW - 4_984, jumped: false, changed: false });
});

test("without a picture it is the room's clock, less how far behind the page wants to be", () => {
  const playhead = new Playhead();
  const read = playhead.read(seen(0, { hasPicture: false, playing: false, date: undefined, latencyMs: 700 }));
  assert.deepEqual(read, { value: NOW - 700, jumped: false, changed: false });
  assert.deepEqual([playhead.source, playhead.why], ["room", undefined]);
});

test("it is unknown until the room's clock is known and the picture plays", () => {
  const playhead = new Playhead();
  assert.ok(Number.isNaN(playhead.read(seen(0, { programme: NaN })).value));
  assert.ok(Number.isNaN(playhead.read(seen(0, { playing: false })).value));
  assert.equal(playhead.read(seen(0)).value, NOW - 5_000);
});

test("a picture without a date falls back to the room's clock less its latency, and says so once", () => {
  const playhead = new Playhead();
  const first = playhead.read(seen(0, { date: undefined }));
  assert.deepEqual(first, { value: NOW - 5_000, jumped: false, changed: true });
  assert.deepEqual([playhead.source, playhead.why], ["room", "no-date"]);
  assert.equal(playhead.read(seen(16, { date: undefined })).changed, false);
});

test("a date in the future or a day off is not believed, and said once", () => {
  for (const off of [2_001, 10_000, DAY_MS, -66_000, -DAY_MS]) {
    const playhead = new Playhead();
    const date = (ms) => NOW + ms + off;
    assert.equal(playhead.read(seen(0, { date: date(0) })).value, NOW - 5_000, String(off));
    assert.deepEqual([playhead.source, playhead.why], ["room", "date-off"]);
    assert.equal(playhead.read(seen(16, { date: date(16) })).changed, false);
  }
});

test("at the edges of what can be, the date is believed", () => {
  for (const off of [2_000, -65_000]) {
    const playhead = new Playhead();
    assert.equal(playhead.read(seen(0, { date: NOW + off })).value, NOW + off);
  }
});

test("a viewer who watches an hour behind live is believed: the player says so too", () => {
  const hour = 3_600_000;
  assert.equal(new Playhead().read(seen(0, { date: NOW - hour, latencyMs: hour })).value, NOW - hour);
});

test("a date that the page answers for may be of last year, but not of the future", () => {
  const certain = { certain: true, latencyMs: 0 };
  const archive = new Playhead();
  assert.equal(archive.read(seen(0, { date: NOW - 365 * DAY_MS, ...certain })).value, NOW - 365 * DAY_MS);
  assert.equal(new Playhead().read(seen(0, { date: NOW + 9_000, ...certain })).value, NOW);
});

test("a stream whose date jumps by a day in the middle goes on smoothly by the room's clock", () => {
  const playhead = new Playhead();
  playhead.read(seen(0));
  const off = playhead.read(seen(16, { date: NOW + DAY_MS }));
  assert.deepEqual(off, { value: NOW - 4_984, jumped: false, changed: true });
});

test("a date is believed again once it was right for a second, not at its first word", () => {
  const playhead = new Playhead();
  playhead.read(seen(0, { date: NOW + DAY_MS }));
  assert.equal(playhead.read(seen(100)).changed, false);
  assert.equal(playhead.read(seen(600, { date: NOW + DAY_MS })).changed, false);
  playhead.read(seen(700));
  assert.equal(playhead.read(seen(1_699)).changed, false);
  assert.equal(playhead.read(seen(1_700)).changed, true);
  assert.deepEqual([playhead.source, playhead.why], ["picture", undefined]);
});

test("a playlist estimated anew never makes it run backwards", () => {
  const playhead = new Playhead();
  let last = -Infinity;
  for (let ms = 0; ms < 2_000; ms += 16) {
    const jitter = ms % 400 < 200 ? 0 : -120;
    const { value, jumped } = playhead.read(seen(ms, { date: NOW - 5_000 + ms + jitter }));
    assert.ok(value >= last && !jumped);
    last = value;
  }
});

test("a picture wound back or ahead is followed, and said to have jumped", () => {
  const playhead = new Playhead();
  playhead.read(seen(0));
  assert.deepEqual(playhead.read(seen(16, { date: NOW - 25_000 })), { value: NOW - 25_000, jumped: true, changed: false });
  assert.deepEqual(playhead.read(seen(32, { date: NOW - 3_000 })), { value: NOW - 3_000, jumped: true, changed: false });
});

test("a page that was frozen for an hour has not jumped: its time went on", () => {
  const playhead = new Playhead();
  playhead.read(seen(0));
  assert.equal(playhead.read(seen(3_600_000)).jumped, false);
});

test("a picture that stands still stands, and that a player wavers about its latency moves nothing", () => {
  const still = new Playhead();
  still.read(seen(0));
  assert.equal(still.read(seen(5_000, { date: NOW - 5_000, latencyMs: 10_000 })).value, NOW - 5_000);
  const dateless = new Playhead();
  dateless.read(seen(0, { date: undefined }));
  assert.equal(dateless.read(seen(16, { date: undefined, latencyMs: 5_900 })).value, NOW - 4_984);
  const far = dateless.read(seen(32, { date: undefined, latencyMs: 9_000 }));
  assert.deepEqual([far.value, far.jumped], [NOW - 8_968, true]);
});

test("a picture that comes in the place of none, further behind, has jumped", () => {
  const playhead = new Playhead();
  playhead.read(seen(0, { hasPicture: false, latencyMs: 0, date: undefined }));
  playhead.restart();
  assert.ok(Number.isNaN(playhead.read(seen(16, { playing: false })).value));
  assert.equal(playhead.read(seen(32)).jumped, true);
});

test("a latency that no viewer can have is not believed", () => {
  for (const latencyMs of [-1, -5_000, -Infinity, Infinity, NaN]) {
    const playhead = new Playhead();
    const read = playhead.read(seen(0, { hasPicture: false, date: undefined, latencyMs }));
    assert.equal(read.value, NOW, String(latencyMs));
  }
});

test("a date that comes and goes is told of twice a second at most", () => {
  for (const other of [undefined, NOW - DAY_MS]) {
    const playhead = new Playhead();
    playhead.read(seen(0));
    let [told, jumps] = [0, 0];
    for (let frame = 1; frame <= 600; frame += 1) {
      const ms = frame * 16;
      const { changed, jumped } = playhead.read(seen(ms, frame % 2 ? { date: other } : {}));
      told += Number(changed);
      jumps += Number(jumped);
    }
    assert.ok(told <= 1 && jumps === 0, `${told} ${jumps}`);
    for (let ms = 9_616; ms <= 10_800; ms += 16) playhead.read(seen(ms));
    assert.equal(playhead.source, "picture");
  }
});

test("a doubt that wavers between two reasons is told of once a second at most", () => {
  const playhead = new Playhead();
  let told = 0;
  for (let frame = 0; frame < 600; frame += 1) {
    const date = frame % 2 ? undefined : NOW - DAY_MS;
    told += Number(playhead.read(seen(frame * 16, { date })).changed);
  }
  assert.ok(told <= 11, String(told));
});

test("a picture whose date comes after its first frames is followed at once", () => {
  const playhead = new Playhead();
  playhead.read(seen(0, { date: undefined }));
  playhead.read(seen(16));
  assert.equal(playhead.source, "picture");
});
