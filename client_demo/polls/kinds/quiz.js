/** One choice, of which one is right: nobody wins, and the reveal tells the answer. */

import { rightMarks } from "../right_answer.js";

/** @import {SeenPoll} from "../../sdk/grandstand.js" */
/** @import {KindWords, PollKind, Result} from "./kind.js" */

/** @param {SeenPoll} seen @param {KindWords} words @returns {Result} */
function resultOf({ poll, phase }, { headlines }) {
  if (phase !== "revealed") return { marks: poll.options.map(() => "") };
  return { marks: rightMarks(poll), headline: headlines["answer"] };
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
      leaders: "The fastest",
    },
    zh: {
      name: "竞答",
      onAir: "竞答",
      labels: { answer: "正确答案" },
      missing: "哪个答案正确？按对应字母。",
      headlines: { answer: "答案" },
      leaders: "答得最快",
    },
  },
  fields: [{ name: "answer", path: "answer", of: (poll) => poll.answer, type: "option", isNeeded: true }],
  takesSeveral: false,
  resultOf,
};
