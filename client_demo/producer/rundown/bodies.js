/**
 * What an item does, as a form has it and as the contract has it. Pure.
 *
 * A file or a script may have put a body with more than the forms have: a poll's fixed times, a null
 * in a card. Such a body is edited as JSON, so that nothing of it is lost.
 */

import { kindOf } from "../../polls/registry.js";
import { EMPTY_CARD, cardBody, typedCard } from "../cards.js";
import { EMPTY_CUE, cueBody, typedCue } from "../cues.js";
import { EMPTY, draftFrom, typedFrom } from "../polls/fields.js";
import { ownFields, requestBody } from "../polls/templates.js";
import { PERSON } from "../polls/translations.js";
import { same } from "./edits.js";

/** @import {TypedCard} from "../cards.js" */
/** @import {TypedCue} from "../cues.js" */
/** @import {Typed} from "../polls/fields.js" */
/** @import {Draft} from "../polls/templates.js" */
/** @import {Item, ItemKind} from "./edits.js" */
/** @typedef {{poll: Typed, cue: TypedCue, card: TypedCard, text: string, json: string | undefined}} TypedBody */

/** @param {Item | undefined} item @returns {TypedBody} `json`: the body that no form can have */
export function typedBody(item) {
  /** @type {TypedBody} */ const typed = { poll: EMPTY, cue: EMPTY_CUE, card: EMPTY_CARD, text: "", json: undefined };
  if (!item) return typed;
  const { kind, body } = item;
  if (kind === "poll") typed.poll = typedFrom(draftOf(body ?? {}));
  else if (kind === "cue") typed.cue = typedCue(body ?? {});
  else if (kind === "card") typed.card = typedCard(body ?? {});
  else typed.text = body ?? "";
  const again = bodyOf(kind, typed);
  const isWhole = same({ ...item, body: usual(kind, again) }, { ...item, body: usual(kind, body) });
  return isWhole ? typed : { ...typed, json: JSON.stringify(body, null, 2) };
}

/** @param {ItemKind} kind @param {TypedBody} typed @returns {any} undefined if something is no JSON, or there is no text */
export function bodyOf(kind, typed) {
  if (typed.json !== undefined) return parsed(typed.json);
  if (kind === "poll") return requestBody(draftFrom(typed.poll), 0);
  if (kind === "cue") return cueBody(typed.cue);
  if (kind === "card") return cardBody(typed.card);
  return typed.text.trim() || undefined;
}

/** What an item is called whose title was left empty. @param {ItemKind} kind @param {any} body @returns {string} */
export function titleOf(kind, body) {
  if (kind === "poll") return body?.question ?? "";
  if (kind === "cue" || kind === "card") return body?.name ?? "";
  return typeof body === "string" ? (body.split("\n")[0] ?? "") : "";
}

/** @param {any} body of the call that opens a poll @returns {Draft} */
function draftOf(body) {
  const kind = kindOf(body.kind ?? "");
  const texts = (body.options ?? []).map((/** @type {any} */ one) => (typeof one === "string" ? one : one.text));
  return {
    kind: kind.name,
    question: body.question ?? "",
    options: texts,
    duration: body.duration ?? 60,
    ...(body.grace !== undefined && { grace: body.grace / 1000 }),
    change: body.change ?? false,
    weights: body.weights ?? false,
    showTally: body.show_tally ?? "always",
    ...(body.tag && { tag: body.tag }),
    audit: body.audit ?? "tally",
    ...ownFields(kind, "name", ({ path }) => body[path]),
    ...(body.translations && { translations: body.translations }),
    ...(body.by && { written: { by: body.by, texts: [body.question ?? "", ...texts] } }),
  };
}

/** A body with what the server takes for absent fields. @param {ItemKind} kind @param {any} body @returns {any} */
function usual(kind, body) {
  if (kind === "poll") {
    const options = body?.options?.map((/** @type {any} */ one) => (typeof one === "string" ? { text: one } : one));
    const translations = body?.translations?.map((/** @type {any} */ one) => ({ options: [], by: PERSON, ...one }));
    const given = { ...(options && { options }), ...(translations && { translations }) };
    return { change: false, weights: false, show_tally: "always", audit: "tally", ...body, ...given };
  }
  if (kind === "cue") return { data: {}, ...body };
  if (kind === "card") return { duration: 20, ...body };
  return body || undefined;
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
