import assert from "node:assert/strict";
import { test } from "node:test";

import { draftFrom, typedFrom } from "../producer/polls/fields.js";
import { isDraft, requestBody } from "../producer/polls/templates.js";
import { fits, isTranslation, rewritten, suggested, translationsFrom, wordsFrom } from "../producer/polls/translations.js";

const SOURCE = ["Who?", "We", "Bo"];
const ANSWER = [
  { lang: "es", texts: [{ text: "¿Quién?", by: "phrasebook" }, { text: "Nosotros", by: "apertium" }, null] },
  { lang: "zh", texts: [null, null, null] },
];
const SEEN = suggested({}, SOURCE, ANSWER);
const only = (/** @type {any} */ words) => translationsFrom({ es: words }, SOURCE)[0];

test("what was seen goes out, with who made it; what nobody translated goes out as it is", () => {
  assert.deepEqual(SEEN.es, { of: SOURCE, texts: ["¿Quién?", "Nosotros", ""], by: ["phrasebook", "apertium", ""] });
  assert.deepEqual(translationsFrom(SEEN, SOURCE), [
    { lang: "es", question: "¿Quién?", options: ["Nosotros", "Bo"], by: "apertium" },
    { lang: "zh", question: "Who?", options: ["We", "Bo"], by: "person" },
  ]);
  const book = { ...SEEN.es, by: ["phrasebook", "phrasebook", ""] };
  assert.equal(only(book).by, "phrasebook");
});

test("what a producer changed is a person's, and an emptied text is nobody's", () => {
  const changed = rewritten(/** @type {any} */ (SEEN.es), 1, " Los nuestros ");
  assert.deepEqual(changed.by, ["phrasebook", "person", ""]);
  assert.deepEqual(only(changed), { lang: "es", question: "¿Quién?", options: ["Los nuestros", "Bo"], by: "person" });
  assert.deepEqual(only(rewritten(changed, 1, " ")), { lang: "es", question: "¿Quién?", options: ["We", "Bo"], by: "phrasebook" });
});

test("words of what the poll said before don't go out", () => {
  const now = ["Who then?", "We", "Bo"];
  assert.ok(!fits(/** @type {any} */ (SEEN.es), now));
  assert.deepEqual(translationsFrom(SEEN, now), []);
  assert.deepEqual(translationsFrom(SEEN, SOURCE.slice(0, 2)), []);
});

test("who looks again keeps what they wrote of texts that are still there", () => {
  const before = { es: rewritten(rewritten(/** @type {any} */ (SEEN.es), 0, "¿Quiénes?"), 1, "Los nuestros") };
  const again = suggested(before, ["Who then?", "We", "Bo"], ANSWER);
  assert.deepEqual(again.es?.texts, ["¿Quién?", "Los nuestros", ""]);
  assert.deepEqual(again.es?.by, ["phrasebook", "person", ""]);
});

test("a poll that is kept keeps its words", () => {
  const kept = translationsFrom(SEEN, SOURCE);
  assert.deepEqual(translationsFrom(wordsFrom(kept, SOURCE), SOURCE), kept);
  const body = { lang: "es", question: "¿Quién?" }; // as a file may have it, of a rating
  assert.deepEqual(wordsFrom([body], ["Who?"]), { es: { of: ["Who?"], texts: ["¿Quién?"], by: ["person"] } });
});

test("a form's words are part of its draft and of the call, and of a rating only the question", () => {
  const draft = { kind: "single", question: "Who?", options: ["We", "Bo"], duration: 30, translations: translationsFrom(SEEN, SOURCE) };
  assert.deepEqual(draftFrom(typedFrom(draft)).translations, draft.translations);
  assert.deepEqual(requestBody(draft, 0).translations, draft.translations);
  const rating = { kind: "rating", question: "How?", options: [], scale: 5, duration: 30 };
  const words = suggested({}, ["How?"], [{ lang: "es", texts: [{ text: "¿Cómo?", by: "apertium" }] }]);
  const typed = { ...typedFrom(rating), translations: words };
  assert.deepEqual(draftFrom(typed).translations, [{ lang: "es", question: "¿Cómo?", options: [], by: "apertium" }]);
  assert.ok(!("translations" in draftFrom({ ...typed, question: "How now?" })));
});

test("a template whose words are something else is none", () => {
  const draft = { kind: "single", question: "Who?", options: ["We", "Bo"], duration: 30 };
  assert.ok(isDraft({ ...draft, translations: translationsFrom(SEEN, SOURCE) }));
  for (const bad of [null, {}, { lang: "es" }, { lang: "es", question: "q", options: [1] }, { lang: "es", question: "q", by: 1 }])
    assert.ok(!isDraft({ ...draft, translations: [bad] }), JSON.stringify(bad));
  assert.ok(isTranslation({ lang: "es", question: "q" }));
});
