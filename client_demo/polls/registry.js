/** All kinds of polls. */

import { multiple } from "./kinds/multiple.js";
import { prediction } from "./kinds/prediction.js";
import { quiz } from "./kinds/quiz.js";
import { rating } from "./kinds/rating.js";
import { single } from "./kinds/single.js";

/** @import {FormWords, KindWords, PollKind} from "./kinds/kind.js" */
/** @import {Texts} from "../languages/en.js" */

/** In the order in which a producer chooses. @type {readonly PollKind[]} */
export const KINDS = [single, multiple, quiz, rating, prediction];

/** A kind that this page doesn't know is shown as a single choice. @param {string} name @returns {PollKind} */
export function kindOf(name) {
  return KINDS.find((kind) => kind.name === name) ?? single;
}

/** What a kind says, in a language's texts. @param {PollKind} kind @param {Texts} texts @returns {KindWords} */
export function wordsOf({ name }, { kinds, shared: { percent, decimal } }) {
  return { ...kinds[/** @type {keyof Texts["kinds"]} */ (name)], percent, decimal };
}

/** @type {FormWords} */ const NO_FIELDS = { labels: {} };

/** What the console's form says of a kind. @param {PollKind} kind @param {"en" | "zh"} language @returns {FormWords} */
export function formWordsOf({ form }, language) {
  return form?.[language] ?? NO_FIELDS;
}
