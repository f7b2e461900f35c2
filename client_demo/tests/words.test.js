import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { WORDS, errorText, statusText, wordsFor } from "../words.js";

const page = (name) => readFileSync(new URL(`../${name}.html`, import.meta.url), "utf8");

const PAGES = ["viewer", "producer", "overlay"];
/** What a page can say: the words that all share, and its own. */
async function spoken(name) {
  const own = new URL(`../${name}/words.js`, import.meta.url);
  const { WORDS: words } = existsSync(own) ? await import(own.href) : { WORDS: { en: {}, zh: {} } };
  return { en: { ...WORDS.en, ...words.en }, zh: { ...WORDS.zh, ...words.zh } };
}

const shape = (value) =>
  value !== null && typeof value === "object"
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
    : typeof value;

test("both languages say the same things", async () => {
  assert.deepEqual(shape(WORDS.zh), shape(WORDS.en));
  for (const name of PAGES) {
    const { en, zh } = await spoken(name);
    assert.deepEqual(shape(zh), shape(en), name);
  }
});

test("every word a page asks for is there", async () => {
  for (const name of PAGES) {
    const { en } = await spoken(name);
    for (const [, key] of page(name).matchAll(/data-(?:words|placeholder|label)="(\w+)"/g))
      assert.equal(typeof en[key], "string", `${name}: ${key}`);
  }
});

test("Chinese browsers get Chinese, all others English", () => {
  assert.equal(wordsFor("zh-Hans-CN"), WORDS.zh);
  assert.equal(wordsFor("de"), WORDS.en);
});

test("every error code of the contract has words, and unknown ones show the server's", () => {
  const codes = (
    "bad_message bad_time unauthorized forbidden unknown_poll poll_not_open already_voted " +
    "bad_choice too_long rejected rate_limited muted shielded overloaded unavailable"
  ).split(" ");
  for (const code of codes) assert.ok(errorText(WORDS.en, { code, message: "insult" }), code);
  for (const message of ["insult", "not shown: insult"])
    assert.equal(errorText(WORDS.en, { code: "rejected", message }), "Not shown: insult");
  assert.equal(errorText(WORDS.zh, { code: "rejected", message: "insult" }), "未显示：侮辱");
  assert.match(errorText(WORDS.en, { code: "rate_limited", message: "", retry_after: 1.2 }), /2 s/);
  const tooMany = { code: "overloaded", message: "", retry_after: 12.3 };
  assert.match(errorText(WORDS.en, tooMany), /^Not sent.*13 s/);
  assert.match(errorText(WORDS.zh, tooMany), /^未发送.*13 秒/);
  assert.match(errorText(WORDS.en, { ...tooMany, retry_after: 3 }), /automatically/);
  assert.match(errorText(WORDS.en, { code: "new_code", message: "what it says" }), /what it says/);
});

test("the end of a connection says why", () => {
  assert.match(statusText(WORDS.en, { phase: "ended", code: 3503 }, 0), /banned/);
  assert.match(statusText(WORDS.en, { phase: "lost", retryAt: 2_500 }, 0), /3 s/);
});
