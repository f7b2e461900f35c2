/** One choice; most votes win. */

import { HEADLINES, mostVotes } from "../most_votes.js";

/** @import {PollKind} from "./kind.js" */

/** @type {PollKind} */
export const single = {
  name: "single",
  words: {
    en: { name: "One choice", onAir: "Poll", labels: {}, headlines: HEADLINES.en },
    zh: { name: "单选", onAir: "投票", labels: {}, headlines: HEADLINES.zh },
  },
  fields: [],
  takesSeveral: false,
  resultOf: mostVotes,
};
