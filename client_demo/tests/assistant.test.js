import assert from "node:assert/strict";
import { test } from "node:test";

import { basisOf, draftOf, outcomeOfPoll } from "../producer/assistant/suggestions.js";
import { draftFrom, typedFrom } from "../producer/polls/fields.js";
import { bodyOf, typedBody } from "../producer/rundown/bodies.js";
import { isDraft, requestBody } from "../producer/polls/templates.js";

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
  const draft = draftOf(QUESTION, "tiny");
  assert.ok(isDraft(draft));
  const typed = typedFrom(draft);
  for (const change of [{}, { duration: "20", tag: "next" }, { question: `${draft.question} ` }]) {
    const opened = draftFrom({ ...typed, ...change });
    assert.equal(outcomeOfPoll(opened), "sent");
    assert.equal(requestBody(opened, 0).by, "tiny");
  }
  for (const change of [{ question: "Who?" }, { options: ["Another", "Nine"] }, { options: ["Nine"] }, { kind: "rating" }]) {
    const opened = draftFrom({ ...typed, ...change });
    assert.equal(outcomeOfPoll(opened), "changed");
    assert.ok(!("by" in requestBody(opened, 0)));
  }
});

test("what a model wrote and an item of the run-down or a template keeps is still the model's", () => {
  const body = requestBody(draftFrom(typedFrom(draftOf(QUESTION, "tiny"))), 0);
  const item = { id: "1", kind: /** @type {const} */ ("poll"), title: "", body };
  assert.deepEqual(bodyOf("poll", typedBody(item)), body);
  assert.ok(!isDraft({ ...draftOf(QUESTION, "tiny"), written: { by: 5 } }));
});
