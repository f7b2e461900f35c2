import assert from "node:assert/strict";
import { test } from "node:test";

import { basisOf, draftOf, outcomeOfPoll, outcomeOfText } from "../producer/assistant/suggestions.js";
import { isDraft } from "../producer/polls/templates.js";

const QUESTION = { text: "Who scores next?", options: ["Nine", "Another"] };
const RESTS_ON = {
  from: 0,
  until: 9,
  counts: { said: 4, given: 3 },
  comments: [
    { id: "1", text: "what a goal!", at: 3, count: 2 },
    { id: "2", text: "boring", at: 4, count: 1 },
  ],
  cues: [{ id: "1", name: "penalty", at: 2 }],
  stats: [
    { id: "team:a", text: "A: goals 1", at: 1 },
    { id: "team:a", text: "A: goals 2", at: 5 },
  ],
  items: [{ id: "1", title: "Second half" }],
};

test("a suggestion rests on what it names alone: what is planned, then moments in their order", () => {
  const suggestion = { text: "", comments: ["1"], cues: ["1"], stats: ["team:a"], items: ["1"] };
  const found = basisOf({ rests_on: RESTS_ON }, suggestion);
  assert.deepEqual(
    found.map(({ kind, text, at, count }) => [kind, text, at, count]),
    [
      ["item", "Second half", undefined, 1],
      ["stat", "A: goals 1", 1, 1],
      ["cue", "penalty", 2, 1],
      ["comment", "what a goal!", 3, 2],
      ["stat", "A: goals 2", 5, 1],
    ],
  );
  assert.equal(new Set(found.map(({ key }) => key)).size, found.length);
  assert.deepEqual(basisOf({ rests_on: RESTS_ON }, { text: "" }), []);
});

test("a question that is opened as it was is sent, and one with another word is changed", () => {
  const draft = draftOf(QUESTION);
  assert.ok(isDraft(draft));
  assert.equal(outcomeOfPoll(QUESTION, draft), "sent");
  assert.equal(outcomeOfPoll(QUESTION, { ...draft, duration: 20, tag: "next" }), "sent");
  for (const change of [{ question: "Who?" }, { options: ["Another", "Nine"] }, { options: ["Nine"] }])
    assert.equal(outcomeOfPoll(QUESTION, { ...draft, ...change }), "changed");
});

test("an answer is sent as it was, whatever blanks are around it", () => {
  assert.equal(outcomeOfText({ text: "We look at it." }, " We look at it.\n"), "sent");
  assert.equal(outcomeOfText({ text: "We look at it." }, "We looked at it."), "changed");
});
