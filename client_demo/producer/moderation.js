/** What waits for a moderator, and what was shown: approve, reject, retract, mute, ban. */

import { button, element, make, setText, words } from "../page.js";

/** @import {RoomCall} from "./main.js" */
/** @import {RoomState} from "../sdk/room.js" */
/** @import {Comment, HeldComment} from "../sdk/wire.js" */

const MUTE_S = 300;
const MOST_HELD = 200;
const MOST_RECENT = 30;
const MOST_DECIDED = 1_000;

export class ModerationPanel {
  /** @type {Map<string, HeldComment>} */ #held = new Map();
  /** @type {Set<string>} decided here; a list fetched meanwhile may still have them */ #decided = new Set();

  /** @param {RoomCall} call */
  constructor(call) {
    this.call = call;
    this.queue = element("held-list", HTMLElement);
    this.recent = element("recent-list", HTMLElement);
    this.done = element("moderation-done", HTMLElement);
  }

  /** @param {HeldComment[]} comments */
  hold(comments) {
    for (const comment of comments) if (!this.#decided.has(comment.id)) this.#held.set(comment.id, comment);
  }

  /** A moderator decided about it, here or on another page. @param {string} comment its id */
  decided(comment) {
    this.#decided.add(comment);
    this.#held.delete(comment);
  }

  async fetchHeld() {
    const answer = await this.call("GET", "/held");
    if (!answer.ok) return;
    this.#held.clear();
    if (this.#decided.size > MOST_DECIDED) this.#decided.clear();
    this.hold(answer.body.comments);
  }

  /** @param {RoomState} room */
  show(room) {
    const held = [...this.#held.values()].slice(0, MOST_HELD);
    element("nothing-held", HTMLElement).hidden = held.length > 0;
    setText(element("held-count", HTMLElement), held.length > 0 ? String(this.#held.size) : "");
    keep(this.queue, held, (comment) => this.#heldRow(comment));
    const recent = room.recent.slice(-MOST_RECENT).reverse();
    element("nothing-recent", HTMLElement).hidden = recent.length > 0;
    keep(this.recent, recent, (comment) => this.#recentRow(comment));
  }

  /** @param {HeldComment} comment */
  #heldRow(comment) {
    const why = comment.reason ?? Object.values(comment.categories ?? {}).join(", ");
    return row("held", comment, why, [
      button(words.approve, "approve", () => void this.#decide(comment, "approve"), "good"),
      button(words.reject, "reject", () => void this.#decide(comment, "reject"), "danger"),
    ]);
  }

  /** @param {Comment} comment */
  #recentRow(comment) {
    const count = comment.count !== undefined && comment.count > 1 ? `×${comment.count}` : "";
    return row("recent", comment, count, [
      button(words.retract, "retract", () => void this.#decide(comment, "retract")),
      button(words.mute, "mute", () => void this.#silence(comment, "mute", { duration: MUTE_S })),
      button(words.ban, "ban", () => void this.#silence(comment, "ban", {}), "danger"),
    ]);
  }

  /** @param {Comment} comment @param {"approve" | "reject" | "retract"} step */
  async #decide(comment, step) {
    const answer = await this.call("POST", `/comments/${encodeURIComponent(comment.id)}/${step}`);
    if (!answer.ok) return setText(this.done, answer.message);
    if (step !== "retract") this.decided(comment.id);
    this.done.replaceChildren();
  }

  /** @param {Comment} comment @param {"mute" | "ban"} step @param {object} body */
  async #silence(comment, step, body) {
    const path = `/viewers/${encodeURIComponent(comment.user)}`;
    const answer = await this.call("POST", `${path}/${step}`, body);
    if (!answer.ok) return setText(this.done, answer.message);
    const text = step === "mute" ? words.muteDone(comment.name) : words.banDone(comment.name);
    const undo = button(words.restore, "restore", async () => {
      const back = await this.call("POST", `${path}/restore`);
      setText(this.done, back.ok ? "" : back.message);
    });
    this.done.replaceChildren(make("span", { text }), undo);
  }
}

/**
 * @param {string} test @param {Comment} comment @param {string} note
 * @param {HTMLButtonElement[]} acts
 */
function row(test, comment, note, acts) {
  const made = make("li", { class: "comment-row", test }, [
    make("div", { class: "said" }, [
      make("p", { text: comment.text, class: "said-text" }),
      make("p", { text: [comment.name, note].filter(Boolean).join(" · "), class: "muted" }),
    ]),
    make("div", { class: "acts" }, acts),
  ]);
  made.dataset["comment"] = comment.id;
  return made;
}

/**
 * Rows stay the same elements while their comment stays: a button must not move under the finger.
 * @template {Comment} T
 * @param {HTMLElement} list @param {T[]} comments @param {(comment: T) => HTMLElement} build
 */
function keep(list, comments, build) {
  const rows = [...list.children].filter((one) => one instanceof HTMLElement);
  const old = new Map(rows.map((one) => [one.dataset["comment"], one]));
  const wanted = comments.map((comment) => old.get(comment.id) ?? build(comment));
  const same = wanted.length === rows.length && wanted.every((one, i) => one === rows[i]);
  if (!same) list.replaceChildren(...wanted);
}
