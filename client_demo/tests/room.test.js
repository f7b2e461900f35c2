import assert from "node:assert/strict";
import { test } from "node:test";

import { enter, fold, numbered, votesOf } from "../sdk/room.js";
import { NOW, comment, frame, poll, welcome } from "./rooms.js";

const overlay = (id, parts = {}) => ({ id, kind: "card", at: NOW, data: {}, ...parts });
const cue = (id, parts = {}) => ({ id, name: "fire", at: NOW, data: {}, ...parts });

/** What a server's room is after the frames: the same parts, kept the plain way. */
function serverAfter(frames) {
  const last = frames.at(-1);
  const polls = new Map();
  const overlays = new Map();
  const cues = new Map();
  let recent = [];
  let settings = welcome().settings;
  for (const one of frames) {
    for (const item of one.polls ?? []) polls.set(item.id, item);
    for (const item of one.overlays ?? []) overlays.set(item.id, item);
    for (const item of one.cues ?? []) cues.set(item.id, item);
    for (const id of one.drop ?? []) overlays.delete(id);
    recent = [...recent, ...(one.comments ?? [])].filter((c) => !(one.retract ?? []).includes(c.id));
    settings = one.settings ?? settings;
  }
  return welcome({
    offset: last.offset,
    now: last.now,
    settings,
    polls: [...polls.values()],
    overlays: [...overlays.values()].filter((o) => (o.expires_at ?? Infinity) > last.now),
    cues: [...cues.values()].filter((c) => c.at >= last.now - settings.max_latency),
    recent: recent.slice(-50),
  });
}

const NIGHT = [
  frame({ offset: 1, comments: [comment("1"), comment("2")] }),
  frame({ offset: 2, polls: [poll("p1")], cues: [cue("c1")] }),
  frame({ offset: 3, overlays: [overlay("o1"), overlay("o2", { expires_at: NOW + 5_000 })] }),
  frame({ offset: 4, retract: ["1"], comments: [comment("3")] }),
  frame({ offset: 5, polls: [poll("p1", { closes_at: NOW + 9 })], settings: { max_latency: 30_000 } }),
  frame({ offset: 6, now: NOW + 20_000, drop: ["o1"], cues: [cue("c2", { at: NOW + 20_000 })] }),
  frame({ offset: 7, now: NOW + 40_000, comments: Array.from({ length: 60 }, (_, i) => comment(`x${i}`)) }),
];

test("state plus frames equals the state of one who comes in now, after every frame", () => {
  let state = enter(welcome());
  NIGHT.forEach((one, i) => {
    state = fold(state, one);
    assert.deepEqual(numbered(state), numbered(enter(serverAfter(NIGHT.slice(0, i + 1)))));
  });
});

test("frames after a recovered welcome bring comments, retractions and cues alone", () => {
  const before = NIGHT.slice(0, 2).reduce(fold, enter(welcome()));
  const resumed = { ...serverAfter(NIGHT), recovered: true, recent: [] };
  const after = NIGHT.slice(2).reduce(fold, enter(resumed, before));
  assert.deepEqual(numbered(after), numbered(enter(serverAfter(NIGHT))));
});

test("a welcome that recovered nothing replaces all state", () => {
  const before = NIGHT.reduce(fold, enter(welcome()));
  const after = enter(welcome({ epoch: "e2", offset: 3 }), before);
  assert.deepEqual(numbered(after), numbered(enter(welcome({ epoch: "e2", offset: 3 }))));
});

test("a recovered welcome of another epoch is not gone on from", () => {
  const before = NIGHT.reduce(fold, enter(welcome()));
  const after = enter(welcome({ epoch: "e2", offset: 9, recovered: true }), before);
  assert.equal(after.offset, 9);
  assert.deepEqual(after.recent, []);
});

test("a fold never changes the state it starts from", () => {
  const state = NIGHT.slice(0, 3).reduce(fold, enter(welcome()));
  const copy = structuredClone(state);
  fold(state, NIGHT[3]);
  fold(state, frame({ tallies: [{ poll: "p1", tally: [1, 0], voters: 1 }] }));
  assert.deepEqual(state, copy);
});

test("tallies move an open poll and never a final one", () => {
  const tallies = [{ poll: "p1", tally: [3, 4], voters: 7 }];
  const open = fold(enter(welcome({ polls: [poll("p1", { tally: [0, 0], voters: 0 })] })), frame({ tallies }));
  assert.deepEqual(votesOf(open, open.polls.get("p1")), { tally: [3, 4], voters: 7 });
  const end = poll("p1", { status: "closed", final: true, tally: [5, 4], voters: 9 });
  const closed = fold(fold(open, frame({ offset: 1, polls: [end] })), frame({ tallies }));
  assert.deepEqual(votesOf(closed, closed.polls.get("p1")), { tally: [5, 4], voters: 9 });
});

test("a hidden tally is unknown, not zero", () => {
  const state = enter(welcome({ polls: [poll("p1")] }));
  assert.equal(votesOf(state, state.polls.get("p1")), undefined);
});

test("gauges keep what a later frame leaves out", () => {
  const pulse = { comments_per_second: 2, people: 3, mood: 0.5, excitement: 0.1 };
  const state = [frame({ gauges: { viewers: 9, pulse } }), frame({ gauges: { viewers: 8 } })].reduce(
    fold,
    enter(welcome()),
  );
  assert.deepEqual(state.gauges, { viewers: 8, pulse });
});

test("unknown fields of a frame change nothing", () => {
  const state = enter(welcome());
  assert.deepEqual(fold(state, frame({ sparkles: [1] })), state);
});
