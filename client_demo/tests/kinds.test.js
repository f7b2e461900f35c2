/** Each kind of poll behaves alike: it has its words, gives its fields, and keeps its answer to itself. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LANGUAGES, textsFor } from "../languages/languages.js";
import { KINDS, formWordsOf, kindOf, wordsOf } from "../polls/registry.js";
import { isDraft, isReady, optionsOf, ownFields, requestBody } from "../producer/polls/templates.js";
import { poll } from "./rooms.js";

const TEXTS = await Promise.all(Object.keys(LANGUAGES).map(textsFor));
const ENGLISH = await textsFor("en");
const PHASES = ["waiting", "open", "counting", "closed", "revealed", "cancelled"];
const VOTES = [1, 5, 2];

/**
 * Of each kind: what a draft has of its own, what a revealed poll of the kind says besides, and how
 * its options are marked in the end, with the headline and the figure; what it says while the result
 * is final and the answer isn't known.
 */
const CASES = {
  single: { own: {}, body: {}, told: {}, marks: ["other", "winner", "other"], headline: "Result" },
  multiple: {
    own: { maxChoices: 2 },
    body: { max_choices: 2 },
    told: { max_choices: 2 },
    marks: ["other", "winner", "other"],
    headline: "Result",
  },
  quiz: { own: { answer: 0 }, body: { answer: 0 }, told: { answer: 0 }, marks: ["right", "other", "other"], headline: "Answer" },
  rating: { own: { scale: 3 }, body: { scale: 3 }, told: {}, marks: ["", "", ""], headline: "Result", figure: "2.1" },
  prediction: {
    own: {},
    body: {},
    told: { answer: 1 },
    marks: ["other", "right", "other"],
    headline: "Outcome",
    figure: "63%",
    undecided: "Not decided yet",
  },
};

const caseOf = (kind) => CASES[kind.name];
const draftOf = (kind, own = caseOf(kind).own) => ({ kind: kind.name, question: "?", options: ["a", "b", "c"], duration: 5, ...own });

/** A poll as a viewer sees it in a phase; without `tally` its votes are hidden. */
function seen(kind, phase, tally, told = {}) {
  const status = phase === "waiting" || phase === "counting" ? "open" : phase;
  const options = ["a", "b", "c"].map((text) => ({ text }));
  const one = poll("p", { kind: kind.name, options, status, final: phase === "closed" || phase === "revealed", ...told });
  return { poll: one, phase, ...(tally && { votes: { tally, voters: tally.reduce((a, b) => a + b, 0) } }) };
}
const resultOf = (kind, ...what) => kind.resultOf(seen(kind, ...what), wordsOf(kind, ENGLISH));

test("every kind has a case, and a name of its own", () => {
  assert.deepEqual(KINDS.map((kind) => kind.name), Object.keys(CASES));
  for (const kind of KINDS) assert.equal(kindOf(kind.name), kind);
});

test("a kind that this page doesn't know is a single choice", () => {
  for (const name of ["prophecy", "", "__proto__", "toString"]) assert.equal(kindOf(name).name, "single");
});

for (const kind of KINDS) {
  const { own, body, told, marks, headline, figure, undecided } = caseOf(kind);

  test(`${kind.name}: every language has its words, and the console's form names all of its fields`, () => {
    for (const language of ["en", "zh"]) {
      const { labels, missing } = formWordsOf(kind, language);
      assert.deepEqual(Object.keys(labels), kind.fields.map((field) => field.name));
      assert.equal(kind.fields.some((field) => field.isNeeded), missing !== undefined);
      assert.ok(Object.values(labels).every(Boolean));
    }
    for (const texts of TEXTS) {
      const words = wordsOf(kind, texts);
      assert.ok(words.name && words.onAir);
      assert.deepEqual(Object.keys(words.headlines), Object.keys(wordsOf(kind, ENGLISH).headlines));
      assert.ok(Object.values(words.headlines).every(Boolean));
      assert.equal(Boolean(words.figure), figure !== undefined);
      assert.equal(Boolean(words.leaders), kind === kindOf("quiz"));
      assert.equal(Boolean(words.verdicts?.right && words.verdicts.wrong), kind.isResolved === true);
    }
  });

  test(`${kind.name}: a draft gives the fields of its kind alone`, () => {
    const everything = Object.assign({}, ...Object.values(CASES).map((one) => one.own));
    const draft = draftOf(kind, everything);
    const { duration, kind: name, question, options, change, show_tally: _, ...rest } = requestBody(draft, 0);
    assert.deepEqual(rest, body);
    assert.deepEqual([name, question, duration, change], [kind.name, "?", 5, false]);
    assert.equal(options?.length, kind.optionsOf ? undefined : 3);
    assert.equal(optionsOf(draft).length, 3);
  });

  test(`${kind.name}: it is ready once the fields that it needs are there`, () => {
    assert.ok(isDraft(draftOf(kind)));
    assert.equal(isReady(draftOf(kind)), true);
    assert.equal(isReady(draftOf(kind, {})), !kind.fields.some((field) => field.isNeeded));
  });

  test(`${kind.name}: a poll that was can be opened again as it was`, () => {
    const { poll: before } = seen(kind, "revealed", VOTES, told);
    assert.deepEqual(ownFields(kind, "name", (field) => field.of(before)), own);
  });

  test(`${kind.name}: before the end nothing stands out`, () => {
    for (const phase of ["waiting", "open", "counting"])
      for (const tally of [undefined, VOTES]) {
        const { marks, headline } = resultOf(kind, phase, tally);
        assert.deepEqual([marks, headline], [["", "", ""], undefined]);
      }
  });

  test(`${kind.name}: hidden votes have no figure`, () => {
    for (const phase of PHASES) assert.equal(resultOf(kind, phase, undefined, told).figure, undefined);
  });

  test(`${kind.name}: the end has its marks and its headline`, () => {
    const result = { marks, headline, ...(figure && { figure }) };
    assert.deepEqual(resultOf(kind, "revealed", VOTES, told), result);
    const { answer, ...untold } = told;
    const closed = resultOf(kind, "closed", VOTES, untold);
    const untoldResult = { marks: ["", "", ""], ...(undecided && { headline: undecided }) };
    assert.deepEqual(closed, answer === undefined ? result : untoldResult);
  });

  test(`${kind.name}: whatever the phase and the votes, each option has a mark and a headline is a text`, () => {
    for (const phase of PHASES)
      for (const tally of [undefined, [0, 0, 0], VOTES, [5, 5, 0]])
        for (const words of TEXTS.map((texts) => wordsOf(kind, texts))) {
          const result = kind.resultOf(seen(kind, phase, tally, phase === "revealed" ? told : {}), words);
          assert.equal(result.marks.length, 3);
          assert.ok(result.marks.every((mark) => ["winner", "right", "other", ""].includes(mark)));
          if ("headline" in result) assert.ok(Object.values(words.headlines).includes(result.headline));
        }
  });
}

test("a rating's mean is told while votes come in, and none where nobody voted", () => {
  const rating = kindOf("rating");
  assert.equal(resultOf(rating, "open", [0, 0, 4]).figure, "3.0");
  assert.deepEqual(resultOf(rating, "closed", [0, 0, 0]), { marks: ["", "", ""], headline: "No votes" });
  assert.deepEqual(rating.optionsOf({}), ["1", "2", "3", "4", "5"]);
});

test("of a prediction in which nobody voted nobody was right", () => {
  const seenOnes = resultOf(kindOf("prediction"), "revealed", [0, 0, 0], { answer: 1 });
  assert.deepEqual(seenOnes, { marks: ["other", "right", "other"], headline: "Outcome" });
});

test("whoever has the most votes has won; a tie has several winners, and no votes have none", () => {
  for (const kind of ["single", "multiple"].map(kindOf)) {
    assert.deepEqual(resultOf(kind, "revealed", [5, 5, 2]), { marks: ["winner", "winner", "other"], headline: "A tie" });
    assert.deepEqual(resultOf(kind, "closed", [0, 0, 0]), { marks: ["", "", ""], headline: "No votes" });
    assert.deepEqual(resultOf(kind, "closed", undefined), { marks: ["", "", ""] });
  }
});
