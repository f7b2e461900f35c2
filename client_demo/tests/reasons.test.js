import assert from "node:assert/strict";
import { test } from "node:test";

import { REASONS, reasonText } from "../producer/moderation/reasons.js";
import { WORDS } from "../producer/words.js";
import { serverSays } from "./server.js";

const SERVER = serverSays(`
from grandstand.edge.batch import NEW_FROM_THERE
from grandstand.moderation.findings import CATEGORIES
from grandstand.moderation.policy import NOT_SCORED
from grandstand.moderation.word_rules import Rules
sentences = [NOT_SCORED, NEW_FROM_THERE]
said = {"rules": sorted(Rules.load().names), "sentences": sentences, "categories": CATEGORIES}
`);

test("every reason and category of the server has words in every language, and no others do", () => {
  assert.ok(SERVER.rules.length > 20);
  for (const [lang, words] of Object.entries(REASONS)) {
    assert.deepEqual(Object.keys(words.rules).sort(), SERVER.rules, lang);
    assert.deepEqual(Object.keys(words.sentences).sort(), SERVER.sentences.sort(), lang);
    assert.deepEqual(Object.keys(WORDS[lang].moderation.categories).sort(), SERVER.categories.sort(), lang);
  }
  const reasons = [...SERVER.rules.map((name) => `rule ${name}`), ...SERVER.sentences];
  for (const reason of reasons) assert.doesNotMatch(reasonText(REASONS.zh, reason), /[a-z]/i, reason);
});

test("a word of the list and a probability stand in the page's language", () => {
  assert.equal(reasonText(REASONS.en, "rule idiot"), "the word “idiot”");
  assert.equal(reasonText(REASONS.zh, "rule 白痴"), "含有“白痴”");
  assert.equal(reasonText(REASONS.zh, "scored 0.91"), "模型评分 0.91");
});

test("a reason of a newer server is shown as it came", () => {
  assert.equal(reasonText(REASONS.zh, "the moon is full"), "the moon is full");
});
