/** Poll cards: opened by the viewer's own playhead, changed in place so that a finger never misses. */

import { button, make, setText, words } from "../page.js";
import { isAnswer, phaseOf, pollsToShow, shareOf } from "../sdk/polls.js";
import { votesOf } from "../sdk/room.js";
import { errorText } from "../words.js";

/** @import {Ack, Poll, Refusal, VoteMessage} from "../sdk/wire.js" */
/** @import {RoomState} from "../sdk/room.js" */

/** @typedef {{choices: number[], state: "sending" | "accepted" | "refused", text: string}} Ballot */
/** @typedef {{button: HTMLElement & {disabled: boolean}, fill: HTMLElement, text: HTMLElement, tally: HTMLElement}} OptionParts */

export class PollCards {
  /** @type {Map<string, Card>} */ #cards = new Map();
  /** @type {Map<string, Ballot>} */ #ballots = new Map();
  /** @type {Map<string, {poll: string, before: Ballot | undefined}>} message id to its vote */
  #sent = new Map();
  /** @type {Set<string>} */ #dismissed = new Set();

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} empty shown while there is no poll
   * @param {(poll: string, choices: number[]) => VoteMessage} onVote
   */
  constructor(list, empty, onVote) {
    this.list = list;
    this.empty = empty;
    this.onVote = onVote;
  }

  /** @param {RoomState} room @param {number} playhead */
  show(room, playhead) {
    const polls = pollsToShow(room.polls.values(), playhead).filter((p) => !this.#dismissed.has(p.id));
    const ids = new Set(polls.map((poll) => poll.id));
    for (const [id, card] of this.#cards) {
      if (ids.has(id)) continue;
      card.root.remove();
      this.#cards.delete(id);
    }
    polls.forEach((poll, place) => {
      const card = this.#cards.get(poll.id) ?? this.#add(poll);
      if (this.list.children[place] !== card.root)
        this.list.insertBefore(card.root, this.list.children[place] ?? null);
      card.show(poll, votesOf(room, poll), this.#ballots.get(poll.id), playhead);
    });
    this.empty.hidden = polls.length > 0;
    for (const id of this.#ballots.keys()) if (!room.polls.has(id)) this.#ballots.delete(id);
  }

  /** @param {Ack} ack @returns {boolean} whether it was about a vote */
  acknowledged(ack) {
    const vote = this.#sent.get(ack.id);
    const ballot = vote && this.#ballots.get(vote.poll);
    if (!ballot) return false;
    this.#sent.delete(ack.id);
    this.#ballots.set(vote.poll, { ...ballot, state: "accepted", text: "" });
    return true;
  }

  /** @param {Refusal} error @returns {boolean} whether it was about a vote */
  refused(error) {
    const vote = this.#sent.get(error.id ?? "");
    const ballot = vote && this.#ballots.get(vote.poll);
    if (!ballot) return false;
    const text = errorText(words, error);
    if (error.code === "overloaded" || error.code === "unavailable") {
      this.#ballots.set(vote.poll, { ...ballot, text }); // it is sent again by itself
      return true;
    }
    this.#sent.delete(error.id ?? "");
    // A vote cast before, here or on another page of this viewer, stands.
    const stands = error.code === "already_voted" || vote.before?.state === "accepted";
    const choices = vote.before?.choices ?? [];
    this.#ballots.set(vote.poll, { choices, state: stands ? "accepted" : "refused", text });
    return true;
  }

  /** @param {Poll} poll */
  #add(poll) {
    const card = new Card(poll, {
      vote: (choices) => {
        const before = this.#ballots.get(poll.id);
        this.#sent.set(this.onVote(poll.id, choices).id, { poll: poll.id, before });
        this.#ballots.set(poll.id, { choices, state: "sending", text: "" });
      },
      dismiss: () => {
        this.#dismissed.add(poll.id);
        card.root.remove();
      },
    });
    this.#cards.set(poll.id, card);
    return card;
  }
}

class Card {
  /** @type {Set<number>} */ #picked = new Set();

  /**
   * @param {Poll} poll
   * @param {{vote: (choices: number[]) => void, dismiss: () => void}} acts
   */
  constructor(poll, acts) {
    this.acts = acts;
    this.poll = poll;
    this.status = make("span", { class: "poll-status", test: "poll-status" });
    this.question = make("h2", { test: "poll-question" });
    this.hint = make("p", { class: "hint" });
    this.dismiss = button(words.dismiss, "poll-dismiss", acts.dismiss, "quiet");
    this.options = poll.options.map((_, index) => this.#option(index));
    this.submit = button(words.vote, "poll-vote", () => acts.vote([...this.#picked]), "primary");
    this.state = make("span", { class: "vote-state", test: "vote-state" });
    this.state.setAttribute("role", "status");
    this.voters = make("span", { class: "voters", test: "poll-voters" });
    const list = make("div", { class: "options" }, this.options.map((option) => option.button));
    this.root = make("article", { class: "card poll", test: "poll-card" }, [
      make("header", {}, [this.status, this.dismiss]),
      this.question,
      this.hint,
      list,
      this.submit,
      make("footer", {}, [this.state, this.voters]),
    ]);
    this.root.dataset["poll"] = poll.id;
  }

  /**
   * @param {Poll} poll
   * @param {{tally: number[], voters: number} | undefined} votes
   * @param {Ballot | undefined} ballot
   * @param {number} playhead
   */
  show(poll, votes, ballot, playhead) {
    this.poll = poll;
    const phase = phaseOf(poll, playhead);
    const multiple = poll.kind === "multiple";
    const cast = ballot !== undefined && ballot.state !== "refused";
    const mayVote = phase === "open" && ballot?.state !== "sending" && (!cast || poll.change);
    this.root.dataset["status"] = phase;
    this.status.dataset["status"] = phase;
    const left = Math.max(0, Math.ceil((poll.closes_at - playhead) / 1000));
    const ticking = phase === "open" && left <= 600;
    const state = words.pollStates[phase];
    setText(this.status, ticking ? `${state} · ${words.secondsLeft(left)}` : state);
    setText(this.question, poll.question);
    setText(this.hint, multiple ? words.upTo(this.#most()) : words.pollKinds[poll.kind]);
    this.dismiss.hidden = phase === "open" || phase === "counting";
    this.options.forEach((option, index) => {
      this.#showOption(option, index, votes, mayVote ? this.#marks(ballot) : new Set(ballot?.choices));
      option.button.disabled = !mayVote;
    });
    this.submit.hidden = !multiple || !mayVote;
    this.submit.disabled = this.#picked.size === 0;
    this.state.dataset["state"] = ballot?.state ?? "none";
    setText(this.state, ballotText(ballot, poll, phase));
    const hidden = phase === "open" || phase === "counting" ? words.hiddenTally : "";
    setText(this.voters, votes ? words.voters(votes.voters) : hidden);
    this.voters.dataset["voters"] = votes ? String(votes.voters) : "";
  }

  /** Marks while several may be chosen: one's picks, or the vote cast if nothing was picked since. @param {Ballot | undefined} ballot */
  #marks(ballot) {
    return this.#picked.size > 0 ? this.#picked : new Set(ballot?.choices);
  }

  /** @param {number} index */
  #option(index) {
    const fill = make("span", { class: "fill" });
    const text = make("span", { class: "option-text" });
    const tally = make("span", { class: "tally", test: `tally-${index}` });
    const made = button("", `option-${index}`, () => this.#choose(index), "option");
    made.append(fill, text, tally);
    return { button: made, fill, text, tally };
  }

  /**
   * @param {OptionParts} option @param {number} index
   * @param {{tally: number[], voters: number} | undefined} votes
   * @param {Set<number>} chosen
   */
  #showOption(option, index, votes, chosen) {
    setText(option.text, this.poll.options[index]?.text ?? "");
    const share = votes ? shareOf(votes, index) : 0;
    const count = votes?.tally[index] ?? 0;
    option.fill.style.width = `${share * 100}%`;
    setText(option.tally, votes ? `${count} · ${Math.round(share * 100)} %` : "");
    option.tally.dataset["votes"] = votes ? String(count) : "";
    option.button.setAttribute("aria-pressed", String(chosen.has(index)));
    const right = isAnswer(this.poll, index);
    option.button.classList.toggle("right", right);
    if (right) option.button.title = words.right;
  }

  #most() {
    return this.poll.max_choices ?? this.poll.options.length;
  }

  /** @param {number} index */
  #choose(index) {
    if (this.poll.kind !== "multiple") return this.acts.vote([index]);
    if (!this.#picked.delete(index) && this.#picked.size < this.#most()) this.#picked.add(index);
    this.options.forEach((option, place) =>
      option.button.setAttribute("aria-pressed", String(this.#picked.has(place))),
    );
    this.submit.disabled = this.#picked.size === 0;
  }
}

/** @param {Ballot | undefined} ballot @param {Poll} poll @param {string} phase */
function ballotText(ballot, poll, phase) {
  if (!ballot) return "";
  if (ballot.text) return ballot.text;
  if (ballot.state === "sending") return words.voting;
  return poll.change && phase === "open" ? words.voteAgain : words.voted;
}
