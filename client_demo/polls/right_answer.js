/** A result by what was right, once that is known. Pure. */

import { isAnswer } from "../sdk/polls.js";

/** @import {Poll} from "../sdk/grandstand.js" */
/** @import {Mark} from "./kinds/kind.js" */

/** @param {Poll} poll @returns {Mark[]} one per option */
export function rightMarks(poll) {
  const isTold = poll.answer !== undefined;
  return poll.options.map((_, option) => (isAnswer(poll, option) ? "right" : isTold ? "other" : ""));
}
