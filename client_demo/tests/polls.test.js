import assert from "node:assert/strict";
import { test } from "node:test";

import { isAnswer, meanOf, phaseOf, shareOf, votesFrom } from "../sdk/polls.js";
import { NOW, poll } from "./rooms.js";

test("a poll opens and ends by the viewer's own playhead", () => {
  const one = poll("p", { opens_at: NOW, closes_at: NOW + 10 });
  assert.equal(phaseOf(one, NOW - 1), "waiting");
  assert.equal(phaseOf(one, NOW), "open");
  assert.equal(phaseOf(one, NOW + 10), "open");
  assert.equal(phaseOf(one, NOW + 11), "counting");
});

test("the server's word ends a poll whatever the playhead", () => {
  for (const status of ["closed", "revealed", "cancelled"])
    assert.equal(phaseOf(poll("p", { status, final: true }), NOW), status);
});

test("shares are of those who voted", () => {
  assert.equal(shareOf({ tally: [3, 1], voters: 4 }, 0), 0.75);
  assert.equal(shareOf({ tally: [0, 0], voters: 0 }, 1), 0);
});

test("where votes have weights, shares are of all weights", () => {
  const weighted = votesFrom(poll("p", { weights: true }), [30, 10], 3);
  assert.equal(shareOf(weighted, 0), 0.75);
  assert.equal(weighted.voters, 3);
  assert.deepEqual(votesFrom(poll("p"), [3, 1]), { tally: [3, 1], voters: 4 });
});

test("the mean counts the options from 1, and there is none without votes", () => {
  assert.equal(meanOf({ tally: [1, 0, 3] }), 2.5);
  assert.equal(meanOf({ tally: [0, 0] }), undefined);
});

test("no option is right before the answer is known", () => {
  assert.equal(isAnswer(poll("p"), 0), false);
  assert.equal(isAnswer(poll("p", { answer: 0 }), 0), true);
});
