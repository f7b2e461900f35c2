/**
 * What a kind of poll decides in the pages. Code that all kinds share asks the kind, and never for its
 * name. Nothing runs here.
 */

/** @import {Poll, SeenPoll} from "../../sdk/grandstand.js" */

/**
 * Fields of a producer's draft that only some kinds have.
 * @typedef {object} OwnFields
 * @property {number} [answer] index of the right option
 * @property {number} [maxChoices]
 *
 * Such a field in the producer's form.
 * @typedef {object} Field
 * @property {keyof OwnFields} name in a draft
 * @property {keyof Poll} path as the call and the poll name it
 * @property {"option" | "number"} type the index of one of the poll's options, or a number
 * @property {boolean} [isNeeded] the poll can't be opened without it
 *
 * @typedef {object} KindWords
 * @property {string} name for viewers and producers
 * @property {string} onAir what the overlay calls it
 * @property {Record<string, string>} labels of its fields, by their names
 * @property {string} [missing] asks for a field that is needed, where it isn't filled in
 * @property {Record<string, string>} headlines what it says of a result
 *
 * @typedef {"winner" | "right" | "other" | ""} Mark "other" once something else won or was right
 * @typedef {{marks: Mark[], headline?: string}} Result a mark for each option; no headline while
 *   there is nothing to tell
 *
 * @typedef {object} PollKind
 * @property {string} name in the contract
 * @property {{en: KindWords, zh: KindWords}} words
 * @property {readonly Field[]} fields its own ones
 * @property {boolean} takesSeveral whether a vote may name several options
 * @property {(seen: SeenPoll, words: KindWords) => Result} resultOf as the viewer's playhead has it
 */

export {};
