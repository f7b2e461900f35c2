/**
 * The moderators' part of the store: the queue, the comments shown, who was muted or banned here,
 * and the one comment that the keys act on.
 *
 * A decision takes its comment away at once. If the call fails the comment comes back and says so;
 * what another moderator decided meanwhile stays away.
 */

import { isAway, reasonOf } from "./problems.js";
import { words } from "./words.js";

/** @import {Comment, HeldComment, Notice} from "../sdk/grandstand.js" */
/** @import {Desk} from "./desk.js" */
/** @typedef {{user: string, name: string, kind: "mute" | "ban"}} BarredHere */

const PAGE = 500;
const OLD_MS = 600_000;
const MOST_RECENT = 50;
const MOST_DECIDED = 2_000;

/** What a comment is held for, the weightiest first. @param {HeldComment} comment @returns {string[]} */
export function categoriesOf({ categories = [] }) {
  return Array.isArray(categories) ? categories : Object.keys(categories);
}

export class ModerationDesk {
  /** @type {Map<string, HeldComment>} */ #held = new Map();
  /** @type {Set<string>} decided; a list fetched meanwhile may still have them */ #decided = new Set();
  /** @type {Set<string>} on their way to be decided here */ #deciding = new Set();
  /** @type {Set<string>} taken back here, before the frame says so */ #retracted = new Set();
  /** @type {Map<string, string>} by comment: why the last act failed */ faults = new Map();
  /** @type {BarredHere[]} the latest last */ barred = [];
  /** @type {string | undefined} the comment that the keys act on */ cursor;
  /** @type {string | undefined} the comment whose author is about to be banned */ confirming;
  muteS = 300;
  /** @type {Comment[] | undefined} what is on screen, standing still */ #still;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    desk.live.on("retract", (comment) => this.#onRetract(comment));
    desk.live.on("notice", (notice) => this.#onNotice(notice));
    desk.keepFetching(() => this.#fetch());
  }

  /** Oldest first, those on their way to be decided left out. @returns {HeldComment[]} */
  get held() {
    return [...this.#held.values()].filter((one) => !this.#deciding.has(one.id));
  }

  /** Newest first. @returns {Comment[]} */
  get recent() {
    const shown = this.#still ?? this.desk.state?.recent ?? [];
    return shown.filter((one) => !this.#retracted.has(one.id)).slice(-MOST_RECENT).reverse();
  }

  /** How many were shown since the list was made to stand still. */
  get passed() {
    const last = this.#still?.at(-1);
    if (!last) return 0;
    const recent = this.desk.state?.recent ?? [];
    return recent.length - 1 - recent.findIndex((one) => one.id === last.id);
  }

  /** A row must not move under the finger: the list stands still while someone is at it. @param {boolean} still */
  stand(still) {
    if (still === (this.#still !== undefined)) return;
    this.#still = still ? [...(this.desk.state?.recent ?? [])] : undefined;
    this.desk.changed();
  }

  /** Taken back, here or elsewhere. @param {string} comment */
  #onRetract(comment) {
    this.#retracted.add(comment);
    this.desk.changed();
  }

  /** @param {string} user */
  barOf(user) {
    return this.barred.findLast((one) => one.user === user)?.kind;
  }

  // --- what the server tells -------------------------------------------------------------------------

  /** @param {Notice} notice */
  #onNotice(notice) {
    for (const comment of notice.held ?? []) this.#hold(comment);
    if (notice.code === "decided" && notice.comment !== undefined) this.#gone(notice.comment);
    this.desk.changed();
  }

  async #fetch() {
    const known = [...this.#held.keys()]; // what is held while the answer is on its way isn't in it
    /** @type {HeldComment[]} */ const listed = [];
    for (let after = ""; ; ) {
      const answer = await this.desk.call("GET", `/held?limit=${PAGE}&after=${encodeURIComponent(after)}`);
      if (!answer.ok) return;
      listed.push(...answer.body.comments);
      if (answer.body.next === undefined) break;
      after = answer.body.next;
    }
    const ids = new Set(listed.map((one) => one.id));
    for (const id of known) if (!ids.has(id) && !this.#deciding.has(id)) this.#gone(id);
    for (const comment of listed) this.#hold(comment);
    if (this.#decided.size > MOST_DECIDED) this.#decided = new Set([...this.#decided].slice(-MOST_DECIDED / 2));
    this.desk.changed();
  }

  // --- the cursor --------------------------------------------------------------------------------------

  /** All that the keys can act on, from the top of the page down. @returns {(HeldComment | Comment)[]} */
  get reach() {
    return [...this.held, ...this.recent];
  }

  get selected() {
    return this.reach.find((one) => one.id === this.cursor);
  }

  /** @param {string | undefined} comment */
  select(comment) {
    this.cursor = comment;
    this.confirming = undefined;
    this.desk.changed();
  }

  /** Asks whether its author shall be banned. @param {string} comment */
  confirm(comment) {
    this.cursor = comment;
    this.confirming = comment;
    this.desk.changed();
  }

  /** @param {1 | -1} by */
  move(by) {
    const reach = this.reach;
    const place = reach.findIndex((one) => one.id === this.cursor);
    const next = place < 0 ? 0 : Math.min(reach.length - 1, Math.max(0, place + by));
    this.select(reach[next]?.id);
  }

  /** @param {string} comment */
  isHeld(comment) {
    return this.#held.has(comment);
  }

  // --- decisions ---------------------------------------------------------------------------------------

  /** @param {HeldComment} comment @param {"approve" | "reject"} step */
  async decide(comment, step) {
    if (this.#deciding.has(comment.id)) return;
    this.#step(comment.id);
    this.#deciding.add(comment.id);
    this.faults.delete(comment.id);
    this.desk.changed();
    const answer = await this.desk.call("POST", `/comments/${encodeURIComponent(comment.id)}/${step}`);
    this.#deciding.delete(comment.id);
    if (answer.ok) {
      this.#gone(comment.id);
      this.desk.say(words.decidedSaid(words.decisions[step], comment.text));
    } else if (answer.code === "unknown_comment") {
      this.#gone(comment.id);
      this.desk.say(words.decidedElsewhere);
    } else {
      this.faults.set(comment.id, words.notDone(reasonOf(answer)));
      this.desk.say(words.notDone(reasonOf(answer)));
    }
  }

  /**
   * Turns away all held comments of this one's author, all that say what it says, or all that are
   * held for what it is held for.
   * @param {HeldComment} comment @param {"user" | "text" | "category"} what
   */
  async rejectAll(comment, what) {
    const category = categoriesOf(comment)[0];
    if (what === "category" && category === undefined) return;
    const criteria = { user: { user: comment.user }, text: { text: comment.text }, category: { category } };
    const fault = await this.#rejectTogether(criteria[what]);
    if (fault === undefined) return;
    this.faults.set(comment.id, fault);
    this.desk.changed();
  }

  /** How many of those that wait are such. @param {(one: HeldComment) => boolean} isSuch */
  waiting(isSuch) {
    return this.held.filter(isSuch).length;
  }

  /** Those held for longer than ``OLD_MS`` of the programme. @returns {HeldComment[]} */
  get old() {
    const before = this.desk.live.now() - OLD_MS;
    return this.held.filter((one) => one.at < before);
  }

  /** Turns away all that are old. */
  async rejectOld() {
    await this.#rejectTogether({ before: Math.floor(this.desk.live.now() - OLD_MS) });
  }

  /** Why it failed, if it did. @param {Record<string, unknown>} criterion @returns {Promise<string | undefined>} */
  async #rejectTogether(criterion) {
    let count = 0;
    for (let more = true; more; ) {
      const answer = await this.desk.call("POST", "/held/decide", { decision: "reject", ...criterion });
      if (!answer.ok) {
        const fault = words.notDone(reasonOf(answer));
        this.desk.say(fault);
        return fault;
      }
      for (const id of answer.body.comments) this.#gone(id);
      count += answer.body.comments.length;
      more = answer.body.more && answer.body.comments.length > 0;
    }
    this.desk.say(words.rejectedAll(count));
    return undefined;
  }

  /** @param {Comment} comment */
  async retract(comment) {
    this.#step(comment.id);
    this.#retracted.add(comment.id);
    this.faults.delete(comment.id);
    this.desk.changed();
    const path = `/comments/${encodeURIComponent(comment.id)}/retract`;
    const answer = await this.desk.call("POST", path);
    if (answer.ok) return this.desk.say(words.decidedSaid(words.decisions.retract, comment.text));
    this.#retracted.delete(comment.id);
    this.faults.set(comment.id, words.notDone(reasonOf(answer)));
    this.desk.say(words.notDone(reasonOf(answer)));
  }

  /** @param {Comment} comment @param {"mute" | "ban"} kind */
  async bar(comment, kind) {
    const { user, name } = comment;
    this.confirming = undefined;
    const path = `/viewers/${encodeURIComponent(user)}/${kind}`;
    const body = kind === "mute" && this.muteS > 0 ? { duration: this.muteS } : {};
    const act = async () => {
      const answer = await this.desk.call("POST", path, body);
      if (answer.ok) {
        this.barred = [...this.barred.filter((one) => one.user !== user), { user, name, kind }];
        this.desk.say(kind === "mute" ? words.muted(name) : words.banned(name));
      }
      return answer;
    };
    const answer = await this.desk.attempt(kind === "mute" ? words.muteOf(name) : words.banOf(name), act);
    if (answer.ok) this.faults.delete(comment.id);
    else if (!isAway(answer)) this.faults.set(comment.id, words.notDone(reasonOf(answer)));
    this.desk.changed();
  }

  /** Takes a mute or ban back; without a name the last one. @param {BarredHere} [one] */
  async restore(one = this.barred.at(-1)) {
    if (!one) return this.desk.say(words.nothingToUndo);
    const act = async () => {
      const answer = await this.desk.call("POST", `/viewers/${encodeURIComponent(one.user)}/restore`);
      if (answer.ok) {
        this.barred = this.barred.filter((other) => other.user !== one.user);
        this.desk.say(words.restored(one.name));
      }
      return answer;
    };
    await this.desk.attempt(words.restoreOf(one.name), act);
  }

  /** @param {HeldComment} comment */
  #hold(comment) {
    if (!this.#decided.has(comment.id)) this.#held.set(comment.id, comment);
  }

  /** @param {string} comment */
  #gone(comment) {
    if (this.cursor === comment) this.#step(comment);
    this.#decided.add(comment);
    this.#held.delete(comment);
    this.faults.delete(comment);
    this.desk.changed();
  }

  /** The cursor goes on to the next when its comment goes. @param {string} comment */
  #step(comment) {
    if (this.cursor !== comment) return;
    const reach = this.reach;
    const place = reach.findIndex((one) => one.id === comment);
    const inQueue = place < this.held.length;
    const next = reach[place + 1] ?? reach[place - 1];
    const last = inQueue && place === this.held.length - 1; // the end of the queue: not on to those shown
    this.select(last ? reach[place - 1]?.id : next?.id);
  }
}
