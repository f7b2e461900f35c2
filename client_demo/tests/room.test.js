import assert from "node:assert/strict";
import { test } from "node:test";

import { enter, fold, foldFollowed, followedAt, numberedPart, overlaysAt, pollAt, votesOf } from "../sdk/room.js";
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
    overlays: [...overlays.values()],
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
    assert.deepEqual(numberedPart(state), numberedPart(enter(serverAfter(NIGHT.slice(0, i + 1)))));
  });
});

test("frames after a recovered welcome bring comments, retractions and cues alone", () => {
  const before = NIGHT.slice(0, 2).reduce(fold, enter(welcome()));
  const resumed = { ...serverAfter(NIGHT), recovered: true, recent: [] };
  const after = NIGHT.slice(2).reduce(fold, enter(resumed, before));
  assert.deepEqual(numberedPart(after), numberedPart(enter(serverAfter(NIGHT))));
});

test("a welcome that recovered nothing replaces all state", () => {
  const before = NIGHT.reduce(fold, enter(welcome()));
  const after = enter(welcome({ epoch: "e2", offset: 3 }), before);
  assert.deepEqual(numberedPart(after), numberedPart(enter(welcome({ epoch: "e2", offset: 3 }))));
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

const idsAt = (state, playhead) => overlaysAt(state, playhead).map((one) => [one.id, one.data.v]);
const card = (v, at, parts = {}) => overlay("o", { at, data: { v }, ...parts });

test("a version ahead of a viewer doesn't hide the one before it", () => {
  const state = [frame({ overlays: [card(1, NOW)] }), frame({ overlays: [card(2, NOW + 9_000)] })].reduce(
    fold,
    enter(welcome()),
  );
  assert.deepEqual(idsAt(state, NOW - 1), []);
  assert.deepEqual(idsAt(state, NOW + 8_999), [["o", 1]]);
  assert.deepEqual(idsAt(state, NOW + 9_000), [["o", 2]]);
  assert.deepEqual(idsAt(state, NaN), []);
});

test("of two versions of one moment the later said holds, and one that comes late hides none", () => {
  const state = [card(1, NOW), card(2, NOW), card(0, NOW - 500)].reduce(
    (before, one) => fold(before, frame({ overlays: [one] })),
    enter(welcome()),
  );
  assert.deepEqual(idsAt(state, NOW - 1), [["o", 0]]);
  assert.deepEqual(idsAt(state, NOW), [["o", 2]]);
});

test("an overlay ends for each viewer when their own playhead reaches its end", () => {
  const brief = card(1, NOW, { expires_at: NOW + 5_000 });
  const late = fold(fold(enter(welcome()), frame({ overlays: [brief] })), frame({ now: NOW + 20_000 }));
  assert.deepEqual(idsAt(late, NOW + 4_999), [["o", 1]]);
  assert.deepEqual(idsAt(late, NOW + 5_000), []);
});

test("a version that ends at once takes away the one before it", () => {
  const state = enter(welcome({ overlays: [card(1, NOW)] }));
  const gone = fold(state, frame({ overlays: [card(2, NOW + 100, { expires_at: NOW + 100 })] }));
  assert.deepEqual(idsAt(gone, NOW + 99), [["o", 1]]);
  assert.deepEqual(idsAt(gone, NOW + 100), []);
});

test("versions survive a welcome of the same epoch, and go once nobody can have them before them", () => {
  const first = fold(enter(welcome({ overlays: [card(1, NOW)] })), frame({ overlays: [card(2, NOW + 9_000)] }));
  const again = enter(welcome({ overlays: [card(2, NOW + 9_000)] }), first);
  assert.deepEqual(idsAt(again, NOW + 1), [["o", 1]]);
  assert.deepEqual(idsAt(enter(welcome({ epoch: "e2", overlays: [card(2, NOW + 9_000)] }), first), NOW + 1), []);
  assert.deepEqual(idsAt(enter(welcome(), first), NOW + 1), [], "dropped while away");
  const later = fold(again, frame({ now: NOW + 69_000 }));
  assert.equal(later.versions.get("o").length, 1);
  assert.deepEqual(idsAt(fold(again, frame({ drop: ["o"] })), NOW + 10_000), []);
});

test("a card that changes without end doesn't grow", () => {
  let state = enter(welcome());
  for (let i = 0; i < 1_000; i += 1) state = fold(state, frame({ overlays: [card(i, NOW + i)] }));
  assert.equal(state.versions.get("o").length, 200);
  const again = [1, 2, 3].reduce((before) => fold(before, frame({ overlays: [card(1, NOW)] })), enter(welcome()));
  assert.equal(again.versions.get("o").length, 1);
});

test("a result is not told before the moment at which it was revealed", () => {
  const closed = poll("p1", { kind: "quiz", status: "closed", final: true });
  const told = { ...closed, status: "revealed", answer: 1, tally: [1, 2], voters: 3 };
  const state = fold(enter(welcome({ polls: [closed] })), frame({ now: NOW + 30_000, polls: [told] }));
  assert.deepEqual(pollAt(state, told, NOW + 29_999), closed);
  assert.deepEqual(pollAt(state, told, NOW + 30_000), told);
  const again = fold(state, frame({ now: NOW + 50_000, polls: [told] }));
  assert.deepEqual(pollAt(again, told, NOW + 30_000), told);
});

test("a result is not told before the moment at which it was final, and the bars stay until then", () => {
  const open = poll("p1", { status: "open", final: false });
  const final = { ...open, status: "closed", final: true, tally: [5, 2], voters: 7 };
  const counted = { poll: "p1", tally: [4, 2], voters: 6 };
  const running = fold(enter(welcome({ polls: [open] })), { type: "frame", now: NOW, tallies: [counted] });
  const state = fold(running, frame({ now: NOW + 30_000, polls: [final] }));
  const before = pollAt(state, final, NOW + 29_999);
  assert.deepEqual([before.status, before.final], ["open", false]);
  assert.deepEqual(votesOf(state, before), { tally: [4, 2], voters: 6 });
  assert.deepEqual(pollAt(state, final, NOW + 30_000), final);
  const revealed = { ...final, status: "revealed" };
  const again = fold(state, frame({ now: NOW + 31_000, polls: [revealed] }));
  assert.deepEqual(pollAt(again, revealed, NOW + 29_999), before);
  assert.equal(pollAt(again, revealed, NOW + 30_500).status, "closed");
  assert.deepEqual(running.steps.size, 0);
});

test("a result that was there when the viewer came in is told at once, a cancelled poll too", () => {
  const final = poll("p1", { status: "closed", final: true, tally: [5, 2], voters: 7 });
  const state = enter(welcome({ polls: [final] }));
  assert.deepEqual(pollAt(state, final, NOW - 10_000), final);
  const open = poll("p2", { status: "open", final: false });
  const gone = { ...open, status: "cancelled", final: true };
  const after = fold(enter(welcome({ polls: [open] })), frame({ now: NOW + 1, polls: [gone] }));
  assert.deepEqual(pollAt(after, gone, NOW), gone);
});

test("a viewer who joins after the reveal sees the result, from the first moment at which it can have been revealed", () => {
  const told = { status: "revealed", final: true, answer: 1, tally: [1, 2], voters: 3 };
  const long = poll("p1", { ...told, opens_at: NOW - 200_000, closes_at: NOW - 100_000 });
  const last = poll("p2", { ...told, opens_at: NOW - 90_000, closes_at: NOW - 20_000, grace: 15_000 });
  const state = enter(welcome({ polls: [long, last] }));
  assert.deepEqual(pollAt(state, long, NOW - 15_000), long);
  const before = pollAt(state, last, NOW - 5_001);
  assert.deepEqual([before.status, before.answer, before.tally], ["closed", undefined, undefined]);
  assert.deepEqual(pollAt(state, last, NOW - 5_000), last);
  const early = { ...last, closes_at: NOW - 1 }; // all had voted, so the server didn't wait
  assert.deepEqual(pollAt(enter(welcome({ polls: [early] })), early, NOW), early);
});

test("cards of followed entities are a viewer's own, and outlive a welcome until all have passed them", () => {
  const card = (at, v) => overlay("own", { at, topic: "athlete:1", data: { v } });
  const seen = (state, at, topics = ["athlete:1"]) => followedAt(state, at, topics).map((one) => one.data.v);
  const before = foldFollowed(foldFollowed(enter(welcome()), [card(NOW - 5_000, 1)]), [card(NOW + 1_000, 2)]);
  assert.deepEqual(numberedPart(before), numberedPart(enter(welcome())));
  assert.deepEqual(overlaysAt(before, NOW), []);
  assert.deepEqual([seen(before, NOW), seen(before, NOW + 1_000)], [[1], [2]]);
  assert.deepEqual(seen(before, NOW, ["athlete:2"]), []);
  assert.deepEqual(seen(enter(welcome({ now: NOW + 2_000 }), before), NOW), [1]);
  assert.deepEqual(seen(enter(welcome({ now: NOW + 57_000 }), before), NOW + 57_000), [2]);
  assert.deepEqual(seen(enter(welcome({ now: NOW + 62_000 }), before), NOW + 62_000), []);
  assert.deepEqual(seen(enter(welcome({ epoch: "e2" }), before), NOW), []);
  const far = foldFollowed(before, [card(NOW + 64_000, 3)]); // what is seen is old, and what is new lies ahead
  assert.deepEqual(seen(enter(welcome({ now: NOW + 65_000 }), far), NOW + 60_000), [2]);
});

test("sentences about followed entities don't grow", () => {
  let state = enter(welcome());
  for (let i = 0; i < 100; i += 1) {
    const at = NOW + i * 10_000;
    state = { ...foldFollowed(state, [overlay(`s${i}`, { at, topic: "a", expires_at: at + 12_000 })]), now: at };
  }
  assert.ok(state.followed.size < 10);
});
