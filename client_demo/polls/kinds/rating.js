/** A number from 1 to `scale`: the result is the mean, and how many gave each number. */

import { meanOf } from "../../sdk/polls.js";

/** @import {SeenPoll} from "../../sdk/grandstand.js" */
/** @import {KindWords, OwnFields, PollKind, Result} from "./kind.js" */

const USUAL_SCALE = 5;

/** @param {OwnFields} own */
function optionsOf({ scale = USUAL_SCALE }) {
  return Array.from({ length: scale }, (_, index) => String(index + 1));
}

/** @param {SeenPoll} seen @param {KindWords} words @returns {Result} */
function resultOf({ poll, phase, votes }, { headlines, decimal }) {
  const marks = poll.options.map(() => /** @type {const} */ (""));
  if (!votes || phase === "cancelled") return { marks };
  const mean = meanOf(votes);
  const isOver = poll.final && (phase === "closed" || phase === "revealed");
  return {
    marks,
    ...(isOver && { headline: headlines[mean === undefined ? "nobody" : "result"] }),
    ...(mean !== undefined && { figure: decimal(mean) }),
  };
}

/** @type {PollKind} */
export const rating = {
  name: "rating",
  form: {
    en: { labels: { scale: "Highest number" } },
    zh: { labels: { scale: "最高分" } },
  },
  fields: [{ name: "scale", path: "scale", of: (poll) => poll.options.length, type: "number", usual: USUAL_SCALE }],
  takesSeveral: false,
  optionsOf,
  layout: "columns",
  resultOf,
};
