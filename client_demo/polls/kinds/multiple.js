/** Several choices; most votes win. */

import { HEADLINES, mostVotes } from "../most_votes.js";

/** @import {PollKind} from "./kind.js" */

/** @type {PollKind} */
export const multiple = {
  name: "multiple",
  words: {
    en: { name: "Several choices", onAir: "Poll", labels: { maxChoices: "Most choices" }, headlines: HEADLINES.en },
    zh: { name: "多选", onAir: "投票", labels: { maxChoices: "最多可选" }, headlines: HEADLINES.zh },
  },
  fields: [{ name: "maxChoices", path: "max_choices", of: (poll) => poll.max_choices, type: "number" }],
  takesSeveral: true,
  resultOf: mostVotes,
};
