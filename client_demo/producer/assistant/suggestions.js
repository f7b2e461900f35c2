/** What a model suggested, as the server tells it: what each suggestion rests on, and what became of it. Pure. */

/** @import {Draft} from "../polls/templates.js" */
/**
 * @typedef {"poll-questions" | "summary" | "peak" | "appeal"} FeatureName
 * @typedef {"sent" | "changed" | "dismissed"} Outcome
 *
 * @typedef {object} Suggestion
 * @property {string} text
 * @property {string[]} [options]
 * @property {number} [count] how many comments it stands for, by the server's count
 * @property {string[]} [comments] ids of what it rests on, as the next three
 * @property {string[]} [cues]
 * @property {string[]} [stats]
 * @property {string[]} [items]
 *
 * @typedef {object} RestsOn times in ms of the programme
 * @property {number} from
 * @property {number} until
 * @property {{said: number, given: number}} counts
 * @property {{id: string, text: string, at: number, count: number}[]} comments
 * @property {{id: string, name: string, at: number}[]} cues
 * @property {{id: string, text: string, at: number}[]} stats
 * @property {{id: string, title: string}[]} items
 * @property {{category: string, reason: string, words: string[]}} [decision]
 *
 * @typedef {object} Suggested
 * @property {string} id
 * @property {FeatureName} feature
 * @property {Suggestion[]} suggestions
 * @property {RestsOn} rests_on
 * @property {string} by the model's name
 *
 * @typedef {{key: string, kind: "comment" | "cue" | "stat" | "item", text: string, at?: number, count: number}} Rested
 */

const SECONDS_OPEN = 60;

/**
 * List what one suggestion rests on: what comes in the show, then all else in the order of its moments.
 * @param {Suggested} suggested
 * @param {Suggestion} suggestion
 * @returns {Rested[]}
 */
export function basisOf({ rests_on }, { comments = [], cues = [], stats = [], items = [] }) {
  /** @type {Rested[]} */
  const moments = [
    ...rests_on.comments.filter(({ id }) => comments.includes(id)).map(({ id, text, at, count }) => of("comment", id, text, at, count)),
    ...rests_on.cues.filter(({ id }) => cues.includes(id)).map(({ id, name, at }) => of("cue", id, name, at)),
    ...rests_on.stats.filter(({ id }) => stats.includes(id)).map(({ id, text, at }) => of("stat", id, text, at)),
  ];
  const planned = rests_on.items.filter(({ id }) => items.includes(id)).map(({ id, title }) => of("item", id, title));
  return [...planned, ...moments.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))];
}

/** @param {Rested["kind"]} kind @param {string} id @param {string} text @param {number} [at] @param {number} [count] @returns {Rested} */
function of(kind, id, text, at, count = 1) {
  return { key: `${kind}:${id}:${at}`, kind, text, count, ...(at !== undefined && { at }) };
}

/** A question as the form of a poll has it. @param {Suggestion} suggestion @param {string} by the model's name @returns {Draft} */
export function draftOf({ text, options = [] }, by) {
  return { kind: "single", question: text, options, duration: SECONDS_OPEN, written: { by, texts: [text, ...options] } };
}

/** What became of a question that was opened: viewers read the model's words, or others. @param {Draft} opened @returns {Outcome} */
export function outcomeOfPoll({ written }) {
  return written ? "sent" : "changed";
}
