/**
 * The console's store: the room's state, the answers of HTTP calls, and the log of what was done.
 *
 * Actions are HTTP calls. If the server can't be reached, the action is kept in `unsent` and
 * announced. It is repeated only when the producer asks for it: a poll that closes by itself half a
 * minute late would surprise the whole show.
 */

import { connect, roomCalls, roomClock, votesFrom } from "../sdk/grandstand.js";
import { isAway, reasonOf } from "./problems.js";
import { appendRate, appendSample } from "./rates.js";
import { words } from "./words.js";

/** @import {LiveRoom, Poll, Problem, RoomState, Settings, Status, Votes} from "../sdk/grandstand.js" */
/** @import {Sample} from "./rates.js" */
/** @typedef {{ok: true, body: any} | Problem} Answer */
/** @typedef {(method: string, path: string, body?: unknown) => Promise<Answer>} RoomCall */
/** @typedef {"close" | "reveal" | "resolve" | "cancel" | "extend"} Step */
/** @typedef {{id: number, what: string, again: () => Promise<Answer>}} Unsent */

const REFRESH_MS = 250;
const SECOND_MS = 1_000;
const FETCH_MS = 4_000;

const NO_SUCH_ROOM = 4004;

export class Desk {
  /** @type {Set<() => void>} */ #listeners = new Set();
  /** @type {number[]} */ #timers = [];
  /** @type {(() => unknown)[]} */ #fetches = [() => this.#fetchPolls()];
  /** @type {number | undefined} */ #frame;
  #nextUnsent = 1;
  #hasDeleted = false;
  #hasAllPolls = false;
  /** @type {RoomState | undefined} */ state;
  /** @type {Status} */ status = { phase: "connecting" };
  /** @type {Map<string, Poll>} with the tallies that viewers may not see, and the tags */ fetchedPolls = new Map();
  /** @type {Map<string, Sample[]>} voters per poll */ voters = new Map();
  /** @type {Map<string, string>} why the last step with a poll failed */ pollFaults = new Map();
  /** @type {readonly number[]} comments per second, one a second */ rates = [];
  /** @type {Unsent[]} */ unsent = [];
  /** What was done last, for screen readers. */ announcement = "";

  /** @param {{room: string, token: string}} options */
  constructor({ room, token }) {
    this.room = room;
    this.token = token;
    this.call = /** @type {RoomCall} */ (roomCalls({ room, token }));
    /** @type {LiveRoom} */
    this.live = connect({ room, token, clock: roomClock({}) });
    this.live.on("status", (status) => this.#onStatus(status));
    this.live.on("state", (state) => this.#onState(state));
    this.#timers = [
      window.setInterval(() => this.notify(), REFRESH_MS),
      window.setInterval(() => this.#everySecond(), SECOND_MS),
      window.setInterval(() => this.#fetch(), FETCH_MS),
    ];
  }

  close() {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#listeners.clear();
    this.live.close();
  }

  /** @param {() => void} listener @returns {() => void} */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Call `fetch` whenever the room becomes live, and every `FETCH_MS` while it is. @param {() => unknown} fetch */
  keepFetching(fetch) {
    this.#fetches.push(fetch);
  }

  /**
   * Tell the listeners that something changed, at most once per animation frame. A browser short of
   * time may leave out frames for many seconds; the page goes on without them.
   */
  notify() {
    if (this.#frame !== undefined) return;
    const tell = () => {
      cancelAnimationFrame(this.#frame ?? 0);
      clearTimeout(late);
      this.#frame = undefined;
      for (const listener of this.#listeners) listener();
    };
    const late = setTimeout(tell, REFRESH_MS);
    this.#frame = requestAnimationFrame(tell);
  }

  /** @param {string} text */
  announce(text) {
    this.announcement = text;
    this.notify();
  }

  get isLive() {
    return this.status.phase === "live";
  }

  get isProducer() {
    return this.state?.viewer.role === "producer";
  }

  /** Whether the room was deleted, by this page or by another. */
  get isDeleted() {
    const { phase, code } = this.status;
    return this.#hasDeleted || (phase === "ended" && code === NO_SUCH_ROOM && this.state !== undefined);
  }

  /** The room's settings, or none yet. @returns {Settings} */
  get settings() {
    return this.state?.settings ?? {};
  }

  /** The newest first. A poll that was opened here is there before its frame comes. @returns {Poll[]} */
  get polls() {
    const all = new Map([...this.fetchedPolls, ...(this.state?.polls ?? [])]);
    return [...all.values()].sort((a, b) => b.opens_at - a.opens_at);
  }

  /**
   * Return the votes of a poll, also those that viewers don't see.
   * @param {Poll} poll
   * @returns {Votes | undefined}
   */
  votesOf(poll) {
    const known = this.state?.tallies.get(poll.id) ?? (poll.tally ? poll : this.fetchedPolls.get(poll.id));
    return known?.tally && votesFrom(poll, known.tally, known.voters ?? 0);
  }

  /** What effects know a poll by. @param {Poll} poll */
  tagOf(poll) {
    return poll.tag ?? this.fetchedPolls.get(poll.id)?.tag;
  }

  /**
   * Take an action by HTTP. An action that couldn't be sent is kept and announced. The caller shows
   * any other refusal.
   * @param {string} what in words
   * @param {() => Promise<Answer>} again
   * @returns {Promise<Answer>}
   */
  async attempt(what, again) {
    const answer = await again();
    if (answer.ok) return answer;
    if (isAway(answer)) {
      this.unsent = [...this.unsent, { id: this.#nextUnsent++, what, again }];
      this.announce(words.notSent(what));
    } else {
      this.announce(`${what}: ${reasonOf(answer)}`);
    }
    return answer;
  }

  /** Repeat the actions that couldn't be sent. One that fails for another reason is announced and dropped. */
  async sendUnsent() {
    const waiting = this.unsent;
    this.unsent = [];
    for (const one of waiting) await this.attempt(one.what, one.again);
    if (this.unsent.length === 0) this.announce(words.allSent);
    this.notify();
  }

  /** @param {number} id */
  dropUnsent(id) {
    this.unsent = this.unsent.filter((one) => one.id !== id);
    this.notify();
  }

  // --- polls ---------------------------------------------------------------------------------------

  /** @param {object} body @returns {Promise<Answer>} */
  async openPoll(body) {
    const answer = await this.call("POST", "/polls", body);
    if (answer.ok) {
      this.fetchedPolls.set(answer.body.id, answer.body);
      this.announce(words.polls.pollOpened(answer.body.question));
    }
    return answer;
  }

  /** @param {Poll} poll @param {Step} step @param {object} [body] */
  async stepPoll(poll, step, body) {
    const path = `/polls/${encodeURIComponent(poll.id)}/${step}`;
    const what = words.polls.stepWith(words.polls.steps[step], poll.question);
    const answer = await this.attempt(what, () => this.call("POST", path, body));
    this.pollFaults.set(poll.id, answer.ok ? "" : stepReason(step, answer, poll));
    // Somebody else may have been first: then the refusal has the poll as it is.
    const present = answer.ok ? answer.body : answer.poll;
    if (present) this.fetchedPolls.set(poll.id, { ...this.fetchedPolls.get(poll.id), ...present });
    this.notify();
  }

  // --- the room --------------------------------------------------------------------------------------

  /** @param {string} what @param {object} changes of settings @returns {Promise<Answer>} */
  patch(what, changes) {
    return this.attempt(what, () => this.call("PATCH", "", changes));
  }

  /** This doesn't use `attempt`: a deletion must never wait among the unsent actions. @returns {Promise<Answer>} */
  async deleteRoom() {
    const answer = await this.call("DELETE", `?confirm=${encodeURIComponent(this.room)}`);
    this.#hasDeleted ||= answer.ok;
    this.notify();
    return answer;
  }

  // --- events and timers -----------------------------------------------------------------------------

  /** @param {Status} status */
  #onStatus(status) {
    const was = this.status.phase;
    this.status = status;
    if (status.phase === "live" && was !== "live") {
      if (was === "lost") this.announce(words.backAgain);
      this.#fetch();
    }
    if (status.phase === "lost" && was === "live") this.announce(words.lostNow);
    this.notify();
  }

  /** @param {RoomState} state */
  #onState(state) {
    this.state = state;
    const now = this.live.now();
    for (const poll of state.polls.values()) {
      const votes = this.votesOf(poll);
      if (!votes || poll.final) continue;
      const before = this.voters.get(poll.id) ?? [];
      this.voters.set(poll.id, appendSample(before, { at: now, value: votes.voters }));
    }
    this.notify();
  }

  #everySecond() {
    if (!this.isLive || !this.state) return;
    this.rates = appendRate(this.rates, this.state.gauges.pulse?.comments_per_second ?? 0);
    const now = this.live.now();
    for (const [id, samples] of this.voters) {
      const last = samples.at(-1);
      if (last) this.voters.set(id, appendSample(samples, { at: now, value: last.value }));
    }
    this.notify();
  }

  #fetch() {
    if (!this.isLive || !this.state) return;
    for (const fetch of this.#fetches) void fetch();
  }

  async #fetchPolls() {
    const isHidden = (/** @type {Poll} */ poll) => !poll.tally && !this.state?.tallies.has(poll.id);
    if (!this.polls.some((poll) => isHidden(poll) || !this.fetchedPolls.has(poll.id))) return;
    // The first page has the newest polls. Earlier ones don't change, so they are fetched once.
    for (let path = "/polls"; ; ) {
      const answer = await this.call("GET", path);
      if (!answer.ok) return;
      for (const poll of /** @type {Poll[]} */ (answer.body.polls)) this.fetchedPolls.set(poll.id, poll);
      if (answer.body.next === undefined || this.#hasAllPolls) break;
      path = `/polls?after=${encodeURIComponent(answer.body.next)}`;
    }
    this.#hasAllPolls = true;
    if (this.state) this.#onState(this.state);
  }
}

/** @param {Step} step @param {Problem} problem @param {Poll} seen as it was when the producer acted */
function stepReason(step, problem, seen) {
  if (problem.code !== "impossible_step") return reasonOf(problem);
  const { poll } = problem;
  const wasChanged = poll !== undefined && poll.status !== seen.status;
  return wasChanged ? words.polls.othersStep(words.polls.states[poll.status]) : words.polls.impossible[step];
}
