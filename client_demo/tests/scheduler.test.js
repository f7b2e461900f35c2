import assert from "node:assert/strict";
import { test } from "node:test";

import { Scheduler } from "../sdk/scheduler.js";
import { NOW, comment } from "./rooms.js";

const at = (ms, id = `at${ms}`, parts = {}) => comment(id, { at: NOW + ms, ...parts });
const live = (playhead) => ({ playhead: NOW + playhead, own: false, history: false });
const old = (playhead) => ({ ...live(playhead), history: true });
const due = (scheduler, ms, page) => scheduler.due(NOW + ms, page).comments;
const ids = (list) => list.map((one) => one.comment.id);

test("a comment comes when the playhead reaches its moment, not before, and once", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(100), live(0));
  assert.deepEqual(due(scheduler, 99), []);
  assert.deepEqual(due(scheduler, 105), [{ comment: at(100), own: false, history: false, lateMs: 5 }]);
  scheduler.add(at(100), live(200));
  assert.deepEqual(due(scheduler, 200), []);
});

test("nothing comes while the playhead is unknown", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(0), { playhead: NaN, own: false, history: false });
  scheduler.addCue({ id: "q", name: "fire", at: NOW, data: {} });
  assert.deepEqual(scheduler.due(NaN), { comments: [], cues: [] });
  assert.equal(due(scheduler, 0).length, 1);
});

test("they come by their moment, those of one moment as they arrived", () => {
  const scheduler = new Scheduler();
  for (const one of [at(30), at(10), at(20, "x"), at(20, "y"), at(40)]) scheduler.add(one, live(0));
  assert.deepEqual(ids(due(scheduler, 35)), ["at10", "x", "y", "at30"]);
});

test("what is behind the playhead already comes at once, however far", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(-27_000), live(0));
  assert.deepEqual(due(scheduler, 16), [{ comment: at(-27_000), own: false, history: false, lateMs: 27_016 }]);
});

test("history is placed where it would be, and dropped where it would be gone", () => {
  const scheduler = new Scheduler();
  for (const one of [at(-60_000), at(-5_000), at(3_000)]) scheduler.add(one, old(0));
  assert.deepEqual(due(scheduler, 0), [{ comment: at(-5_000), own: false, history: true, lateMs: 5_000 }]);
  assert.deepEqual(ids(due(scheduler, 3_000)), ["at3000"]);
});

test("one's own comes from its ack, and its frame brings it no more", () => {
  const scheduler = new Scheduler();
  assert.deepEqual(ids(scheduler.own(at(0, "mine"), NOW)), ["mine"]);
  scheduler.add(at(0, "mine", { count: 7 }), live(0));
  assert.deepEqual(due(scheduler, 10), []);
});

test("a frame that is faster than the ack brings one's own, and the ack no more", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(0, "mine"), { ...live(0), own: true });
  assert.equal(due(scheduler, 5)[0].own, true);
  assert.deepEqual(scheduler.own(at(0, "mine"), NOW + 6), []);
});

test("one's own that waits for its moment comes with the ack, not twice", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(500, "mine"), live(0));
  assert.deepEqual(ids(scheduler.own(at(500, "mine"), NOW)), ["mine"]);
  assert.deepEqual(due(scheduler, 600), []);
});

test("what was retracted never comes, whatever brings it", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(10, "waits"), live(0));
  scheduler.add(at(0, "shown"), live(0));
  due(scheduler, 0);
  for (const id of ["waits", "shown", "later"]) scheduler.retract(id);
  scheduler.add(at(20, "later"), live(0));
  scheduler.jump(NOW - 1);
  assert.deepEqual(due(scheduler, 100), []);
});

test("while nobody looks comments grow old, cues don't wait", () => {
  const scheduler = new Scheduler();
  for (let s = 0; s < 3_600; s += 1) {
    scheduler.add(at(s * 1_000, `c${s}`), live(s * 1_000));
    if (s % 60 === 0) assert.deepEqual(due(scheduler, s * 1_000, { hidden: true }), []);
  }
  scheduler.addCue({ id: "q", name: "fire", at: NOW + 3_600_000, data: {} });
  assert.equal(scheduler.due(NOW + 3_600_000, { hidden: true }).cues.length, 1);
  assert.ok(scheduler.sizes.waiting <= 11);
  const back = due(scheduler, 3_600_000);
  assert.deepEqual(ids(back), Array.from({ length: 10 }, (_, i) => `c${3_590 + i}`));
  assert.ok(back.every((one) => one.history));
});

test("a picture wound back brings again what it shows again, and what flew then in its place", () => {
  const scheduler = new Scheduler();
  for (const ms of [0, 5_000, 20_000, 30_000, 90_000]) scheduler.add(at(ms), live(0));
  for (let ms = 0; ms <= 30_000; ms += 1_000) due(scheduler, ms);
  scheduler.jump(NOW + 10_000);
  assert.deepEqual(due(scheduler, 10_000).map((one) => [one.comment.id, one.history, one.lateMs]), [
    ["at5000", true, 5_000],
  ]);
  assert.deepEqual(due(scheduler, 20_000).map((one) => [one.comment.id, one.history]), [["at20000", false]]);
  assert.deepEqual(ids(due(scheduler, 30_000)), ["at30000"]);
});

test("a picture that skips ahead drops what it skipped, and keeps what flies there", () => {
  const scheduler = new Scheduler();
  for (const ms of [1_000, 55_000, 61_000]) scheduler.add(at(ms), live(0));
  scheduler.jump(NOW + 60_000);
  assert.deepEqual(ids(due(scheduler, 60_000)), ["at55000"]);
  assert.deepEqual(ids(due(scheduler, 61_000)), ["at61000"]);
});

test("in another epoch the same id is another comment", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(0, "1"), live(0));
  due(scheduler, 0);
  scheduler.clear();
  scheduler.add(at(9, "1"), live(5));
  assert.deepEqual(ids(due(scheduler, 9)), ["1"]);
});

test("a cue comes once, at its moment or late", () => {
  const scheduler = new Scheduler();
  const cue = (id, ms) => ({ id, name: "fire", at: NOW + ms, data: {} });
  for (const one of [cue("b", 50), cue("a", -9_000), cue("b", 50)]) scheduler.addCue(one);
  assert.deepEqual(scheduler.due(NOW).cues, [{ cue: cue("a", -9_000), lateMs: 9_000 }]);
  assert.deepEqual(scheduler.due(NOW + 50).cues.map((one) => one.cue.id), ["b"]);
});

test("a flood keeps one's own and the weightiest, in order, and nothing grows without end", () => {
  const scheduler = new Scheduler();
  const mine = { ...live(0), own: true };
  scheduler.add(at(1, "mine", { weight: 0 }), mine);
  for (let i = 0; i < 50_000; i += 1) scheduler.add(at(1_000 + i / 100, `c${i}`, { weight: i % 11 }), live(0));
  const { waiting, seen } = scheduler.sizes;
  assert.ok(waiting <= 4_000 && seen <= 10_000);
  const all = due(scheduler, 2_000);
  assert.equal(all[0].comment.id, "mine");
  assert.ok(all.every((one, i) => i === 0 || one.comment.at >= all[i - 1].comment.at));
  assert.ok(all.filter((one) => one.comment.weight === 10).length > all.length / 2);
  for (let i = 0; i < 9_000; i += 1) {
    scheduler.add(at(3_000 + i, `d${i}`), live(3_000 + i));
    due(scheduler, 3_000 + i);
  }
  assert.ok(scheduler.sizes.shown <= 4_000);
});

test("sync is the largest distance of what was shown since it was asked for", () => {
  const scheduler = new Scheduler();
  assert.equal(scheduler.takeSync(), undefined);
  for (const one of [at(10), at(20), at(30)]) scheduler.add(one, live(0));
  due(scheduler, 25.4);
  due(scheduler, 31);
  assert.equal(scheduler.takeSync(), 15);
  assert.equal(scheduler.takeSync(), undefined);
  scheduler.add(at(40), live(900)); // it came late, and is shown late
  scheduler.addCue({ id: "q", name: "fire", at: NOW + 700, data: {} });
  due(scheduler, 900);
  assert.equal(scheduler.takeSync(), 860);
  scheduler.own(at(1_000, "mine"), NOW + 1_250);
  assert.equal(scheduler.takeSync(), 250);
  scheduler.own(at(3_000, "ahead"), NOW + 2_990); // the picture was moved back meanwhile
  assert.equal(scheduler.takeSync(), 10);
});

test("what is shown where it would be by now has no sync, nor has a page that nobody looks at", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(0, "old"), old(5_000));
  scheduler.add(at(5_100, "late"), live(5_000));
  scheduler.addCue({ id: "q", name: "fire", at: NOW + 5_200, data: {} });
  due(scheduler, 7_000, { hidden: true });
  assert.deepEqual(ids(due(scheduler, 8_000)), ["old", "late"]);
  assert.equal(scheduler.takeSync(), undefined);
  scheduler.own(at(1_000, "mine"), NaN);
  assert.equal(scheduler.takeSync(), undefined);
});

test("late comments of one write appear as far apart as their frames were made", () => {
  const scheduler = new Scheduler();
  const shown = [];
  // Their sender is 6 s behind live, the viewer 5. Five frames come together, the last one just made.
  for (const made of [200, 400, 600, 800, 1_000])
    scheduler.add(at(made - 6_000), { ...live(1_000 - 5_000), notBefore: NOW + made + 1_000 });
  for (let now = 1_000; now < 2_500; now += 20)
    for (const one of scheduler.due(NOW + now - 5_000, { now: NOW + now }).comments)
      shown.push([now, one.history, one.lateMs]);
  assert.deepEqual(shown, [1_200, 1_400, 1_600, 1_800, 2_000].map((now) => [now, false, 2_000]));
});

test("a comment with slack appears at its moment, whatever its frame waited", () => {
  const scheduler = new Scheduler();
  scheduler.add(at(100), { ...live(0), notBefore: NOW + 60_000 });
  assert.deepEqual(due(scheduler, 99, { now: NOW }), []);
  assert.equal(due(scheduler, 100, { now: NOW })[0].lateMs, 0);
});

test("a late comment that waits is retracted, forgotten with its epoch, and placed after a jump", () => {
  const late = (scheduler) => scheduler.add(at(-100), { ...live(0), notBefore: NOW + 1_000 });
  const after = (act) => {
    const scheduler = new Scheduler();
    late(scheduler);
    assert.equal(scheduler.sizes.waiting, 1);
    act(scheduler);
    return due(scheduler, 0, { now: NOW + 2_000 });
  };
  assert.deepEqual(ids(after(() => {})), ["at-100"]);
  assert.deepEqual(after((one) => one.retract("at-100")), []);
  assert.deepEqual(after((one) => one.clear()), []);
  assert.deepEqual(after((one) => one.jump(NOW)).map((one) => one.history), [true]);
});

test("late comments that wait are bounded, and none is lost", () => {
  const scheduler = new Scheduler();
  for (let i = 0; i < 5_000; i += 1) scheduler.add(at(-1, `c${i}`), { ...live(0), notBefore: NOW + 1_000 });
  assert.equal(due(scheduler, 0, { now: NOW }).length, 1_000);
  assert.equal(due(scheduler, 0, { now: NOW + 1_000 }).length, 4_000);
});
