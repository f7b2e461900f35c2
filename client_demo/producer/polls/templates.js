/**
 * Templates of polls: the built-in ones, the producer's own, and the last poll again. Pure, except
 * for the functions that load and save templates in the browser's storage.
 */

import { KINDS, kindOf } from "../../polls/registry.js";
import { isTranslation } from "./translations.js";

/** @import {Field, OwnFields, PollKind} from "../../polls/kinds/kind.js" */
/** @import {Translation} from "./translations.js" */

/**
 * A poll as a form has it: seconds, and texts.
 * @typedef {object} PlainDraft
 * @property {string} kind
 * @property {string} question
 * @property {string[]} options
 * @property {number} duration s
 * @property {number} [grace] s; the server's default when absent
 * @property {number} [delay] s until it opens
 * @property {boolean} [change]
 * @property {"always" | "voted" | "revealed"} [showTally]
 * @property {string} [tag] what effects know it by
 * @property {boolean} [weights] whether a vote counts as much as its token says
 * @property {"none" | "tally" | "receipts"} [audit] what anyone can check once it is final
 * @property {Translation[]} [translations] what it says in other languages, as the producer saw it
 * @property {Written} [written] who wrote it, if it wasn't the producer
 *
 * @typedef {{by: string, texts: string[]}} Written what a model wrote: the question and the options
 * @typedef {PlainDraft & OwnFields} Draft
 * @typedef {{key: string, name: string, draft: Draft, own?: number}} Template
 */

const KEPT = "grandstand.producer.templates";
const LAST = "grandstand.producer.last";
const MOST_OWN = 20;
const FIRST_OWN_DIGIT = 6;
const DEFAULT_GRACE_S = 15;

/** @typedef {{yesNo: string, yesNoQuestion: string, yes: string, no: string, ab: string, abQuestion: string, stars: string, starsQuestion: string, four: string, fourQuestion: string, quiz: string, quizQuestion: string, again: string}} TemplateWords */

/** @param {TemplateWords} names @returns {Template[]} */
export function builtInTemplates(names) {
  const four = ["A", "B", "C", "D"];
  /** @type {[string, Draft][]} */ const all = [
    [names.yesNo, { kind: "single", question: names.yesNoQuestion, options: [names.yes, names.no], duration: 30 }],
    [names.ab, { kind: "single", question: names.abQuestion, options: ["A", "B"], duration: 45 }],
    [
      names.stars,
      {
        kind: "rating",
        question: names.starsQuestion,
        options: [],
        duration: 60,
        change: true,
        scale: 5,
      },
    ],
    [names.four, { kind: "single", question: names.fourQuestion, options: four, duration: 60 }],
    [names.quiz, { kind: "quiz", question: names.quizQuestion, options: four, duration: 30, showTally: "revealed" }],
  ];
  return all.map(([name, draft], index) => ({ key: String(index + 1), name, draft }));
}

/**
 * List the templates of the palette. Each has a digit as long as there are digits.
 * @param {TemplateWords} names
 * @param {readonly {name: string, draft: Draft}[]} own
 * @param {Draft | undefined} last
 * @returns {Template[]}
 */
export function paletteTemplates(names, own, last) {
  const kept = own.map(({ name, draft }, index) => {
    const digit = FIRST_OWN_DIGIT + index;
    return { key: digit <= 9 ? String(digit) : "", name, draft, own: index };
  });
  const again = last ? [{ key: "0", name: names.again, draft: last }] : [];
  return [...builtInTemplates(names), ...kept, ...again];
}

/** Whether a draft has all that its kind needs. @param {Draft} draft */
export function isReady(draft) {
  return kindOf(draft.kind).fields.every(({ name, isNeeded }) => !isNeeded || draft[name] !== undefined);
}

/**
 * Make the body of the call that opens the poll.
 * @param {Draft} draft
 * @param {number} now programme time
 */
export function requestBody(draft, now) {
  const opensAt = Math.round(now + (draft.delay ?? 0) * 1000);
  const window = draft.delay
    ? { opens_at: opensAt, closes_at: opensAt + Math.round(draft.duration * 1000) }
    : { duration: draft.duration };
  return {
    kind: draft.kind,
    question: draft.question,
    ...(!kindOf(draft.kind).optionsOf && { options: draft.options.map((text) => ({ text })) }),
    ...window,
    ...(draft.grace !== undefined && { grace: Math.round(draft.grace * 1000) }),
    change: draft.change ?? false,
    show_tally: draft.showTally ?? "always",
    ...(draft.tag && { tag: draft.tag }),
    ...(draft.weights && { weights: true }),
    ...(draft.audit && { audit: draft.audit }),
    ...ownFields(kindOf(draft.kind), "path", ({ name }) => draft[name]),
    ...(draft.translations && { translations: draft.translations }),
    ...(draft.written && { by: draft.written.by }),
  };
}

/** Whether a poll says what a model wrote: a person who changes a word takes it over. @param {Written} written @param {readonly string[]} texts */
export function stillSays(written, texts) {
  return written.texts.length === texts.length && written.texts.every((text, index) => text === texts[index]);
}

/**
 * A kind's own fields that have a number, under what a draft or the contract calls them.
 * @template {"name" | "path"} By
 * @param {PollKind} kind
 * @param {By} by
 * @param {(field: Field) => unknown} valueOf
 * @returns {{[key in Field[By]]?: number}}
 */
export function ownFields(kind, by, valueOf) {
  const values = kind.fields.map((field) => [field[by], valueOf(field)]);
  return Object.fromEntries(values.filter(([, value]) => typeof value === "number"));
}

/**
 * Return the server's default grace in seconds: how long a poll waits for votes of late viewers.
 * @param {{settings: {max_latency?: number}}} desk
 */
export function defaultGrace({ settings }) {
  return String(Math.min(DEFAULT_GRACE_S, (settings.max_latency ?? 60_000) / 1000));
}

/** What viewers choose among. @param {Draft} draft */
export function optionsOf(draft) {
  return kindOf(draft.kind).optionsOf?.(draft) ?? draft.options;
}

/** @param {unknown} value @returns {value is Draft} */
export function isDraft(value) {
  const draft = /** @type {Partial<Draft> | null} */ (value);
  return (
    typeof draft === "object" &&
    draft !== null &&
    typeof draft.question === "string" &&
    KINDS.some(({ name }) => name === draft.kind) &&
    Array.isArray(draft.options) &&
    draft.options.every((text) => typeof text === "string") &&
    typeof draft.duration === "number" &&
    (draft.translations === undefined || (Array.isArray(draft.translations) && draft.translations.every(isTranslation))) &&
    (draft.written === undefined || (typeof draft.written?.by === "string" && Array.isArray(draft.written.texts)))
  );
}

/** Load the templates that this browser keeps. What isn't a poll there is passed over. */
export function loadTemplates() {
  const own = /** @type {unknown} */ (read(KEPT));
  const last = read(LAST);
  return {
    own: Array.isArray(own) ? own.filter((one) => typeof one?.name === "string" && isDraft(one.draft)) : [],
    last: isDraft(last) ? last : undefined,
  };
}

/** @param {{name: string, draft: Draft}[]} own */
export function saveTemplates(own) {
  localStorage.setItem(KEPT, JSON.stringify(own.slice(-MOST_OWN)));
}

/** @param {Draft} draft */
export function saveLast(draft) {
  localStorage.setItem(LAST, JSON.stringify(draft));
}

/** @param {string} key @returns {unknown} */
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null; // written by another version, or by hand
  }
}
