/** One choice; most votes win. */

import { mostVotes } from "../most_votes.js";

/** @import {PollKind} from "./kind.js" */

/** @type {PollKind} */
export const single = {
  name: "single",
  fields: [],
  takesSeveral: false,
  resultOf: mostVotes,
};
