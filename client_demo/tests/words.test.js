import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { formsOf } from "../languages/forms.js";
import { LANGUAGES, codeFor, directionOf, textsFor } from "../languages/languages.js";
import { WORDS as CONSOLE } from "../producer/words.js";
import { errorText, statusText } from "../words.js";

const page = (name) => readFileSync(new URL(`../${name}.html`, import.meta.url), "utf8");
const CODES = Object.keys(LANGUAGES);
const english = await textsFor("en");
const en = english.shared;
const zh = (await textsFor("zh")).shared;

const shape = (value) =>
  value !== null && typeof value === "object"
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
    : typeof value;

/** All texts, those of functions for what they may be called with. */
function* said(value, path = "") {
  if (typeof value === "string") yield [path, value];
  else if (typeof value === "object") for (const [key, inner] of Object.entries(value)) yield* said(inner, `${path}.${key}`);
  else if (path.endsWith(".list")) yield [path, value(["a", "b"])];
  else if (/\.(seconds|minutes|hours)$/.test(path)) yield [path, value(3)];
  else if (typeof value === "function" && path.includes(".errors.")) {
    for (const time of ["3 s", ""]) yield [path, value({ time, detail: "why", category: "spam" })];
  } else if (typeof value === "function") {
    for (const count of [0, 1, 2, 3, 5, 11, 21, 100, 101, 12_345]) yield [`${path}(${count})`, path.includes(".happened.") ? value("a", "1", "b") : value(count, count, count)];
  }
}

test("every language has a file, and every file is a language's", () => {
  const files = readdirSync(new URL("../languages", import.meta.url)).map((name) => name.replace(/\.js$/, ""));
  assert.deepEqual(files.filter((name) => !["forms", "languages"].includes(name)).sort(), [...CODES].sort());
});

for (const code of CODES)
  test(`${code} says all that English says, and with each count`, async () => {
    const texts = await textsFor(code);
    assert.deepEqual(shape(texts), shape(english));
    const empty = [...said(english)].filter(([, text]) => text === "").map(([path]) => path);
    for (const [path, text] of said(texts)) {
      assert.equal(typeof text, "string", path);
      assert.doesNotMatch(text, /\bundefined\b|\bnull\b|NaN|\[object|#/, path);
      assert.equal(text === "", empty.includes(path), path);
    }
  });

test("the console says the same things in both of its languages", () => {
  assert.deepEqual(shape(CONSOLE.zh), shape(CONSOLE.en));
});

test("every word a page asks for is there", () => {
  for (const [name, own] of [["viewer", { ...english.viewer, ...english.forecast }], ["producer", CONSOLE.en], ["overlay", english.overlay]])
    for (const [, key] of page(name).matchAll(/data-(?:words|placeholder|label)="(\w+)"/g))
      assert.equal(typeof { ...en, ...own }[key], "string", `${name}: ${key}`);
});

test("a browser gets the first of its languages that there is, else English", () => {
  assert.equal(codeFor(["zh-Hans-CN", "en"]), "zh");
  assert.equal(codeFor(["gsw", "pt-BR", "en"]), "pt");
  for (const none of [[], [""], ["tlh"], ["__proto__", "constructor"]]) assert.equal(codeFor(none), "en");
  assert.deepEqual(["ar-EG", "he", "en", "zh"].map(directionOf), ["rtl", "rtl", "ltr", "ltr"]);
});

test("counts and times are written as the language writes them", () => {
  const { count, length } = formsOf("ru");
  const votes = count({ one: "# голос", few: "# голоса", many: "# голосов", other: "# голоса" });
  assert.deepEqual([1, 2, 5, 11, 21, 22].map((n) => votes(n)), ["1 голос", "2 голоса", "5 голосов", "11 голосов", "21 голос", "22 голоса"]);
  assert.equal(votes(2_000_000, "2 млн"), "2 млн голосов");
  assert.equal(length(3_787).replaceAll("\u00a0", " "), "1 ч 3 мин 7 с");
});

test("every error code of the contract has words, and unknown ones show the server's", () => {
  const codes = (
    "bad_message bad_time unauthorized forbidden unknown_poll poll_not_open already_voted " +
    "bad_choice too_long rejected rate_limited muted shielded overloaded unavailable"
  ).split(" ");
  for (const code of codes) assert.ok(errorText(en, { code, message: "insult" }), code);
  for (const message of ["insult", "not shown: insult"])
    assert.equal(errorText(en, { code: "rejected", message }), "Not shown: insult");
  assert.equal(errorText(zh, { code: "rejected", message: "insult" }), "未显示：侮辱");
  assert.match(errorText(en, { code: "rate_limited", message: "", retry_after: 1.2 }), /2 s/);
  const tooMany = { code: "overloaded", message: "", retry_after: 12.3 };
  assert.match(errorText(en, tooMany), /^Not sent.*13 s/);
  assert.match(errorText(zh, tooMany), /^未发送.*13秒/);
  assert.match(errorText(en, { ...tooMany, retry_after: 3 }), /automatically/);
  assert.match(errorText(en, { code: "new_code", message: "what it says" }), /what it says/);
});

test("the end of a connection says why", () => {
  assert.match(statusText(en, { phase: "ended", code: 3503 }, 0), /banned/);
  assert.match(statusText(en, { phase: "lost", retryAt: 2_500 }, 0), /3 s/);
  const inLine = (seconds) => ({ phase: "connecting", place: 12_345, turnAt: seconds * 1000 });
  assert.equal(statusText(en, inLine(17.2), 0), "You are number 12,345, in about 20 sec");
  assert.match(statusText(zh, inLine(17.2), 0), /^您排在第 12,345 位，大约20.*后进入$/);
  assert.match(statusText(en, inLine(3.5), 0), /about 4 s/);
  assert.match(statusText(en, inLine(-5), 0), /about 1 s/);
  assert.match(statusText(en, inLine(130), 0), /about 3 min/);
});
