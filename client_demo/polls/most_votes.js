/** The result of most kinds: the option with the most votes wins, once the tally is final. Pure. */

/** @import {SeenPoll} from "../sdk/grandstand.js" */
/** @import {KindWords, Result} from "./kinds/kind.js" */

/** @param {SeenPoll} seen @param {KindWords} words with these headlines @returns {Result} */
export function mostVotes({ poll, phase, votes }, { headlines }) {
  const isOver = poll.final && (phase === "closed" || phase === "revealed");
  const none = poll.options.map(() => /** @type {const} */ (""));
  if (!votes || !isOver) return { marks: none };
  const most = Math.max(...votes.tally);
  if (most === 0) return { marks: none, headline: headlines["nobody"] };
  const marks = poll.options.map((_, option) => (votes.tally[option] === most ? "winner" : "other"));
  const winners = marks.filter((mark) => mark === "winner").length;
  return { marks, headline: headlines[winners > 1 ? "draw" : "result"] };
}
