/** Several choices; most votes win. */

import { mostVotes } from "../most_votes.js";

/** @import {PollKind} from "./kind.js" */

/** @type {PollKind} */
export const multiple = {
  name: "multiple",
  form: {
    en: { labels: { maxChoices: "Most choices" } },
    zh: { labels: { maxChoices: "最多可选" } },
  },
  fields: [{ name: "maxChoices", path: "max_choices", of: (poll) => poll.max_choices, type: "number" }],
  takesSeveral: true,
  resultOf: mostVotes,
};
