/**
 * The moderators' part of the store: the queue, the comments on screen, the mutes and bans of this
 * page, and the comment that the keys act on.
 *
 * A decision removes its comment from the queue at once. If the call fails, the comment comes back
 * with the reason. A comment that another moderator decided meanwhile does not come back.
 */

import { isAway, reasonOf } from "../problems.js";
import { words } from "../words.js";

/** @import {Comment, HeldComment, Notice} from "../../sdk/grandstand.js" */
/** @import {Desk} from "../desk.js" */
/** @import {Outcome} from "../assistant/suggestions.js" */
/** @typedef {{user: string, name: string, kind: "mute" | "ban"}} Sanction */
/** @typedef {{text: string, by: string, tell: (outcome: Outcome) => void}} Draft a model's; `tell`: what became of it */

const PAGE = 500;
const OLD_MS = 600_000;
const MOST_RECENT = 50;
const MOST_DECIDED = 2_000;

/** Return the categories for which a comment is held, the strongest first. @param {HeldComment} comment @returns {string[]} */
export function categoriesOf({ categories = [] }) {
  return Array.isArray(categories) ? categories : Object.keys(categories);
}

export class ModerationDesk {
  /** @type {Map<string, HeldComment>} */ #held = new Map();
  /** @type {Set<string>} decided; a list that was requested before may still have them */ #decided = new Set();
  /** @type {Set<string>} being decided here */ #deciding = new Set();
  /** @type {Set<string>} retracted here, before the frame says so */ #retracted = new Set();
  /** @type {Map<string, string>} by comment: why the last action failed */ faults = new Map();
  /** @type {Map<string, {text: string, draft?: Draft}>} by comment: what is to be said to its author */ #answers = new Map();
  /** @type {Sanction[]} the latest last */ sanctions = [];
  /** @type {string | undefined} the comment that the keys act on */ cursor;
  /** @type {string | undefined} the comment whose author is about to be banned */ confirming;
  muteS = 300;
  /** @type {Comment[] | undefined} the comments on screen, while the list is frozen */ #frozen;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    desk.live.on("retract", (comment) => this.#onRetract(comment));
    desk.live.on("notice", (notice) => this.#onNotice(notice));
    desk.keepFetching(() => this.#fetch());
  }

  /** Oldest first, without those that are being decided. @returns {HeldComment[]} */
  get held() {
    return [...this.#held.values()].filter((one) => !this.#deciding.has(one.id));
  }

  /** Newest first. @returns {Comment[]} */
  get recent() {
    const shown = this.#frozen ?? this.desk.state?.recent ?? [];
    return shown.filter((one) => !this.#retracted.has(one.id)).slice(-MOST_RECENT).reverse();
  }

  /** How many comments were shown since the list was frozen. */
  get newer() {
    const last = this.#frozen?.at(-1);
    if (!last) return 0;
    const recent = this.desk.state?.recent ?? [];
    return recent.length - 1 - recent.findIndex((one) => one.id === last.id);
  }

  /** Freeze the list while the pointer or the focus is in it: a row must not move under a finger. @param {boolean} isFrozen */
  freeze(isFrozen) {
    if (isFrozen === (this.#frozen !== undefined)) return;
    this.#frozen = isFrozen ? [...(this.desk.state?.recent ?? [])] : undefined;
    this.desk.notify();
  }

  /** Note that a comment was retracted, here or elsewhere. @param {string} comment */
  #onRetract(comment) {
    this.#retracted.add(comment);
    this.desk.notify();
  }

  /** @param {string} user */
  sanctionOf(user) {
    return this.sanctions.findLast((one) => one.user === user)?.kind;
  }

  // --- from the server -------------------------------------------------------------------------------

  /** @param {Notice} notice */
  #onNotice(notice) {
    for (const comment of notice.held ?? []) this.#addHeld(comment);
    if (notice.code === "decided" && notice.comment !== undefined) this.#remove(notice.comment);
    this.desk.notify();
  }

  async #fetch() {
    const known = [...this.#held.keys()]; // the answer lacks what is held from now on
    /** @type {HeldComment[]} */ const listed = [];
    for (let after = ""; ; ) {
      const answer = await this.desk.call("GET", `/held?limit=${PAGE}&after=${encodeURIComponent(after)}`);
      if (!answer.ok) return;
      listed.push(...answer.body.comments);
      if (answer.body.next === undefined) break;
      after = answer.body.next;
    }
    const ids = new Set(listed.map((one) => one.id));
    for (const id of known) if (!ids.has(id) && !this.#deciding.has(id)) this.#remove(id);
    for (const comment of listed) this.#addHeld(comment);
    if (this.#decided.size > MOST_DECIDED) this.#decided = new Set([...this.#decided].slice(-MOST_DECIDED / 2));
    this.desk.notify();
  }

  // --- the cursor --------------------------------------------------------------------------------------

  /** Everything that the keys can act on, from the top of the page down. @returns {(HeldComment | Comment)[]} */
  get selectable() {
    return [...this.held, ...this.recent];
  }

  get selected() {
    return this.selectable.find((one) => one.id === this.cursor);
  }

  /** @param {string | undefined} comment */
  select(comment) {
    this.cursor = comment;
    this.confirming = undefined;
    this.desk.notify();
  }

  /** Ask whether the comment's author shall be banned. @param {string} comment */
  confirm(comment) {
    this.cursor = comment;
    this.confirming = comment;
    this.desk.notify();
  }

  /** @param {1 | -1} by */
  move(by) {
    const selectable = this.selectable;
    const index = selectable.findIndex((one) => one.id === this.cursor);
    const next = index < 0 ? 0 : Math.min(selectable.length - 1, Math.max(0, index + by));
    this.select(selectable[next]?.id);
  }

  /** @param {string} comment */
  isHeld(comment) {
    return this.#held.has(comment);
  }

  // --- decisions ---------------------------------------------------------------------------------------

  /** What is said to a comment's author beside the decision; `by`: the model that wrote it, if nobody changed it. @param {string} comment @returns {{text: string, by?: string}} */
  answerTo(comment) {
    const { text = "", draft } = this.#answers.get(comment) ?? {};
    return { text: text.trim() && text, ...(draft && text.trim() === draft.text && { by: draft.by }) };
  }

  /** @param {string} comment @param {string} text */
  setAnswer(comment, text) {
    this.#answers.set(comment, { ...this.#answers.get(comment), text });
    this.desk.notify();
  }

  /** Take a model's draft for the answer. @param {string} comment @param {Draft} draft */
  takeDraft(comment, draft) {
    this.#answers.set(comment, { text: draft.text, draft });
    this.desk.notify();
  }

  /** @param {HeldComment} comment @param {"approve" | "reject"} step */
  async decide(comment, step) {
    if (this.#deciding.has(comment.id)) return;
    this.#moveOn(comment.id);
    this.#deciding.add(comment.id);
    this.faults.delete(comment.id);
    this.desk.notify();
    const { text, by } = this.answerTo(comment.id);
    const draft = this.#answers.get(comment.id)?.draft;
    const body = text ? { text, ...(by !== undefined && { by }) } : {};
    const answer = await this.desk.call("POST", `/comments/${encodeURIComponent(comment.id)}/${step}`, body);
    this.#deciding.delete(comment.id);
    if (answer.ok) {
      this.#remove(comment.id);
      draft?.tell(by !== undefined ? "sent" : text ? "changed" : "dismissed");
      this.desk.announce(words.moderation.decidedSaid(words.moderation.decisions[step], comment.text));
    } else if (answer.code === "unknown_comment") {
      this.#remove(comment.id);
      this.desk.announce(words.moderation.decidedElsewhere);
    } else {
      this.faults.set(comment.id, words.notDone(reasonOf(answer)));
      this.desk.announce(words.notDone(reasonOf(answer)));
    }
  }

  /**
   * Reject all held comments that have the author, the text or the category of this one.
   * @param {HeldComment} comment @param {"user" | "text" | "category"} what
   */
  async rejectAll(comment, what) {
    const category = categoriesOf(comment)[0];
    if (what === "category" && category === undefined) return;
    const criteria = { user: { user: comment.user }, text: { text: comment.text }, category: { category } };
    const fault = await this.#rejectTogether(criteria[what]);
    if (fault === undefined) return;
    this.faults.set(comment.id, fault);
    this.desk.notify();
  }

  /** Count the held comments that fit. @param {(one: HeldComment) => boolean} isSuch */
  countHeld(isSuch) {
    return this.held.filter(isSuch).length;
  }

  /** The comments that are held for longer than `OLD_MS` of programme time. @returns {HeldComment[]} */
  get stale() {
    const before = this.desk.live.now() - OLD_MS;
    return this.held.filter((one) => one.at < before);
  }

  /** Reject all stale comments. */
  async rejectOld() {
    await this.#rejectTogether({ before: Math.floor(this.desk.live.now() - OLD_MS) });
  }

  /** Reject what fits the criterion; return the reason if that failed. @param {Record<string, unknown>} criterion @returns {Promise<string | undefined>} */
  async #rejectTogether(criterion) {
    let count = 0;
    for (let more = true; more; ) {
      const answer = await this.desk.call("POST", "/held/decide", { decision: "reject", ...criterion });
      if (!answer.ok) {
        const fault = words.notDone(reasonOf(answer));
        this.desk.announce(fault);
        return fault;
      }
      for (const id of answer.body.comments) this.#remove(id);
      count += answer.body.comments.length;
      more = answer.body.more && answer.body.comments.length > 0;
    }
    this.desk.announce(words.moderation.rejectedAll(count));
    return undefined;
  }

  /** @param {Comment} comment */
  async retract(comment) {
    this.#moveOn(comment.id);
    this.#retracted.add(comment.id);
    this.faults.delete(comment.id);
    this.desk.notify();
    const path = `/comments/${encodeURIComponent(comment.id)}/retract`;
    const answer = await this.desk.call("POST", path);
    if (answer.ok) return this.desk.announce(words.moderation.decidedSaid(words.moderation.decisions.retract, comment.text));
    this.#retracted.delete(comment.id);
    this.faults.set(comment.id, words.notDone(reasonOf(answer)));
    this.desk.announce(words.notDone(reasonOf(answer)));
  }

  /** @param {Comment} comment @param {"mute" | "ban"} kind */
  async sanction(comment, kind) {
    const { user, name } = comment;
    this.confirming = undefined;
    const path = `/viewers/${encodeURIComponent(user)}/${kind}`;
    const body = kind === "mute" && this.muteS > 0 ? { duration: this.muteS } : {};
    const act = async () => {
      const answer = await this.desk.call("POST", path, body);
      if (answer.ok) {
        this.sanctions = [...this.sanctions.filter((one) => one.user !== user), { user, name, kind }];
        this.desk.announce(kind === "mute" ? words.moderation.muted(name) : words.moderation.banned(name));
      }
      return answer;
    };
    const answer = await this.desk.attempt(kind === "mute" ? words.moderation.muteOf(name) : words.moderation.banOf(name), act);
    if (answer.ok) this.faults.delete(comment.id);
    else if (!isAway(answer)) this.faults.set(comment.id, words.notDone(reasonOf(answer)));
    this.desk.notify();
  }

  /** Take a mute or ban back, the last one by default. @param {Sanction} [one] */
  async restore(one = this.sanctions.at(-1)) {
    if (!one) return this.desk.announce(words.moderation.nothingToUndo);
    const act = async () => {
      const answer = await this.desk.call("POST", `/viewers/${encodeURIComponent(one.user)}/restore`);
      if (answer.ok) {
        this.sanctions = this.sanctions.filter((other) => other.user !== one.user);
        this.desk.announce(words.moderation.restored(one.name));
      }
      return answer;
    };
    await this.desk.attempt(words.moderation.restoreOf(one.name), act);
  }

  /** @param {HeldComment} comment */
  #addHeld(comment) {
    if (!this.#decided.has(comment.id)) this.#held.set(comment.id, comment);
  }

  /** @param {string} comment */
  #remove(comment) {
    if (this.cursor === comment) this.#moveOn(comment);
    this.#decided.add(comment);
    this.#held.delete(comment);
    this.faults.delete(comment);
    this.#answers.delete(comment);
    this.desk.notify();
  }

  /** Move the cursor to the next comment when its own goes away. @param {string} comment */
  #moveOn(comment) {
    if (this.cursor !== comment) return;
    const selectable = this.selectable;
    const index = selectable.findIndex((one) => one.id === comment);
    const inQueue = index < this.held.length;
    const next = selectable[index + 1] ?? selectable[index - 1];
    const last = inQueue && index === this.held.length - 1; // the end of the queue: don't go on to the comments on screen
    this.select(last ? selectable[index - 1]?.id : next?.id);
  }
}
