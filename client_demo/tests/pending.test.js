import assert from "node:assert/strict";
import { test } from "node:test";

import { Pending } from "../sdk/pending.js";

const COMMENT = { type: "comment", id: "c", text: "hello" };
const VOTE = { type: "vote", id: "v", poll: "p", choices: [0] };
const no = (code, retryAfter) => ({ type: "error", code, message: "", retry_after: retryAfter });

/** Both, sent at 0. */
function both() {
  const pending = new Pending();
  pending.add(COMMENT, 0);
  pending.add(VOTE, 0);
  return pending;
}

test("a new connection is told all again, in the order said", () => {
  assert.deepEqual(both().all(5), { send: [COMMENT, VOTE], forgotten: [] });
});

test("what is settled is told no more", () => {
  const pending = both();
  pending.settle("c");
  pending.refused(0, "v", no("already_voted"), 0);
  assert.deepEqual(pending.all(5), { send: [], forgotten: [] });
});

test("a server at fault gets it again after the time it asked for, up to twice that, and once", () => {
  for (const code of ["overloaded", "unavailable"]) {
    const pending = both();
    pending.refused(0, "v", no(code, 3), 0.5);
    assert.deepEqual(pending.due(4_499).send, []);
    assert.deepEqual(pending.due(4_500).send, [VOTE]);
    assert.deepEqual(pending.due(9_000).send, []);
    assert.ok(pending.has("v"));
  }
});

test("a comment that is one too many is given up, a vote never", () => {
  const pending = both();
  pending.all(1); // even one that was sent again: the server has looked whether it knows it
  pending.refused(1, "c", no("overloaded", 10), 0);
  pending.refused(1, "v", no("overloaded", 10), 0);
  assert.equal(pending.has("c"), false);
  assert.deepEqual(pending.due(10_001).send, [VOTE]);
  pending.add(COMMENT, 20_000);
  pending.refused(20_000, "c", no("overloaded", 9.9), 0);
  pending.refused(20_000, "c", no("unavailable", 10), 0);
  assert.deepEqual(pending.due(30_000).send, [COMMENT]);
});

test("too fast settles what was sent once, and waits with what was sent again", () => {
  const pending = both();
  pending.refused(0, "c", no("rate_limited", 1), 0);
  assert.equal(pending.has("c"), false);
  pending.all(10);
  pending.refused(10, "v", no("rate_limited", 1), 0);
  assert.deepEqual(pending.due(1_010).send, [VOTE]);
});

test("a comment is given up once its id may be forgotten, counted from its first sending", () => {
  const pending = both();
  pending.all(100_000);
  assert.deepEqual(pending.all(290_000).send, [COMMENT, VOTE]);
  assert.deepEqual(pending.all(290_001), { send: [VOTE], forgotten: ["c"] });
  assert.equal(pending.has("c"), false);
});

test("what was never sent can't have counted: it is sent however late, and is not given up then", () => {
  const pending = new Pending();
  pending.add(COMMENT);
  assert.deepEqual(pending.all(1e9).send, [COMMENT]);
  assert.deepEqual(pending.all(1e9 + 290_000).send, [COMMENT]);
});
