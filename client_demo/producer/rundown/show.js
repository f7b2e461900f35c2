/**
 * The run-down on this console: the room's present one, the edits that are on their way, and GO.
 *
 * The server keeps it. A gauge says that it has another version; then it is fetched. What this
 * console changes is shown at once, and sent as `edits.js` says.
 */

import { reasonOf } from "../problems.js";
import { words } from "../words.js";
import { applied, difference, plain, same } from "./edits.js";

/** @import {Answer, Desk} from "../desk.js" */
/** @import {Conflict, Edit, Item, Rundown} from "./edits.js" */
/** @typedef {Answer | {ok: false, conflict: Conflict}} Edited */

/** How long the next item must have been the next before GO acts: a second press, or another
 * producer's GO a moment ago, must not send one that nobody has read. */
export const STEADY_MS = 800;

const TRIES = 5;
const say = words.rundown;

export class Show {
  /** @type {Rundown | undefined} */ present;
  /** @type {Edit[]} */ pending = [];
  /** Why the last GO failed. */ fault = "";
  /** What another producer did last. */ others = "";
  /** @type {{item: Item, after: string | undefined} | undefined} */ removed;
  isGoing = false;
  #nextSince = -Infinity;
  #isFetching = false;
  /** @type {Promise<unknown>} edits go one after the other */ #last = Promise.resolve();

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    desk.keepFetching(() => this.#fetch());
    desk.live.on("state", ({ gauges }) => {
      if ((gauges.rundown?.version ?? 0) > (this.present?.version ?? -1)) void this.#fetch();
    });
  }

  /** With the edits that aren't answered yet. @returns {readonly Item[]} */
  get items() {
    return this.pending.reduce((items, edit) => applied(items, edit).items, this.present?.items ?? []);
  }

  /** @returns {Item | undefined} */
  get onAir() {
    return this.present?.items.find(({ status }) => status === "on_air");
  }

  /** @returns {Item | undefined} */
  get next() {
    return this.present?.items.find(({ id }) => id === this.present?.next);
  }

  /** Whether GO would act now. */
  get isReady() {
    return this.next !== undefined && !this.isGoing && performance.now() - this.#nextSince >= STEADY_MS;
  }

  goNext() {
    if (this.next && this.isReady) void this.go(this.next);
  }

  /** Whether an answer is awaited that will have the present run-down. */
  get #isAsking() {
    return this.isGoing || this.pending.length > 0;
  }

  /** @param {Item} item */
  async go(item) {
    if (this.isGoing) return;
    this.isGoing = true;
    this.desk.notify();
    const path = `/rundown/${encodeURIComponent(item.id)}/go`;
    const answer = await this.desk.attempt(say.goOf(item.title), () => this.desk.call("POST", path, {}));
    this.isGoing = false;
    this.fault = answer.ok ? "" : say.cannotGo(item.title, answer.faults[0]?.message ?? reasonOf(answer));
    if (answer.ok) this.#take(answer.body);
    if (answer.ok && this.onAir) this.desk.announce(say.said(this.onAir.title, this.next?.title));
    this.desk.notify();
  }

  /** Let every item wait again. */
  async reset() {
    const again = () => this.desk.call("POST", "/rundown/reset", { version: this.present?.version ?? 0 });
    const answer = await this.desk.attempt(say.reset, again);
    if (answer.ok) this.#take(answer.body);
    else if (answer.rundown) this.#take(answer.rundown);
  }

  /** @param {Item} item */
  async remove(item) {
    const items = this.items;
    const after = items[items.findIndex(({ id }) => id === item.id) - 1]?.id;
    const answer = await this.edit(say.removeOf(item.title), { does: "remove", id: item.id });
    if (answer.ok) this.removed = { item: plain(item), after };
    this.desk.notify();
  }

  async undoRemove() {
    const { item, after } = this.removed ?? {};
    this.removed = undefined;
    if (item) await this.edit(say.addOf(item.title), { does: "add", item, ...(after && { after }) });
  }

  /**
   * Make an edit; it is kept and announced if the server is away.
   * @param {string} what in words
   * @param {Edit} edit
   * @returns {Promise<Edited>}
   */
  async edit(what, edit) {
    this.pending = [...this.pending, edit];
    this.desk.notify();
    /** @type {Conflict | undefined} */ let conflict;
    const again = async () => {
      const sending = this.#last.then(() => this.#put(edit));
      this.#last = sending;
      const sent = await sending;
      if ("conflict" in sent) conflict = sent.conflict;
      return "conflict" in sent ? /** @type {const} */ ({ ok: true, body: undefined }) : sent;
    };
    const answer = await this.desk.attempt(what, again);
    this.pending = this.pending.filter((one) => one !== edit);
    this.desk.notify();
    return conflict ? { ok: false, conflict } : answer;
  }

  /** @param {Edit} edit @returns {Promise<Edited>} */
  async #put(edit) {
    for (let tries = 1; ; tries += 1) {
      const { version, items } = this.present ?? { version: 0, items: [] };
      const { items: changed, conflict } = applied(items, edit);
      if (conflict) return { ok: false, conflict };
      const answer = await this.desk.call("PUT", "/rundown", { version, items: changed.map(plain) });
      if (answer.ok) this.#take(answer.body);
      else if (answer.rundown && tries < TRIES) {
        this.#take(answer.rundown, true);
        continue;
      }
      return answer;
    }
  }

  async #fetch() {
    if (this.#isFetching || this.#isAsking || !this.desk.isProducer) return;
    if (this.present && this.desk.state?.gauges.rundown?.version === this.present.version) return;
    this.#isFetching = true;
    const answer = await this.desk.call("GET", "/rundown");
    this.#isFetching = false;
    if (answer.ok && !this.#isAsking) this.#take(answer.body, this.present !== undefined);
  }

  /** @param {Rundown} rundown @param {boolean} [isOthers] whether another producer made it */
  #take(rundown, isOthers = false) {
    const before = this.present;
    if (before && isOthers) {
      const done = difference(before, rundown);
      if (done) this.desk.announce((this.others = say.others[done.what](done.title)));
    } else if (before && rundown.version < before.version) return; // answers may overtake each other
    if (before?.next !== rundown.next) this.#nextSince = performance.now();
    // An item that is as it was stays the same object: its row isn't made anew.
    const known = new Map(before?.items.map((item) => [item.id, item]));
    const kept = (/** @type {Item} */ item) => (unchanged(known.get(item.id), item) ?? item);
    this.present = { ...rundown, items: rundown.items.map(kept) };
    this.desk.notify();
  }
}

/** @param {Item | undefined} was @param {Item} is @returns {Item | undefined} */
function unchanged(was, is) {
  return was && was.status === is.status && was.poll === is.poll && same(was, is) ? was : undefined;
}
