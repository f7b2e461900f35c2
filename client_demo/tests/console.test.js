import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { HISTORY_S, appendRate, appendSample, perSecond, sparkline } from "../producer/rates.js";
import { ACTION_KINDS, readAction, typedAction } from "../producer/effects/actions.js";
import { builtInTemplates, defaultGrace, isDraft, isReady, paletteTemplates, requestBody } from "../producer/polls/templates.js";
import { formatDistance, formatSigned } from "../producer/gauges.js";
import { Marks, clipsQuery } from "../producer/highlights/marks.js";
import { formatDuration, upcomingFirst } from "../producer/times.js";
import { parseValues } from "../producer/values.js";
import { WORDS } from "../producer/words.js";

const shape = (value) =>
  value !== null && typeof value === "object"
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
    : typeof value;

test("both languages of the console say the same things", () => {
  assert.deepEqual(shape(WORDS.zh), shape(WORDS.en));
});

test("every word that the console uses is there", () => {
  const folder = new URL("../producer/", import.meta.url);
  for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".js")))
    for (const [, path = ""] of readFileSync(new URL(file, folder), "utf8").matchAll(/(?<![\w"./])words\.(\w+(?:\.\w+)*)/g)) {
      /** @type {any} */ let found = WORDS.en;
      for (const key of path.split(".")) {
        if (typeof found !== "object") break;
        assert.ok(key in found, `${file}: ${path}`);
        found = found[key];
      }
    }
});

test("the console never sets HTML", () => {
  const folder = new URL("../producer/", import.meta.url);
  for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".js")))
    assert.doesNotMatch(readFileSync(new URL(file, folder), "utf8"), /innerHTML|outerHTML|insertAdjacent/i, file);
});

test("votes per second come from the last seconds alone", () => {
  let samples = [];
  for (let second = 0; second <= 20; second += 1)
    samples = appendSample(samples, { at: second * 1000, value: second < 10 ? second * 3 : 30 });
  assert.equal(perSecond(samples), 0);
  assert.ok(samples.length <= 7);
  samples = appendSample(samples, { at: 21_000, value: 40 });
  assert.ok(Math.abs(perSecond(samples) - 2) < 0.5);
  assert.equal(perSecond([]), 0);
  assert.equal(perSecond([{ at: 1, value: 5 }]), 0);
  assert.equal(perSecond([{ at: 0, value: 5 }, { at: 1000, value: 2 }]), 0);
});

test("a mood has its sign, and none has none", () => {
  const moods = [0.62, -0.3, 0, -0, -0.004, 0.004];
  assert.deepEqual(moods.map(formatSigned), ["+0.62", "-0.30", "0.00", "0.00", "0.00", "0.00"]);
});

test("of what is set for later the next comes first, then what was, the last one first", () => {
  const cues = [9, 30, 12, 1, 20].map((at) => ({ at }));
  assert.deepEqual(upcomingFirst(cues, 10).map(({ at }) => at), [12, 20, 30, 9, 1]);
});

test("a sparkline ends at the right edge and fits its box", () => {
  let history = [];
  for (let second = 0; second < HISTORY_S + 30; second += 1) history = appendRate(history, second);
  assert.equal(history.length, HISTORY_S);
  const points = sparkline(history, 120, 20).split(" ").map((point) => point.split(",").map(Number));
  assert.deepEqual(points[0]?.[0], 0);
  assert.deepEqual(points.at(-1), [120, 0]);
  for (const [x, y] of points) assert.ok(x >= 0 && x <= 120 && y >= 0 && y <= 20);
  assert.equal(sparkline([0], 120, 20), "120.0,20.0");
});

test("every digit of the palette names one template, the last poll is 0", () => {
  const draft = { kind: "single", question: "?", options: ["a", "b"], duration: 5 };
  const own = Array.from({ length: 6 }, (_, index) => ({ name: `own ${index}`, draft }));
  const keys = paletteTemplates(WORDS.en.polls.templates, own, draft).map((one) => one.key);
  assert.deepEqual(keys, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "", "0"]);
  assert.deepEqual(paletteTemplates(WORDS.en.polls.templates, [], undefined).length, 5);
});

test("a template becomes the body of the call that opens it", () => {
  const [yesNo, , , , quiz] = builtInTemplates(WORDS.zh.polls.templates).map((one) => one.draft);
  assert.deepEqual(requestBody(yesNo, 1000), {
    kind: "single",
    question: "是还是否？",
    options: [{ text: "是" }, { text: "否" }],
    duration: 30,
    change: false,
    show_tally: "always",
  });
  assert.equal(isReady(quiz), false);
  const ready = { ...quiz, answer: 2, delay: 5, grace: 1.5 };
  assert.equal(isReady(ready), true);
  const body = requestBody(ready, 1000);
  assert.deepEqual([body.answer, body.opens_at, body.closes_at, body.grace], [2, 6000, 36_000, 1500]);
  assert.equal("duration" in body, false);
  assert.equal("answer" in requestBody({ ...ready, kind: "single" }, 0), false);
  assert.equal(requestBody({ ...yesNo, kind: "multiple", maxChoices: 2 }, 0).max_choices, 2);
});

test("what another version left in the browser is no template", () => {
  assert.ok(isDraft(builtInTemplates(WORDS.en.polls.templates)[0].draft));
  for (const other of [null, 7, {}, { kind: "essay", question: "?", options: [], duration: 1 }, { kind: "single", question: "?", options: [7], duration: 1 }])
    assert.equal(isDraft(other), false);
});

test("late viewers are waited for as the server has it, never longer than the room's latency", () => {
  assert.equal(defaultGrace({ settings: {} }), "15");
  assert.equal(defaultGrace({ settings: { max_latency: 4000 } }), "4");
});

test("a span counts down in minutes and seconds", () => {
  assert.deepEqual([-5, 1, 59_001, 65_000, 3_600_000].map(formatDuration), ["0:00", "0:01", "1:00", "1:05", "1:00:00"]);
});

test("a card's values are typed one a line; what reads as a number is one", () => {
  assert.deepEqual(parseValues("Shots: 14\n\n比分：2:1\n Time : 9.58 "), { Shots: 14, 比分: "2:1", Time: 9.58 });
  for (const lines of ["", " \n ", "Shots 14", "Shots: ", " : 14", "Shots: 14\nCorners"])
    assert.equal(parseValues(lines), undefined, lines);
});

const bad = (line) => `line ${line}`;

/** An action of each kind, as the server shows it. */
const ACTIONS = [
  {
    kind: "obs",
    url: "ws://obs:4455",
    requests: [{ type: "SetCurrentProgramScene", data: { sceneName: "{winner}" } }, { type: "StartRecord" }],
  },
  { kind: "vmix", url: "http://mixer:8088/API/", functions: [{ Function: "SetText", Input: "1", Value: "50 % & {winner} = a+b" }] },
  { kind: "caspar", address: "caspar:5250", commands: ['CG 1-10 UPDATE 1 "{\\"f0\\": \\"{winner}\\"}"', "PLAY 1-20 {winner}"] },
  { kind: "webhook", url: "https://studio.example/hook" },
  { kind: "http", method: "PUT", url: "https://studio.example/", headers: { "X-Key": "" }, body: "two\nlines" },
  { kind: "http", method: "GET", url: "https://studio.example/" },
];

test("an action of any kind goes into the form and comes out as it was", () => {
  assert.deepEqual(new Set(ACTIONS.map(({ kind }) => kind)), new Set(ACTION_KINDS.map(({ kind }) => kind)));
  for (const action of ACTIONS)
    assert.deepEqual(readAction(typedAction(action), bad), { action, faults: {} }, action.kind);
});

test("a secret goes out only when it is typed", () => {
  const typed = typedAction(ACTIONS[0]);
  const { action } = readAction({ ...typed, values: { ...typed.values, password: "secret" } }, bad);
  assert.equal(action.password, "secret");
  assert.ok(!("password" in readAction(typed, bad).action));
});

test("a line that can't be read is named", () => {
  const faultsOf = (kind, name, text) => readAction({ kind, values: { [name]: text } }, bad).faults;
  assert.deepEqual(faultsOf("obs", "requests", "StartRecord\n\nStop {"), { requests: "line 3" });
  assert.deepEqual(faultsOf("obs", "requests", "Stop []"), { requests: "line 1" });
  assert.deepEqual(faultsOf("http", "headers", "X-Key: a\nno colon"), { headers: "line 2" });
});

test("every kind of action and all its fields have words", () => {
  for (const words of Object.values(WORDS))
    for (const { kind, fields } of ACTION_KINDS)
      for (const text of [words.effects.kinds[kind], ...fields.map(({ name }) => words.effects.fields[name])])
        assert.equal(typeof text, "string", kind);
});

test("a distance is in ms below a second, and in seconds above", () => {
  assert.deepEqual([0, 60, 999, 1_000, 11_873].map(formatDistance), ["0 ms", "60 ms", "999 ms", "1.0 s", "11.9 s"]);
});

test("highlights are listed with what came since, and clips count from the recording's beginning", () => {
  const mark = (id, from, words = []) => ({ id, from, until: from + 9, strength: 4.2, words });
  const { id, ...data } = mark("b", 200_000, ["goal"]);
  const overlays = [{ id, kind: "highlight", at: 1, data }, { id: "c", kind: "stats", at: 1, data: {} }];
  const kept = new Marks();
  const marks = kept.all([mark("a", 100_000.5), mark("b", 200_000)], overlays);
  assert.deepEqual(marks, [mark("b", 200_000, ["goal"]), mark("a", 100_000.5)]);
  const typed = { format: "edl", handles: "8", rate: "25", least: "", start: undefined };
  assert.equal(clipsQuery(typed, marks), "format=edl&handles=8&rate=25&least=0&from=92000&start=92000");
  const weak = { ...mark("w", 50_000), strength: 2 };
  assert.equal(clipsQuery({ ...typed, least: "3" }, [...marks, weak]), "format=edl&handles=8&rate=25&least=3&from=92000&start=92000");
  assert.equal(clipsQuery({ ...typed, start: 5, handles: "" }, marks), "format=edl&handles=0&rate=25&least=0&from=5&start=5");
  assert.equal(clipsQuery(typed, []), "format=edl&handles=8&rate=25&least=0");
  assert.deepEqual(kept.all([], []), [mark("b", 200_000, ["goal"])]); // told, and not in the list yet
  kept.remove("b");
  assert.deepEqual(kept.all([mark("b", 200_000)], overlays), []);
});
