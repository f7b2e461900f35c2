import assert from "node:assert/strict";
import { test } from "node:test";

import { NO_TIME, readMessage } from "../sdk/reading.js";
import { NOW, comment, frame, poll, welcome } from "./rooms.js";

const WRONG = [undefined, null, 5, -1, NaN, Infinity, "", "x", true, [], {}, [null], [[]], new Date(0), () => 0];
const AUDIENCE = {
  told: 3,
  behind: { p10: 1, p50: 2, p90: 3, p99: 4 },
  sync: { p50: 1, p99: 2 },
  polls: [{ poll: "p", seen: 1, ended: 0.5, last_in: 900, in_time: 1 }],
};
const CROWD = { viewers: [{ in: 60, p10: 1, p50: 2, p90: 3 }], comments: [] };
const WHOLE = [
  welcome({ polls: [poll("p")], recent: [comment("c")] }),
  frame({
    offset: 3,
    comments: [comment("c", { mode: "top", color: 1, count: 2, size: "large" })],
    overflow: 1,
    retract: ["a"],
    polls: [poll("p", { tally: [1, 2], voters: 3, answer: 0 })],
    overlays: [{ id: "o", kind: "stats", at: NOW, data: { v: 1 }, topic: "t", expires_at: NOW }],
    drop: ["o"],
    cues: [{ id: "q", name: "fire", at: NOW, data: {} }],
    settings: { title: "Gala", max_latency: 60_000 },
  }),
  frame({
    head: 3,
    tallies: [{ poll: "p", tally: [1], voters: 1 }],
    gauges: { viewers: 2, lurkers: 1, refused: 7, pulse: { comments_per_second: 1, people: 2, mood: 0, excitement: 0.5 } },
  }),
  frame({ head: 3, gauges: { audience: AUDIENCE, crowd: CROWD } }),
  { type: "ack", id: "a", status: "held", comment: "c" },
  { type: "error", id: "a", code: "muted", message: "no", retry_after: 3 },
  { type: "time", id: "t", sent: 1, now: NOW },
  { type: "notice", code: "muted", message: "no", until: NOW, held: [comment("c", { reason: "?" })] },
  { type: "notice", code: "waiting", message: "", place: 3, after: 9000 },
  { type: "bye", code: 1012, reason: "restart", reconnect: true, after: 9 },
];

test("what keeps to the contract comes through as it is, and unknown fields with it", () => {
  for (const message of WHOLE) {
    assert.deepEqual(readMessage(message), message);
    assert.equal(readMessage({ ...message, sparkles: [1] }).sparkles[0], 1);
  }
});

test("whatever stands in any field, reading neither raises nor makes up a type", () => {
  for (const message of WHOLE)
    for (const field of Object.keys(message))
      for (const wrong of WRONG) {
        const read = readMessage({ ...message, [field]: wrong });
        assert.ok(read === undefined || read.type === message.type, `${field}: ${String(wrong)}`);
        for (const list of ["comments", "polls", "overlays", "cues", "recent", "retract", "drop", "tallies", "held"])
          assert.ok(read?.[list] === undefined || Array.isArray(read[list]), list);
      }
});

test("what is no map, or of no known type, is no message", () => {
  for (const value of [...WRONG, { type: 5 }, { type: "confetti" }, { type: "welcome" }, { type: "toString" }])
    assert.equal(readMessage(value), undefined);
});

test("a list that is none is absent, and one broken item leaves the others", () => {
  assert.equal("comments" in readMessage(frame({ offset: 1, comments: 5 })), false);
  const mixed = [null, comment("1"), { ...comment("2"), text: 7 }, comment("3", { mode: "spiral", color: "red" })];
  assert.deepEqual(readMessage(frame({ comments: mixed })).comments, [comment("1"), comment("3")]);
});

test("a poll without options that can be read is left out", () => {
  const broken = [poll("p", { options: "ab" }), poll("q", { options: [{}] }), poll("r", { opens_at: "soon" })];
  assert.deepEqual(readMessage(frame({ polls: broken })).polls, []);
  assert.equal(readMessage(frame({ polls: [poll("p", { tally: 9 })] })).polls[0].tally, undefined);
});

test("an audience is whole or absent; of its polls those are there that can be read", () => {
  const read = (/** @type {object} */ parts) =>
    readMessage(frame({ gauges: { viewers: 1, audience: { ...AUDIENCE, ...parts } } })).gauges;
  for (const broken of [{ told: "3" }, { behind: { p10: 1 } }, { sync: undefined }, { polls: {} }])
    assert.deepEqual(read(broken), { viewers: 1 });
  assert.deepEqual(read({ polls: [{ poll: "p" }, ...AUDIENCE.polls] }), { viewers: 1, audience: AUDIENCE });
});

test("what is expected of the audience is whole or absent, without what can't be read", () => {
  const read = (/** @type {unknown} */ crowd) => readMessage(frame({ gauges: { viewers: 1, crowd } })).gauges;
  for (const broken of [{}, { viewers: [] }, { viewers: 5, comments: [] }]) assert.deepEqual(read(broken), { viewers: 1 });
  const mixed = { viewers: [...CROWD.viewers, { in: "60" }, null], comments: [] };
  assert.deepEqual(read(mixed), { viewers: 1, crowd: CROWD });
});

test("a numbered frame keeps its number whatever is wrong inside", () => {
  assert.deepEqual(readMessage({ type: "frame", offset: 4, now: "late", polls: {} }), {
    type: "frame",
    offset: 4,
    now: NO_TIME,
  });
});

test("an answer that names its message settles it, whatever else is wrong in it", () => {
  assert.deepEqual(readMessage({ type: "ack", id: "a", status: 1, comment: 2 }), {
    type: "ack",
    id: "a",
    status: "accepted",
  });
  assert.deepEqual(readMessage({ type: "error", id: "a", code: 5, retry_after: "now" }), {
    type: "error",
    id: "a",
    code: "",
    message: "",
  });
});

test("a role is one of the staff's, or none", () => {
  const said = (/** @type {unknown} */ role) => ({ id: "a", at: 1, user: "u", name: "n", text: "t", weight: 1, role });
  const roles = readMessage(frame({ comments: ["moderator", "producer", "viewer", "<b>", 1].map(said) })).comments;
  assert.deepEqual(
    roles.map((/** @type {any} */ one) => one.role),
    ["moderator", "producer", undefined, undefined, undefined],
  );
});
