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
  form: {
    en: { labels: { answer: "Right answer" }, missing: "Which answer is right? Press its letter." },
    zh: { labels: { answer: "正确答案" }, missing: "哪个答案正确？按对应字母。" },
  },
  fields: [{ name: "answer", path: "answer", of: (poll) => poll.answer, type: "option", isNeeded: true }],
  takesSeveral: false,
  resultOf,
};
