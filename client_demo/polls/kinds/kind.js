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
 * @property {number} [scale] the highest number
 *
 * Such a field in the producer's form.
 * @typedef {object} Field
 * @property {keyof OwnFields} name in a draft
 * @property {string} path as the call names it
 * @property {(poll: Poll) => unknown} of what a poll that was had
 * @property {"option" | "number"} type the index of one of the poll's options, or a number
 * @property {number} [usual] what the server takes without it
 * @property {boolean} [isNeeded] the poll can't be opened without it
 *
 * @typedef {object} FormWords what the console's form says
 * @property {Record<string, string>} labels of its fields, by their names
 * @property {string} [missing] asks for a field that is needed, where it isn't filled in
 *
 * @typedef {object} KindWords what `kinds` of a language's texts has under a kind's name
 * @property {string} name for viewers and producers
 * @property {string} onAir what the overlay calls it
 * @property {Record<string, string>} headlines what it says of a result
 * @property {string} [figure] what its figure is; stands behind it
 * @property {string} [leaders] calls those who were right, the fastest first, where the server ranks them
 * @property {(share: number) => string} percent of a share from 0 to 1
 * @property {(value: number) => string} decimal of a mean
 * @property {{right: string, wrong: string}} [verdicts] for the viewer, once the answer is known
 *
 * @typedef {"winner" | "right" | "other" | ""} Mark "other" once something else won or was right
 * @typedef {{marks: Mark[], headline?: string, figure?: string}} Result a mark for each option; no
 *   headline while there is nothing to tell; a figure where one number says what the votes come to
 *
 * @typedef {object} PollKind
 * @property {string} name in the contract
 * @property {{en: FormWords, zh: FormWords}} [form] the console's words; only with fields of its own
 * @property {readonly Field[]} fields its own ones
 * @property {boolean} takesSeveral whether a vote may name several options
 * @property {boolean} [isResolved] the answer comes once the result is final, by a step that reveals it
 * @property {(own: OwnFields) => string[]} [optionsOf] the options, where the producer gives none
 * @property {"columns"} [layout] how its options stand: as columns; below each other when absent
 * @property {(seen: SeenPoll, words: KindWords) => Result} resultOf as the viewer's playhead has it
 */

export {};
