import assert from "node:assert/strict";
import { test } from "node:test";

import { forecastsOf, isNamed, newestOf, newsOf, percentOf } from "../cards/forecast.js";
import { happenedText, outcomeName } from "../cards/forecast_words.js";
import { textsFor } from "../languages/languages.js";

const GOAL = { at: 20, what: "goal", stat: "home_score", label: "home", value: 1 };
const DATA = {
  entity: "match:1",
  name: "Final",
  model: "football",
  version: "1",
  labels: ["home", "draw", "away"],
  probabilities: [0.6, 0.3, 0.1],
  line: [[10, 0.4, 0.3, 0.3], [20, 0.6, 0.3, 0.1]],
  events: [GOAL],
  because: GOAL,
  names: { home: "Ostia", away: "Lund" },
};
const overlay = (data = {}, at = 25) => ({ id: "f", kind: "forecast", at, data: { ...DATA, ...data } });
const read = (data, at) => forecastsOf([overlay(data, at)])[0];

test("a forecast says how probable each outcome is, how that went and what moved it", () => {
  const found = read();
  assert.deepEqual(found.outcomes.map(({ name, share }) => [name, share]), [["Ostia", 0.6], ["draw", 0.3], ["Lund", 0.1]]);
  assert.deepEqual(found.line, DATA.line);
  assert.equal(found.by, "football 1");
  assert.deepEqual(found.because, { at: 20, what: "goal", label: "home", name: "Ostia", value: 1, isVoid: false });
  assert.equal(forecastsOf([{ ...overlay(), kind: "stats" }]).length, 0);
  assert.equal(isNamed(found), true);
  assert.equal(isNamed(read({ names: undefined })), false);
});

test("what lies ahead of a forecast's own moment is left out, and so is what can't be read", () => {
  const line = [[20, 0.6, 0.3, 0.1], [10, 0.4, 0.3, 0.3], [12, 0.4], [13, 0.4, NaN, 0.3], "x", [26, 1, 0, 0]];
  const found = read({ line, events: [GOAL, { ...GOAL, at: 26 }, null, { at: "x", what: "goal" }] });
  assert.deepEqual(found.line, DATA.line);
  assert.equal(found.events.length, 1);
  for (const wrong of [{ labels: ["home"] }, { labels: "x" }, { probabilities: [0.6, 0.3] }, { probabilities: [0.6, 2, 0.1] }])
    assert.equal(read(wrong), undefined);
  const most = read({ line: Array.from({ length: 999 }, (_, at) => [at, 0.4, 0.3, 0.3]), name: "x".repeat(999) }, 999);
  assert.ok(most.line.length <= 200 && most.title.length <= 60);
});

test("of many matches those are shown that began last", () => {
  const begun = [40, 10, 30, 20].map((since) => read({ line: [[since, 0.6, 0.3, 0.1]] }, 50));
  const shown = (most) => newestOf(begun, most).map(({ line }) => line[0][0]);
  assert.deepEqual([shown(2), shown(3), shown(9)], [[40, 30], [40, 30, 20], [40, 10, 30, 20]]);
  assert.deepEqual(newestOf([read({ line: [] })], 2).length, 1);
});

test("what happened is news once, and never while a picture is rewound", () => {
  const correction = { at: 20, what: "correction", stat: "home_score", label: "home", value: 0 };
  const [began, scored, held, corrected] = [
    read({ because: undefined }, 10), read({}, 20), read({}, 22), read({ because: correction }, 25),
  ];
  assert.equal(newsOf(began, scored)?.what, "goal");
  assert.equal(newsOf(scored, held), undefined);
  assert.equal(newsOf(held, corrected)?.what, "correction", "for the goal's own moment");
  assert.equal(newsOf(corrected, scored), undefined);
  assert.equal(newsOf(scored, began), undefined);
  assert.equal(newsOf(held, read({ because: { ...GOAL, at: 15, label: "away" } }, 22))?.name, "Lund", "a late one");
});

test("only what is certain is 0 % or 100 %", () => {
  const shares = [0, 0.0004, 0.014, 0.506, 0.996, 1];
  assert.deepEqual(shares.map((share) => percentOf(share, "en")), ["0%", "<1%", "1%", "51%", ">99%", "100%"]);
});

test("what happened is said in words, also what a model of a new sport calls its own way", async () => {
  const [en, zh] = (await Promise.all([textsFor("en"), textsFor("zh")])).map(({ forecast }) => forecast);
  const [moment] = read().events;
  assert.equal(happenedText(en, moment), "Goal: Ostia");
  assert.equal(happenedText(zh, { ...moment, isVoid: true }), "进球：Ostia（已取消）");
  assert.equal(happenedText(en, { ...moment, what: "try" }), "try: Ostia");
  assert.equal(happenedText(en, { ...moment, what: "wicket", label: "", name: "", value: 5 }), "Wicket (5)");
  assert.equal(happenedText(en, { ...moment, what: "end", label: "draw", name: "draw" }), "Result: Draw");
  assert.equal(outcomeName(zh, { label: "draw", name: "draw" }), "平局");
  assert.equal(outcomeName(en, { label: "tie", name: "tie" }), "tie");
});
