/**
 * What a poll says in the room's languages, as the form has it: what translators suggest, and what the
 * producer wrote. Pure.
 *
 * Words belong to the texts that they translate. When the poll says something else they don't go out,
 * until the producer has looked at them again.
 */

/**
 * A poll's words in one language. `of` are the question and the options that `texts` translate; an empty
 * text is shown as it is. `by` says who made each: `person`, `phrasebook`, a machine's name, or nobody ("").
 * @typedef {{of: string[], texts: string[], by: string[]}} Words
 * @typedef {Readonly<Record<string, Words>>} ByLanguage by its tag (BCP 47)
 * @typedef {{lang: string, question: string, options?: string[], by?: string}} Translation as a poll's body has it
 * @typedef {{lang: string, texts: ({text: string, by: string} | null)[]}} Suggestion as the server answers
 */

export const PERSON = "person";
const PHRASEBOOK = "phrasebook";

/** Whether words translate what the poll says now. @param {Words} words @param {readonly string[]} source */
export function fits({ of }, source) {
  return of.length === source.length && of.every((text, index) => text === source[index]);
}

/**
 * Put suggestions in place. What the producer wrote of a text that is still there stays.
 * @param {ByLanguage} before
 * @param {string[]} source the question and the options
 * @param {readonly Suggestion[]} suggestions
 * @returns {ByLanguage}
 */
export function suggested(before, source, suggestions) {
  return Object.fromEntries(
    suggestions.map(({ lang, texts }) => {
      const own = writtenIn(before[lang]);
      return [
        lang,
        {
          of: source,
          texts: source.map((text, index) => own.get(text) ?? texts[index]?.text ?? ""),
          by: source.map((text, index) => (own.has(text) ? PERSON : (texts[index]?.by ?? ""))),
        },
      ];
    }),
  );
}

/** What the producer wrote, by what it translates. @param {Words | undefined} old */
function writtenIn(old) {
  /** @type {Map<string, string>} */ const own = new Map();
  old?.of.forEach((text, index) => {
    if (old.by[index] === PERSON) own.set(text, old.texts[index] ?? "");
  });
  return own;
}

/** Words in which the producer wrote one text anew; an emptied one is nobody's. @param {Words} own @param {number} place @param {string} text @returns {Words} */
export function rewritten(own, place, text) {
  const by = text.trim() === "" ? "" : PERSON;
  return { ...own, texts: own.texts.with(place, text), by: own.by.with(place, by) };
}

/** What goes out with the poll: what was seen. @param {ByLanguage} words @param {readonly string[]} source @returns {Translation[]} */
export function translationsFrom(words, source) {
  return Object.entries(words)
    .filter(([, one]) => fits(one, source))
    .map(([lang, { of, texts, by }]) => {
      const [question = "", ...options] = of.map((text, index) => texts[index]?.trim() || text);
      return { lang, question, options, by: authorOf(by) };
    });
}

/** The words that went out, or were kept. @param {readonly Translation[]} translations @param {string[]} source @returns {ByLanguage} */
export function wordsFrom(translations, source) {
  return Object.fromEntries(
    translations.map(({ lang, question, options = [], by = PERSON }) => {
      const texts = [question, ...options].map((text, index) => (text === source[index] ? "" : text));
      return [lang, { of: source, texts, by: texts.map((text) => (text === "" ? "" : by)) }];
    }),
  );
}

/** Who made a poll's words in one language: the producer who changed any, else a machine that made any. @param {readonly string[]} by */
function authorOf(by) {
  const known = new Set(by.filter((one) => one !== ""));
  if (known.size === 0 || known.has(PERSON)) return PERSON;
  return [...known].find((one) => one !== PHRASEBOOK) ?? PHRASEBOOK;
}

/** @param {any} value @returns {value is Translation} */
export function isTranslation(value) {
  const texts = [value?.lang, value?.question, value?.by ?? PERSON, ...(Array.isArray(value?.options) ? value.options : [])];
  return texts.every((text) => typeof text === "string");
}
