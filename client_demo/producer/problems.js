/** What a call by HTTP that failed means to the producer. */

import { words } from "./words.js";

/** @import {Problem} from "../sdk/grandstand.js" */

/** Whether a call failed because no server answered it. @param {Problem} problem */
export function isAway(problem) {
  return problem.status === 0 || problem.status >= 500;
}

/** Why it failed, for a person. @param {Problem} problem */
export function reasonOf(problem) {
  if (problem.status === 0) return words.unreachable;
  if (problem.code === "unknown_comment") return words.gone;
  return problem.message || String(problem.status);
}
