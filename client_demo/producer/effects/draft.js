/**
 * An effect between the server and the form: as it is shown, as it is typed, as it is put. Pure.
 */

import { readAction, typedAction } from "./actions.js";

/** @import {TypedAction} from "./actions.js" */
/**
 * @typedef {object} Effect as the server shows it, without secrets
 * @property {string} id
 * @property {string} title
 * @property {boolean} enabled
 * @property {{event: string, tag?: string, winner?: number | "tie", name?: string}} on
 * @property {number} after ms
 * @property {any[]} then
 */
/**
 * What was typed, and whether there is such an effect already.
 * @typedef {{isNew: boolean, id: string, title: string, enabled: boolean, event: string, tag: string,
 *   winner: string, name: string, after: string, then: readonly TypedAction[]}} Typed
 */

/** How a winner that is an option is typed, before its index: names that are numbers would come first in a list. */
export const OPTION = "option ";
export const OF_POLLS = ["poll.opened", "poll.closed", "poll.revealed"];

/** @param {Effect} [effect] @returns {Typed} */
export function formOf(effect) {
  return {
    isNew: effect === undefined,
    id: effect?.id ?? "",
    title: effect?.title ?? "",
    enabled: effect?.enabled ?? true,
    event: effect?.on.event ?? "poll.closed",
    tag: effect?.on.tag ?? "",
    winner: typedWinner(effect?.on.winner),
    name: effect?.on.name ?? "",
    after: String((effect?.after ?? 0) / 1000),
    then: effect?.then.map(typedAction) ?? [{ kind: "obs", values: {} }],
  };
}

/** @param {number | "tie"} [winner] */
function typedWinner(winner) {
  return typeof winner === "number" ? `${OPTION}${winner}` : (winner ?? "any");
}

/** Whether an effect can wait for what won. @param {Typed} typed */
export function waitsForWinner({ event }) {
  return OF_POLLS.includes(event) && event !== "poll.opened";
}

/**
 * Make the body of the call that puts an effect. Lines that can't be read are faults by their paths.
 * @param {Typed} typed
 * @param {(line: number) => string} badLine
 * @returns {{body: object, faults: Record<string, string>}}
 */
export function bodyOf(typed, badLine) {
  const isOfPoll = OF_POLLS.includes(typed.event);
  const { winner, tag, name } = typed;
  const hasWinner = waitsForWinner(typed) && winner !== "any";
  const on = {
    event: typed.event,
    ...(isOfPoll && tag.trim() && { tag: tag.trim() }),
    ...(hasWinner && { winner: winner.startsWith(OPTION) ? Number(winner.slice(OPTION.length)) : winner }),
    ...(typed.event === "cue" && name.trim() && { name: name.trim() }),
  };
  const read = typed.then.map((action) => readAction(action, badLine));
  const faults = read.flatMap(({ faults: found }, index) =>
    Object.entries(found).map(([field, text]) => [`then.${index}.${field}`, text]),
  );
  const body = {
    title: typed.title.trim(),
    enabled: typed.enabled,
    on,
    after: Math.round(Number(typed.after) * 1000),
    then: read.map(({ action }) => action),
  };
  return { body, faults: Object.fromEntries(faults) };
}
