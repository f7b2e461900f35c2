/** One choice before anybody knows which is right; the producer says later what came true. */

import { shareOf } from "../../sdk/polls.js";
import { rightMarks } from "../right_answer.js";

/** @import {SeenPoll} from "../../sdk/grandstand.js" */
/** @import {KindWords, PollKind, Result} from "./kind.js" */

/** @param {SeenPoll} seen @param {KindWords} words @returns {Result} */
function resultOf({ poll, phase, votes }, { headlines, percent }) {
  if (phase === "closed" && poll.final) return { marks: poll.options.map(() => ""), headline: headlines["undecided"] };
  if (phase !== "revealed") return { marks: poll.options.map(() => "") };
  const { answer } = poll;
  const share = votes && votes.voters > 0 && typeof answer === "number" ? shareOf(votes, answer) : undefined;
  return {
    marks: rightMarks(poll),
    headline: headlines["answer"],
    ...(share !== undefined && { figure: percent(share) }),
  };
}

/** @type {PollKind} */
export const prediction = {
  name: "prediction",
  fields: [],
  takesSeveral: false,
  isResolved: true,
  resultOf,
};
