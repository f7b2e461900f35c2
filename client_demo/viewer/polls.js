/** Poll cards. They open by the viewer's own playhead. They change in place, so that a tap never misses. */

import { kindOf } from "../polls/registry.js";
import { RefusedError } from "../sdk/grandstand.js";
import { errorText } from "../words.js";
import { PollCard } from "./poll_card.js";
import { words } from "./words.js";

/** @import {SeenPoll, Sent} from "../sdk/grandstand.js" */
/** @import {Ballots} from "./ballots.js" */
/** @import {Leader} from "./leaderboard.js" */
/** @import {VoteChecks} from "./vote_checks.js" */

const REMEMBERED_MS = 5 * 60_000; // a poll that ended longer ago is not shown to a viewer who joins
const MOST_ENDED = 2; // one while a poll runs

/**
 * Choose the polls to show: all that run, the newest first; then the last ended ones, fewer of them
 * while one runs, and those whose reveal this viewer waits for.
 * @param {readonly SeenPoll[]} seen
 * @param {number} playhead
 * @param {(seen: SeenPoll) => number} [changedAt] when one that ended came to its present phase
 * @param {(poll: string) => boolean} [hasVoted] whether this viewer did, in the poll of that id
 * @returns {SeenPoll[]}
 */
export function pollsToShow(seen, playhead, changedAt = ({ poll }) => poll.closes_at, hasVoted = () => false) {
  const latest = [...seen].sort((a, b) => b.poll.opens_at - a.poll.opens_at);
  const runs = (/** @type {SeenPoll} */ one) => one.phase === "open" || one.phase === "counting";
  const waitsFor = (/** @type {SeenPoll} */ one) => hasVoted(one.poll.id) && revealTells(one);
  const ended = latest
    .filter((one) => !runs(one) && (waitsFor(one) || playhead - changedAt(one) < REMEMBERED_MS))
    .sort((a, b) => changedAt(b) - changedAt(a));
  const running = latest.filter(runs);
  const most = running.length > 0 ? 1 : MOST_ENDED;
  return [...running, ...ended.filter((one, place) => place < most || waitsFor(one))];
}

/** Whether a reveal will tell something new of a poll that is closed. @param {SeenPoll} seen */
function revealTells({ poll, phase, votes }) {
  const { fields, isResolved } = kindOf(poll.kind);
  const hasAnswer = isResolved === true || fields.some(({ name }) => name === "answer");
  return phase === "closed" && (hasAnswer || votes === undefined);
}

export class PollCards {
  /** @type {Map<string, PollCard>} */ #cards = new Map();
  /** @type {Set<string>} */ #dismissed = new Set();
  /** Phases, and when this page saw them come. @type {Map<string, {phase: string, at: number}>} */ #changes = new Map();

  /**
   * @param {HTMLElement} list
   * @param {Ballots} ballots
   * @param {(poll: string, choices: number[]) => Sent} onVote
   * @param {(question: string) => void} onOpen a poll has opened at this viewer's moment
   * @param {VoteChecks} checks
   * @param {(poll: string) => Promise<Leader[]>} leaders who was fastest in a quiz
   */
  constructor(list, ballots, onVote, onOpen, checks, leaders) {
    this.checks = checks;
    this.list = list;
    this.ballots = ballots;
    this.onVote = onVote;
    this.onOpen = onOpen;
    this.leaders = leaders;
  }

  /** @param {readonly SeenPoll[]} seen @param {number} playhead @param {boolean} isReplay they take no votes */
  show(seen, playhead, isReplay) {
    const changes = new Map(seen.map((one) => [one.poll.id, this.#changedAt(one, playhead)])); // of all, each time
    const changedAt = (/** @type {SeenPoll} */ { poll }) => changes.get(poll.id) ?? poll.closes_at;
    const hasVoted = (/** @type {string} */ poll) => this.ballots.of(poll) !== undefined;
    const shown = pollsToShow(seen, playhead, changedAt, hasVoted).filter(({ poll }) => !this.#dismissed.has(poll.id));
    const ids = new Set(shown.map(({ poll }) => poll.id));
    for (const [id, card] of this.#cards) {
      if (ids.has(id)) continue;
      card.root.remove();
      this.#cards.delete(id);
    }
    shown.forEach((one, place) => {
      const { poll, phase } = one;
      if (phase === "cancelled") this.ballots.forget(poll.id);
      const known = this.#cards.get(poll.id);
      const card = known ?? this.#add(one);
      if (this.list.children[place] !== card.root)
        this.list.insertBefore(card.root, this.list.children[place] ?? null);
      const ballot = this.ballots.of(poll.id);
      card.show(one, ballot, playhead, isReplay, this.checks.of(one, ballot));
      if (known || phase !== "open") return;
      card.root.scrollIntoView({ block: "nearest" });
      this.onOpen(poll.question);
    });
  }

  /**
   * Return when an ended poll came to its phase: a result may come long after the end. For a poll
   * that had ended before the viewer joined it is the end.
   * @param {SeenPoll} seen @param {number} playhead
   */
  #changedAt({ poll, phase }, playhead) {
    const before = this.#changes.get(poll.id);
    if (before?.phase === phase) return before.at;
    const at = before && phase === "revealed" ? playhead : poll.closes_at;
    this.#changes.set(poll.id, { phase, at });
    if (before && poll.answer !== undefined) this.#dismissed.delete(poll.id); // it has something new to say
    return at;
  }

  /** @param {SeenPoll} seen */
  #add({ poll }) {
    const card = new PollCard(poll, {
      vote: (choices) => void this.#vote(poll.id, choices),
      leaders: () => this.leaders(poll.id),
      dismiss: () => {
        this.#dismissed.add(poll.id);
        card.root.remove();
        this.#cards.delete(poll.id);
      },
    });
    this.#cards.set(poll.id, card);
    return card;
  }

  /** @param {string} poll @param {number[]} choices */
  async #vote(poll, choices) {
    const before = this.ballots.of(poll);
    this.ballots.set(poll, { choices, state: "sending", text: "" });
    try {
      await this.onVote(poll, choices).answer;
      this.ballots.set(poll, { choices, state: "accepted", text: "" });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const { code, message, retryAfter } = error;
      const text = errorText(words, { code, message, retry_after: retryAfter });
      // A vote cast before, here or on another page of this viewer, stands.
      const stands = code === "already_voted" || before?.state === "accepted";
      this.ballots.set(poll, { choices: before?.choices ?? [], state: stands ? "accepted" : "refused", text });
    }
  }
}
