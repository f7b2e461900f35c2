/** All kinds of polls. */

import { multiple } from "./kinds/multiple.js";
import { prediction } from "./kinds/prediction.js";
import { quiz } from "./kinds/quiz.js";
import { rating } from "./kinds/rating.js";
import { single } from "./kinds/single.js";

/** @import {KindWords, PollKind} from "./kinds/kind.js" */

/** In the order in which a producer chooses. @type {readonly PollKind[]} */
export const KINDS = [single, multiple, quiz, rating, prediction];

/** A kind that this page doesn't know is shown as a single choice. @param {string} name @returns {PollKind} */
export function kindOf(name) {
  return KINDS.find((kind) => kind.name === name) ?? single;
}

/** @param {PollKind} kind @param {string} [language] BCP 47 @returns {KindWords} */
export function wordsOf(kind, language = navigator.language) {
  return language.toLowerCase().startsWith("zh") ? kind.words.zh : kind.words.en;
}
