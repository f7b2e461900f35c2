import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf } from "../sdk/language.js";

test("a viewer gets the language that is nearest", () => {
  const languages = ["es", "zh-Hans", "zh-Hant", "pt-BR"];
  const nearest = { es: "es", ES: "es", "es-MX": "es", "zh-Hant-TW": "zh-Hant", zh: "zh-Hans", "pt-PT": "pt-BR" };
  for (const [wanted, found] of Object.entries(nearest)) assert.equal(languageOf(wanted, languages), found);
  for (const wanted of ["fr", "e", "", undefined, "-".repeat(35)]) assert.equal(languageOf(wanted, languages), undefined);
});
