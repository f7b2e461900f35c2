/** The programme feed makes the same state as a viewer's socket. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { take } from "../sdk/program.js";
import { enter, fold, numberedPart, pollsAt } from "../sdk/room.js";
import { readMessage } from "../sdk/reading.js";

const POLL = { id: "p", kind: "single", question: "Who?", options: [{ text: "a" }, { text: "b" }], opens_at: 10, closes_at: 99, grace: 0, change: false };
const OPEN = { ...POLL, status: "open", final: false };
const DONE = { ...POLL, status: "closed", final: true, tally: [3, 1], voters: 4 };
const CARD = { id: "c", kind: "stats", at: 20, data: { name: "Ada" } };
const CUE = { id: "q", name: "goal", at: 20, data: {} };
const STATE = { room: "gala", epoch: "e", offset: 7, now: 20, settings: { title: "T" }, polls: [OPEN], overlays: [CARD], cues: [CUE] };

/** @param {[string, unknown][]} events */
const after = (events) => events.reduce((state, [name, data]) => take(state, name, data, 20), /** @type {import("../sdk/room.js").RoomState | undefined} */ (undefined));

/** @param {object[]} frames */
function bySocket(frames) {
  const read = (/** @type {object} */ message) => /** @type {any} */ (readMessage(message));
  const first = enter(read({ type: "welcome", ...STATE, viewer: { role: "viewer" }, recent: [], viewers: 1, recovered: false, durability: "fsync" }));
  return frames.reduce((state, frame) => fold(state, read({ type: "frame", now: 20, ...frame })), first);
}

test("events lead to the state that frames lead to", () => {
  const state = after([
    ["reset", STATE],
    ["tally", { poll: "p", tally: [1, 0], voters: 1 }],
    ["poll", DONE],
    ["overlay", { ...CARD, id: "d" }],
    ["drop", "c"],
    ["cue", { ...CUE, id: "r" }],
    ["settings", { title: "U" }],
  ]);
  assert.ok(state);
  const socket = bySocket([
    { tallies: [{ poll: "p", tally: [1, 0], voters: 1 }] },
    { polls: [DONE] },
    { overlays: [{ ...CARD, id: "d" }], drop: ["c"] },
    { cues: [{ ...CUE, id: "r" }], settings: { title: "U" } },
  ]);
  assert.deepEqual(numberedPart(state), numberedPart(socket));
  assert.deepEqual(pollsAt(state, 200), pollsAt(socket, 200));
  assert.deepEqual(pollsAt(state, 200)[0]?.votes, { tally: [3, 1], voters: 4 });
});

test("a tally is known until the result is", () => {
  const state = after([["reset", STATE], ["tally", { poll: "p", tally: [1, 0], voters: 1 }]]);
  assert.deepEqual(state && pollsAt(state, 50)[0]?.votes, { tally: [1, 0], voters: 1 });
});

test("a second reset replaces what was there", () => {
  const state = after([["reset", STATE], ["reset", { ...STATE, polls: [], epoch: "f", now: 30 }]]);
  assert.deepEqual([state?.epoch, state?.polls.size], ["f", 0]);
});

test("what can't be read changes nothing, and nothing comes before the state", () => {
  const state = after([["reset", STATE]]);
  for (const [name, data] of /** @type {[string, unknown][]} */ ([["poll", { id: "p" }], ["poll", null], ["tally", 7], ["later", {}], ["reset", "no"]])) {
    const next = take(state, name, data, 20);
    assert.deepEqual(next && numberedPart(next), state && numberedPart(state), name);
  }
  assert.equal(take(undefined, "poll", OPEN, 20), undefined);
});
