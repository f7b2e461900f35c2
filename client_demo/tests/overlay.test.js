import assert from "node:assert/strict";
import { test } from "node:test";

import { factsOf } from "../cards/facts.js";
import { sentenceOf } from "../cards/sentence.js";
import { readOptions } from "../overlay/options.js";
import { Results, barsOf } from "../overlay/result.js";
import { isScore, scoreOf } from "../overlay/score.js";
import { enter, pollsAt } from "../sdk/room.js";
import { NOW, poll, welcome } from "./rooms.js";

const card = (values, data = {}) => ({
  id: "c",
  kind: "stats",
  at: 0,
  data: { entity: "athlete:123", name: "100 m", values, ...data },
});
const facts = (values, data) => factsOf(card(values, data), "en");

test("a card's values are texts, and what cannot be known is a dash", () => {
  const values = { a: 12.34567, b: 12431, c: 2024, d: -0.5, e: "9.86 s", f: null, g: NaN, h: [1] };
  const nothing = { i: -0, j: -0.0004, k: 0.0004, l: -0.0005 };
  assert.deepEqual(
    facts(values).fields.map((field) => field.value),
    ["12.346", "12,431", "2024", "-0.5", "9.86 s", "–", "–", "–"],
  );
  assert.deepEqual(
    facts(nothing).fields.map((field) => field.value),
    ["0", "0", "0", "-0.001"],
  );
});

test("a value that is measured is shown with its unit", () => {
  const speed = { value: 37.58, unit: "km/h", rank: 1, best: 38, at: 5 };
  const values = { a: speed, b: { value: 4, at: 5 }, c: { value: null, unit: "m" }, d: { unit: "m" }, e: { value: speed } };
  assert.deepEqual(
    facts(values).fields.map((field) => field.value),
    ["37.58 km/h", "4", "–", "–", "–"],
  );
});

test("in a language that is written from right to left a number stays before its unit", () => {
  const values = { a: { value: 7220, unit: "m" }, b: "9.4 km", c: 4, d: { value: 50, unit: "%" }, e: { value: null, unit: "m" } };
  const said = (language) => factsOf(card(values), language)?.fields.map(({ value }) => value);
  const [a, b, c, d, e] = said("he") ?? [];
  assert.deepEqual([a, b, c, d, e], ["\u20687220 m\u2069", "\u20689.4 km\u2069", "4", "50 %", "–"]);
  assert.deepEqual(said("en"), ["7220 m", "9.4 km", "4", "50 %", "–"]);
  const sentence = (text) => sentenceOf([{ id: "s", kind: "sentence", at: 1, data: { text } }])?.text;
  assert.equal(sentence("سجل Ada 7,220 m و9.86s"), "سجل Ada \u20687,220 m\u2069 و\u20689.86s\u2069");
  assert.equal(sentence("Ada threw 21.4 m."), "Ada threw 21.4 m.");
});

test("a value is written with the decimals of its schema, and as it came without", () => {
  const values = { jump: 8.4, throw: { value: 21.456, unit: "m" }, laps: 3.2, wind: -0.04, odd: 1.23456, word: "PB" };
  const decimals = { jump: 2, throw: 2, laps: 0, wind: 1, odd: "2", word: 2, constructor: 1 };
  assert.deepEqual(
    facts(values, { decimals }).fields.map((field) => field.value),
    ["8.40", "21.46 m", "3", "0.0", "1.235", "PB"],
  );
  for (const wrong of [null, 7, { jump: -1 }, { jump: 7 }, { jump: 1.5 }])
    assert.equal(facts({ jump: 8.4 }, { decimals: wrong }).fields[0]?.value, "8.4");
  assert.equal(scoreOf([card({ Ada: 8.4 }, { entity: "meet:1", decimals: { Ada: 2 } })], "en")?.rows[0]?.value, "8.40");
});

test("of two contests that go on at once the one that is shown stays as long as it is there", () => {
  const said = (id, at) => ({ ...card({ Ada: 1, Bo: 2 }, { entity: `match:${id}`, name: id }), id, at });
  const both = [said("first", 1), said("second", 2)];
  assert.equal(scoreOf(both, "en")?.id, "second");
  assert.equal(scoreOf(both, "en", "first")?.id, "first");
  assert.equal(scoreOf([both[1]], "en", "first")?.id, "second");
});

test("whom a card is about is said where it is a name and not a number", () => {
  const about = (entity) => facts({ a: 1 }, { entity }).about;
  assert.deepEqual(["athlete:123", "team:Real Madrid", "中国女排", 7].map(about), ["", "Real Madrid", "中国女排", ""]);
});

test("nothing to show is no card", () => {
  assert.equal(facts({}), undefined);
  assert.equal(facts(null), undefined);
  assert.equal(facts("text"), undefined);
  assert.equal(factsOf({ ...card({ a: 1 }), kind: "forecast" }, "en"), undefined);
});

test("fields stand in as many columns as leave each on its line", () => {
  const columns = (...pairs) => facts(Object.fromEntries(pairs)).columns;
  assert.equal(columns(["a", 1]), 1);
  assert.equal(columns(["a", 1], ["b", 2]), 2);
  assert.equal(columns(["a", 1], ["b", 2], ["c", 3]), 3);
  assert.equal(columns(["a", 1], ["b", 2], ["c", 3], ["d", 4]), 2);
  assert.equal(columns(["a", "123456"], ["b", 2], ["c", 3], ["d", 4], ["e", 5], ["f", 6]), 2);
  assert.equal(columns(["a", "123456789"], ["b", 2]), 1);
  assert.equal(columns(["a", { value: 1, rank: 1 }], ["b", { value: 2, rank: 2 }]), 1);
  assert.equal(columns(["扣球成功率扣球成功"], ["b", 2]), 1);
});

test("an address without wishes shows all but what the audience stirs at, and wishes it doesn't know are named", () => {
  const plain = readOptions("");
  assert.deepEqual([...plain.show], ["poll", "pulse", "viewers", "cards"]);
  assert.deepEqual([...readOptions("?show=highlight,poll").show], ["highlight", "poll"]);
  assert.deepEqual(
    { ...plain, show: 0 },
    { show: 0, unknown: [], behindMs: 0, clock: false, theme: "dark", resultMs: 20_000 },
  );
  const asked = readOptions("?show=poll,%20cards,ticker&behind=2500&clock&theme=light&result=5&lang=zh");
  assert.deepEqual([...asked.show], ["poll", "cards"]);
  assert.deepEqual(
    { ...asked, show: 0 },
    { show: 0, unknown: ["ticker"], behindMs: 2500, clock: true, theme: "light", resultMs: 5000, language: "zh" },
  );
});

test("an address that makes no sense is read as if it said nothing", () => {
  for (const wrong of ["-5", "soon", "", "NaN", "Infinity"]) {
    const { behindMs, resultMs } = readOptions(`?behind=${wrong}&result=${wrong}&theme=${wrong}`);
    assert.deepEqual([behindMs, resultMs], [0, 20_000]);
  }
  assert.equal(readOptions("?theme=__proto__").theme, "dark");
  assert.equal(readOptions("?behind=1e12").behindMs, 600_000);
  assert.equal(readOptions("?clock=0").clock, false);
  assert.equal(readOptions("?show=").show.size, 0);
  for (const wrong of ["zh_CN", "-", "e n", ""]) assert.equal(readOptions(`?lang=${wrong}`).language, undefined);
});

test("the sides of the safe area are read in the order of CSS, and nonsense is none", () => {
  assert.deepEqual(readOptions("?safe=5,30,18").safe, [5, 30, 18, 30]);
  assert.deepEqual(readOptions("?safe=4").safe, [4, 4, 4, 4]);
  assert.deepEqual(readOptions("?safe=80,1,2,3").safe, [45, 1, 2, 3]);
  for (const wrong of ["", "?safe=", "?safe=a", "?safe=1,-2", "?safe=1,2,3,4,5"]) assert.equal(readOptions(wrong).safe, undefined);
});

test("the score is what was said last of a match or a meet", () => {
  const said = (entity, values, at) => ({ ...card(values, { entity, name: "Final · 67′" }), at });
  const match = said("match:final", { Reds: 2, "红队": { value: 1 } }, 5);
  const rows = [{ name: "Reds", value: "2", place: 1 }, { name: "红队", value: "1", place: 2 }];
  assert.deepEqual(scoreOf([match, said("meet:old", { Ada: 1, Bo: 2 }, 4)], "en"), { id: "c", title: "Final · 67′", form: "sides", rows });
  const board = scoreOf([said("meet:jump", { Ada: { value: 7.9, unit: "m" }, b: 6, c: 5, d: 4, e: 3, f: 2 }, 6), match], "en");
  assert.deepEqual([board?.form, board?.rows.length, board?.rows[0]], ["board", 5, { name: "Ada", value: "7.9 m", place: 1 }]);
  assert.equal(scoreOf([said("match:three", { a: 1, b: 2, c: 3 }, 1)], "en")?.form, "list");
  const tied = scoreOf([said("meet:jump", { Bo: { value: 7, rank: 2 }, Cy: { value: 7, rank: 2 }, Ada: { value: 8, rank: 1 } }, 1)], "en");
  assert.deepEqual(tied?.rows.map(({ name, place }) => `${place} ${name}`), ["1 Ada", "2 Bo", "2 Cy"]);
  assert.deepEqual([scoreOf([card({ a: 1 })], "en"), scoreOf([said("match:x", {}, 1)], "en")], [undefined, undefined]);
  for (const data of [{}, { entity: 7 }, { entity: "matches:1" }]) assert.equal(isScore({ ...match, data }), false);
});

test("a sentence is the newest that is one", () => {
  const said = (at, data) => ({ id: `s${at}`, kind: "sentence", at, data });
  const [old, newer] = [said(1, { text: "Ada leads.", by: "a model" }), said(2, { text: "Bo leads." })];
  assert.equal(sentenceOf([said(1, { text: "Ada leads.", by: "template" })])?.by, "");
  assert.deepEqual(sentenceOf([newer, old]), { id: "s2", text: "Bo leads.", by: "" });
  assert.deepEqual(sentenceOf([old, { ...said(3, { text: "no" }), kind: "stats" }]), { id: "s1", text: "Ada leads.", by: "a model" });
  assert.equal(sentenceOf([said(1, { text: "🙂".repeat(400) })])?.text.length, 600);
  for (const wrong of [{}, { text: 7 }, { text: " " }]) assert.equal(sentenceOf([said(1, wrong)]), undefined);
});

const seen = (id, phase, more = {}) => {
  const { votes, ...fields } = more;
  const poll = {
    id,
    kind: "single",
    options: [{ text: "a" }, { text: "b" }, { text: "c" }],
    status: phase,
    opens_at: 1_000,
    closes_at: 10_000,
    grace: 500,
    final: phase === "closed" || phase === "revealed",
    ...fields,
  };
  return { poll, phase, ...(votes && { votes: { tally: votes, voters: votes.reduce((a, b) => a + b, 0) } }) };
};
test("bars say how many chose them, and nothing where that is a secret", () => {
  const bars = barsOf(seen("p", "open", { votes: [1, 2, 0] }), (share) => `${Math.round(share * 100)} %`);
  assert.deepEqual(bars.map((bar) => bar.percent), ["33 %", "67 %", "0 %"]);
  assert.deepEqual(barsOf(seen("p", "open"), (share) => `${Math.round(share * 100)} %`).map((bar) => bar.percent), ["", "", ""]);
});

test("the open poll goes before a result, and a result goes after its time", () => {
  const results = new Results(5_000);
  const open = seen("new", "open", { opens_at: 11_000, closes_at: 30_000 });
  assert.equal(results.onAir([seen("p", "open")], 9_000)?.poll.id, "p");
  assert.equal(results.onAir([seen("p", "counting")], 10_100)?.poll.id, "p");
  assert.equal(results.onAir([seen("p", "closed"), open], 11_000)?.poll.id, "new");
  assert.equal(results.onAir([seen("p", "closed")], 15_999)?.poll.id, "p");
  assert.equal(results.onAir([seen("p", "closed")], 16_000), undefined);
  assert.equal(results.onAir([seen("p", "revealed")], 20_000)?.poll.id, "p");
  assert.equal(results.onAir([seen("p", "revealed")], 25_000), undefined);
  assert.equal(results.onAir([seen("p", "cancelled")], 25_100), undefined);
});

test("a result from long before this page came is not shown again", () => {
  assert.equal(new Results(5_000).onAir([seen("p", "closed")], 15_500), undefined);
  assert.equal(new Results(5_000).onAir([seen("p", "closed")], 15_499)?.poll.id, "p");
});

test("a delayed overlay that is loaded anew doesn't put a result from long ago on air", () => {
  const told = { status: "revealed", final: true, tally: [1, 2], voters: 3 };
  const state = enter(welcome({ polls: [poll("p", { ...told, opens_at: NOW - 200_000, closes_at: NOW - 100_000 })] }));
  const results = new Results(5_000);
  for (const playhead of [NOW - 3_000, NOW, NOW + 3_000])
    assert.equal(results.onAir(pollsAt(state, playhead), playhead), undefined);
});

test("of two results the one that came last is on air, though its poll opened first", () => {
  const results = new Results(5_000);
  const first = { ...seen("p", "closed"), poll: { ...seen("p", "closed").poll, id: "first", opens_at: 1 } };
  results.onAir([first, seen("p", "open")], 10_000);
  assert.equal(results.onAir([first, seen("p", "closed")], 11_000)?.poll.id, "p");
  assert.equal(results.onAir([{ ...first, phase: "revealed" }, seen("p", "closed")], 12_000)?.poll.id, "first");
});

test("a card whose entity says what its title does says it once", () => {
  const facts = factsOf({ id: "x", kind: "stats", at: 0, data: { entity: "Juggler", name: "Juggler", values: { Balls: 7 } } }, "en");
  assert.deepEqual([facts.title, facts.about], ["Juggler", ""]);
});
