import assert from "node:assert/strict";
import { test } from "node:test";

import { BulletField, DEFAULT_OPTIONS, gridOf, lanesOf } from "../viewer/lanes.js";
import { NOW, comment } from "./rooms.js";

const STAGE = { width: 1_300, height: 520 };
const { lanes: LANES } = gridOf(STAGE, DEFAULT_OPTIONS);
const field = () => new BulletField((text) => text.length * 0.6);
const LIVE = { playhead: NOW, own: false, history: false };
const ids = (placed) => placed.map((one) => one.id);

test("an id gives every lane once, in an order of its own", () => {
  for (const id of ["1", "2", "abc", "zz9"]) {
    const lanes = lanesOf(id, LANES);
    assert.deepEqual([...lanes].sort((a, b) => a - b), Array.from({ length: LANES }, (_, i) => i));
    assert.deepEqual(lanes, lanesOf(id, LANES));
  }
});

test("ids that follow each other are spread over the lanes", () => {
  const counts = new Array(LANES).fill(0);
  for (let i = 0; i < 1_000 * LANES; i += 1) counts[lanesOf(i.toString(36), LANES)[0]] += 1;
  assert.ok(Math.min(...counts) > 700 && Math.max(...counts) < 1_300, String(counts));
});

test("a comment flies at the same height for everyone, on screens of any size", () => {
  for (const id of ["7", "8", "abc"]) {
    const heights = [STAGE, { width: 1_920, height: 1_080 }, { width: 390, height: 219 }].map((stage) => {
      const one = field();
      one.add(comment(id), LIVE);
      const [placed] = one.at(NOW, stage);
      return placed.y / stage.height;
    });
    assert.ok(Math.max(...heights) - Math.min(...heights) < 0.12, String(heights));
  }
});

test("a bullet keeps its height when the screen is turned", () => {
  const one = field();
  one.add(comment("7"), LIVE);
  const [before] = one.at(NOW, STAGE);
  const [after] = one.at(NOW, { width: 390, height: 219 });
  assert.ok(Math.abs(before.y / STAGE.height - after.y / 219) < 0.1);
});

test("on a stage of another size no two in flight cover each other, then or later", () => {
  const stages = [STAGE, { width: 390, height: 219 }, { width: 700, height: 300 }, { width: 1_920, height: 300 }];
  for (const [turn, small] of stages.slice(1).entries()) {
    const one = field();
    for (let i = 0; i < 120; i += 1) {
      const text = "x".repeat(4 + ((i * 7 + turn) % 30));
      one.add(comment(`${i}`, { at: NOW + i * 50, text, ...(i % 9 === 0 && { mode: "top" }) }), LIVE);
    }
    for (let ms = 0; ms <= 4_000; ms += 50) one.at(NOW + ms, STAGE);
    const before = one.sizes.flying;
    assert.ok(before > 30, String(before));
    for (let ms = 4_050; ms <= 9_000; ms += 50) {
      const scrolling = one.at(NOW + ms, small).filter((placed) => placed.mode === "scroll");
      for (const a of scrolling)
        for (const b of scrolling)
          assert.ok(
            a.id === b.id || a.y !== b.y || a.x + a.width <= b.x + 1e-6 || b.x + b.width <= a.x + 1e-6,
            `${a.id} and ${b.id} at ${ms} ms on ${small.width} by ${small.height}`,
          );
    }
  }
});

test("one's own comment stays on a stage that has become small", () => {
  const one = field();
  for (let i = 0; i < 60; i += 1)
    one.add(comment(`${i}`, { text: "x".repeat(30) }), { ...LIVE, own: i === 59 });
  one.at(NOW, { width: 1_920, height: 1_080 });
  assert.ok(ids(one.at(NOW + 1_000, { width: 200, height: 60 })).includes("59"));
});

test("a comment that lies ahead waits for the playhead", () => {
  const one = field();
  one.add(comment("1", { at: NOW + 1_500 }), LIVE);
  assert.deepEqual(one.at(NOW + 1_499, STAGE), []);
  assert.deepEqual(ids(one.at(NOW + 1_500, STAGE)), ["1"]);
});

test("a comment from behind the playhead enters at once, from the edge", () => {
  const one = field();
  one.add(comment("1", { at: NOW - 20_000 }), LIVE);
  assert.equal(one.at(NOW, STAGE)[0].x, STAGE.width);
});

test("history is where it would be had it been seen, or gone", () => {
  const one = field();
  one.add(comment("1", { at: NOW - 4_000 }), { ...LIVE, history: true });
  one.add(comment("2", { at: NOW - 9_000 }), { ...LIVE, history: true });
  const [placed, ...rest] = one.at(NOW, STAGE);
  assert.deepEqual(rest, []);
  assert.ok(Math.abs(placed.x - (STAGE.width - placed.width) / 2) < 1e-6);
});

test("a comment crosses the stage once and is gone", () => {
  const one = field();
  one.add(comment("1"), LIVE);
  assert.equal(one.at(NOW, STAGE)[0].x, STAGE.width);
  const [last] = one.at(NOW + 7_999, STAGE);
  assert.ok(last.x + last.width < 1);
  assert.deepEqual(one.at(NOW + 8_000, STAGE), []);
  one.add(comment("1"), { ...LIVE, playhead: NOW + 8_020 });
  assert.deepEqual(one.at(NOW + 8_030, STAGE), []);
});

test("one's own comment, shown from its ack, is not shown again by its frame", () => {
  const one = field();
  one.add(comment("1"), { ...LIVE, own: true });
  one.add(comment("1"), LIVE);
  const placed = one.at(NOW, STAGE);
  assert.deepEqual(placed.map((p) => [p.id, p.own]), [["1", true]]);
});

test("a retracted comment leaves at once and never comes back", () => {
  const one = field();
  one.add(comment("1"), LIVE);
  one.add(comment("2", { at: NOW + 500 }), LIVE);
  one.at(NOW, STAGE);
  one.retract("1");
  one.retract("2");
  one.retract("3");
  one.add(comment("3"), LIVE);
  assert.deepEqual(one.at(NOW + 600, STAGE), []);
});

test("comments in one lane never touch, long or short", () => {
  const one = field();
  const long = "a comment that goes on for quite a while";
  for (let i = 0; i < 200; i += 1) {
    const now = NOW + i * 100;
    const parts = { at: now, text: i % 3 ? "ha" : long, mode: i % 5 ? "scroll" : "top" };
    one.add(comment(`k${i}`, parts), { ...LIVE, playhead: now });
    const placed = one.at(now, STAGE).filter((p) => p.mode === "scroll");
    for (const a of placed)
      for (const b of placed)
        if (a.id < b.id && a.y === b.y) assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x);
  }
});

test("of too many at once the weightiest are shown, and one's own always", () => {
  const one = field();
  for (let i = 0; i < 40; i += 1) one.add(comment(`w${i}`, { weight: i / 4 }), LIVE);
  one.add(comment("mine", { weight: 0 }), { ...LIVE, own: true });
  const shown = ids(one.at(NOW, STAGE));
  assert.ok(shown.includes("mine"));
  assert.ok(shown.includes("w39"));
  assert.ok(!shown.includes("w0"));
});

test("top and bottom comments stand still at their edge", () => {
  const one = field();
  one.add(comment("t", { mode: "top" }), LIVE);
  one.add(comment("b", { mode: "bottom" }), LIVE);
  const [first, later] = [one.at(NOW, STAGE), one.at(NOW + 2_000, STAGE)];
  assert.deepEqual(first, later);
  const y = Object.fromEntries(first.map((p) => [p.id, p.y]));
  assert.ok(y.t < STAGE.height / 3 && y.b > STAGE.height * 0.6);
  assert.deepEqual(one.at(NOW + 4_001, STAGE), []);
});

test("a comment that stands still always fits the stage", () => {
  const one = field();
  one.add(comment("t", { mode: "top", text: "x".repeat(100) }), LIVE);
  const [placed] = one.at(NOW, { width: 390, height: 440 });
  assert.ok(placed.x >= 0 && placed.x + placed.width <= 390);
});

test("nothing grows, however long the night", () => {
  const one = field();
  for (let i = 0; i < 20_000; i += 1) {
    one.add(comment(`n${i}`, { at: NOW + (i % 3) * 1_000 + i }), { ...LIVE, playhead: NOW + i });
    if (i % 50 === 0) one.at(NOW + i, STAGE);
  }
  const { waiting, flying, seen } = one.sizes;
  assert.ok(waiting <= 400 && flying <= 240 && seen <= 2_000, JSON.stringify(one.sizes));
});

test("a page that was in the background shows nothing that is over", () => {
  const one = field();
  for (let i = 0; i < 100; i += 1) one.add(comment(`h${i}`, { at: NOW + i * 100 }), { ...LIVE, playhead: NOW + i * 100 });
  const placed = one.at(NOW + 60_000, STAGE);
  assert.deepEqual(placed, []);
});

test("two hundred fly at once where the stage and the options give them room", () => {
  for (const density of ["normal", "many"]) {
    const one = field();
    one.configure({ ...DEFAULT_OPTIONS, density, size: 0.75 });
    for (let i = 0; i < 240; i += 1) {
      const now = NOW + i * 30;
      one.add(comment(`c${i}`, { at: now, text: "wow" }), { ...LIVE, playhead: now });
      one.at(now, { width: 1_920, height: 1_080 });
    }
    assert.ok(one.sizes.flying >= 200, `${density}: ${one.sizes.flying}`);
  }
});

test("a viewer who wants few gets few", () => {
  const one = field();
  one.configure({ ...DEFAULT_OPTIONS, density: "few" });
  for (let i = 0; i < 200; i += 1) one.add(comment(`c${i}`, { at: NOW + i * 20, text: "a" }), { ...LIVE, playhead: NOW + i * 20 });
  one.at(NOW + 4_000, STAGE);
  assert.ok(one.sizes.flying <= 40);
});

test("bullets stay in the part of the picture they were given", () => {
  for (const area of [0.25, 0.5]) {
    const one = field();
    one.configure({ ...DEFAULT_OPTIONS, area });
    for (let i = 0; i < 60; i += 1)
      one.add(comment(`c${i}`, { mode: i % 3 ? "scroll" : "bottom" }), LIVE);
    const placed = one.at(NOW, STAGE);
    assert.ok(placed.length > 0);
    for (const { y, fontPx } of placed) assert.ok(y + fontPx / 2 <= STAGE.height * area);
  }
});

test("what is worth too little is not shown, but for one's own", () => {
  const one = field();
  one.add(comment("before", { weight: 1 }), LIVE);
  one.configure({ ...DEFAULT_OPTIONS, minWeight: 4 });
  one.add(comment("low", { weight: 3 }), LIVE);
  one.add(comment("high", { weight: 4 }), LIVE);
  one.add(comment("mine", { weight: 0 }), { ...LIVE, own: true });
  assert.deepEqual(ids(one.at(NOW, STAGE)).sort(), ["high", "mine"]);
});

test("size and speed are the viewer's", () => {
  const plain = field();
  const fast = field();
  fast.configure({ ...DEFAULT_OPTIONS, size: 1.5, speed: 2 });
  for (const one of [plain, fast]) {
    one.add(comment("1"), LIVE);
    one.at(NOW, STAGE);
  }
  assert.equal(fast.at(NOW, STAGE)[0].fontPx, plain.at(NOW, STAGE)[0].fontPx * 1.5);
  assert.deepEqual(fast.at(NOW + 4_001, STAGE), []);
  assert.equal(plain.at(NOW + 4_001, STAGE).length, 1);
});

test("a long comment takes longer to cross, so that it can be read", () => {
  const one = field();
  one.add(comment("long", { text: "x".repeat(100) }), LIVE);
  one.add(comment("short"), LIVE);
  one.at(NOW, STAGE);
  assert.deepEqual(ids(one.at(NOW + 8_001, STAGE)), ["long"]);
  assert.deepEqual(one.at(NOW + 12_001, STAGE), []);
});

test("what came in time starts at its moment or, where no lane is free, not at all", () => {
  const one = field();
  one.configure({ ...DEFAULT_OPTIONS, area: 0.01 }); // one lane
  one.add(comment("first", { weight: 2 }), LIVE);
  one.add(comment("second", { weight: 1 }), LIVE);
  assert.deepEqual(ids(one.at(NOW, STAGE)), ["first"]);
  for (let later = 0; later < 20_000; later += 100)
    assert.ok(!ids(one.at(NOW + later, STAGE)).includes("second"));
});

test("what came late has no moment to miss: it queues for a lane", () => {
  const one = field();
  one.configure({ ...DEFAULT_OPTIONS, area: 0.01 });
  one.add(comment("first", { at: NOW - 5_000, weight: 2 }), LIVE);
  one.add(comment("second", { at: NOW - 5_000, weight: 1 }), LIVE);
  assert.deepEqual(ids(one.at(NOW, STAGE)), ["first"]);
  for (let later = 0; later < 1_200; later += 100) one.at(NOW + later, STAGE);
  assert.ok(ids(one.at(NOW + 1_200, STAGE)).includes("second"));
});

test("what came late doesn't queue for ever", () => {
  const one = field();
  one.configure({ ...DEFAULT_OPTIONS, area: 0.01 });
  one.add(comment("long", { at: NOW - 5_000, weight: 9, text: "x".repeat(60) }), LIVE);
  one.add(comment("queues", { at: NOW - 5_000, weight: 1 }), LIVE);
  for (let later = 0; later < 40_000; later += 50) {
    const shown = ids(one.at(NOW + later, STAGE));
    assert.ok(!shown.includes("queues"), `shown after ${later} ms`);
  }
  assert.equal(one.sizes.waiting, 0);
});
