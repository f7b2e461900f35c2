/** One choice, of which one is right: nobody wins, and the reveal tells the answer. */

import { isAnswer } from "../../sdk/grandstand.js";

/** @import {SeenPoll} from "../../sdk/grandstand.js" */
/** @import {KindWords, PollKind, Result} from "./kind.js" */

/** @param {SeenPoll} seen @param {KindWords} words @returns {Result} */
function resultOf({ poll, phase }, { headlines }) {
  if (phase !== "revealed") return { marks: poll.options.map(() => "") };
  const isTold = poll.answer !== undefined;
  const marks = poll.options.map((_, option) => (isAnswer(poll, option) ? "right" : isTold ? "other" : ""));
  return { marks, headline: headlines["answer"] };
}

/** @type {PollKind} */
export const quiz = {
  name: "quiz",
  words: {
    en: {
      name: "Quiz",
      onAir: "Quiz",
      labels: { answer: "Right answer" },
      missing: "Which answer is right? Press its letter.",
      headlines: { answer: "Answer" },
    },
    zh: {
      name: "竞答",
      onAir: "竞答",
      labels: { answer: "正确答案" },
      missing: "哪个答案正确？按对应字母。",
      headlines: { answer: "答案" },
    },
  },
  fields: [{ name: "answer", path: "answer", type: "option", isNeeded: true }],
  takesSeveral: false,
  resultOf,
};
