/**
 * One poll: a question, and its options as radio buttons or check boxes. Where a vote takes one option,
 * a tap on it votes. With a keyboard the viewer chooses first and then presses the button, since arrow
 * keys choose each option that they pass.
 */

import { button, make, setText } from "../page.js";
import { kindOf, wordsOf } from "../polls/registry.js";
import { isAnswer, shareOf } from "../sdk/grandstand.js";
import { Leaderboard } from "./leaderboard.js";
import { texts } from "./language.js";
import { TranslationMark } from "./translated.js";
import { words } from "./words.js";

/** @import {Poll, SeenPoll, VoteCheck, Votes} from "../sdk/grandstand.js" */
/** @import {Mark} from "../polls/kinds/kind.js" */
/** @import {Ballot} from "./ballots.js" */
/** @import {Leader} from "./leaderboard.js" */

const COUNTED_DOWN_S = 600;
/** @typedef {{root: HTMLLabelElement, input: HTMLInputElement, fill: HTMLElement, text: HTMLElement, mark: HTMLElement, tally: HTMLElement}} OptionParts */

export class PollCard {
  /** The options that are chosen and not cast yet. @type {Set<number> | undefined} */ #picked;
  #mayVote = false;
  /** @type {Ballot | undefined} */ #ballot;

  /**
   * @param {Poll} poll
   * @param {{vote: (choices: number[]) => void, dismiss: () => void, leaders: () => Promise<Leader[]>}} acts
   */
  constructor(poll, acts) {
    this.acts = acts;
    this.poll = poll;
    this.kind = kindOf(poll.kind);
    this.status = make("span", { class: "poll-status", test: "poll-status" });
    this.question = make("legend", { test: "poll-question" });
    this.question.dir = "auto";
    this.hint = make("p", { class: "hint" });
    this.by = make("p", { class: "hint", text: poll.by ? words.writtenBy(poll.by) : "", test: "poll-by" });
    this.by.hidden = !poll.by;
    this.translated = new TranslationMark(() => {});
    this.dismiss = button(words.dismiss, "poll-dismiss", acts.dismiss, "quiet");
    this.options = poll.options.map((_, index) => this.#option(index));
    this.submit = make("button", { text: words.vote, test: "poll-vote", class: "primary" });
    this.submit.type = "submit";
    this.state = make("span", { class: "vote-state", test: "vote-state" });
    this.state.setAttribute("role", "status");
    this.proof = make("p", { class: "vote-proof", test: "vote-proof" });
    this.proof.setAttribute("role", "status");
    this.voters = make("span", { class: "voters", test: "poll-voters" });
    const list = make("div", { class: "options" }, this.options.map((option) => option.root));
    if (this.kind.layout) list.dataset["layout"] = this.kind.layout;
    this.figure = make("strong", { test: "poll-figure" });
    const figureName = make("span", { text: wordsOf(this.kind, texts).figure ?? "" });
    this.result = make("p", { class: "figure" }, [this.figure, figureName]);
    this.outcome = make("p", { class: "outcome", test: "poll-outcome" });
    this.outcome.setAttribute("role", "status");
    const form = make("form", {}, [make("fieldset", {}, [this.question, this.by, this.hint, this.result, this.outcome, list]), this.submit]);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#mayVote && this.#picked?.size) this.#cast([...this.#picked].sort((a, b) => a - b));
    });
    const title = wordsOf(this.kind, texts).leaders;
    this.leaderboard = title === undefined ? undefined : new Leaderboard(title, acts.leaders);
    this.root = make("article", { class: "card poll", test: "poll-card" }, [
      make("header", {}, [this.status, this.translated.root, this.dismiss]),
      form,
      ...(this.leaderboard ? [this.leaderboard.root] : []),
      make("footer", {}, [this.state, this.voters]),
      this.proof,
    ]);
    this.root.dataset["poll"] = poll.id;
  }

  /**
   * @param {SeenPoll} seen
   * @param {Ballot | undefined} ballot
   * @param {number} playhead
   * @param {boolean} isReplay it is shown as it was, and takes no votes
   * @param {VoteCheck} [check] whether the vote is in the count
   */
  show(seen, ballot, playhead, isReplay, check) {
    const { phase, votes } = seen;
    const poll = this.#spoken(seen.poll);
    this.poll = poll;
    this.translated.show(seen.poll.translation);
    this.question.parentElement?.setAttribute("lang", this.translated.chosen(seen.poll.translation)?.lang ?? "");
    this.#ballot = ballot;
    const cast = ballot !== undefined && ballot.state !== "refused";
    this.#mayVote = phase === "open" && !isReplay && ballot?.state !== "sending" && (!cast || poll.change);
    this.root.dataset["status"] = phase;
    this.status.dataset["status"] = phase;
    const left = Math.max(0, Math.ceil((poll.closes_at - playhead) / 1000));
    const state = words.pollStates[phase];
    const ticking = phase === "open" && left <= COUNTED_DOWN_S;
    setText(this.status, ticking ? `${state} · ${words.timeLeft(words.seconds(left))}` : state);
    setText(this.question, poll.question);
    const what = this.kind.takesSeveral ? words.upTo(this.#most()) : wordsOf(this.kind, texts).name;
    setText(this.hint, isReplay ? words.replayVote : what);
    this.hint.hidden = phase !== "open";
    this.dismiss.hidden = phase === "open" || phase === "counting";
    const { figure, marks } = this.kind.resultOf(seen, wordsOf(this.kind, texts));
    setText(this.figure, figure ?? "");
    this.result.hidden = figure === undefined;
    setText(this.outcome, votes ? outcomeText(poll, votes, marks) : "");
    const won = marks.filter((mark) => mark === "winner").length > 1 ? words.tied : words.won;
    this.options.forEach((option, index) => this.#showOption(option, index, votes, marks[index] === "winner" ? won : ""));
    this.#showChoice();
    this.state.dataset["state"] = ballot?.state ?? "none";
    const isProved = check !== undefined && check.state !== "unchecked"; // then the proof says it
    setText(this.state, this.#verdict() ?? (isProved ? "" : ballotText(ballot, poll, phase)));
    this.proof.hidden = check === undefined;
    this.proof.dataset["state"] = check?.state ?? "";
    setText(this.proof, check ? words.voteChecks[check.state] : "");
    if (phase === "revealed") void this.leaderboard?.show();
    setText(this.voters, votersText(seen, isReplay));
    this.voters.dataset["voters"] = votes ? String(votes.voters) : "";
  }

  /** @param {number} index @returns {OptionParts} */
  #option(index) {
    const input = make("input", { class: "unseen" });
    input.type = this.kind.takesSeveral ? "checkbox" : "radio";
    input.name = `poll-${this.poll.id}`;
    input.addEventListener("change", () => this.#pick(index, input.checked));
    const fill = make("span", { class: "fill" });
    const text = make("span", { class: "option-text" });
    text.dir = "auto";
    const mark = make("span", { class: "mark" });
    const tally = make("span", { class: "tally", test: `tally-${index}` });
    const root = make("label", { class: "option", test: `option-${index}` }, [input, fill, text, mark, tally]);
    // The input itself is invisible, so a pointer always hits the label, and that votes.
    root.addEventListener("click", (event) => {
      if (event.target === input || input.type !== "radio" || !this.#mayVote) return;
      event.preventDefault();
      this.#cast([index]);
    });
    return { root, input, fill, text, mark, tally };
  }

  /**
   * @param {OptionParts} option @param {number} index
   * @param {Votes | undefined} votes @param {string} won what a winner is called; "" if it is none
   */
  #showOption(option, index, votes, won) {
    setText(option.text, this.poll.options[index]?.text ?? "");
    const share = votes ? shareOf(votes, index) : 0;
    const count = votes?.tally[index] ?? 0;
    option.fill.style.setProperty("--share", String(share));
    const percent = words.percent(share);
    setText(option.tally, !votes ? "" : this.kind.layout ? percent : `${count} · ${percent}`);
    option.tally.dataset["votes"] = votes ? String(count) : "";
    const right = isAnswer(this.poll, index);
    const mine = this.#ballot?.choices.includes(index) ?? false;
    option.root.classList.toggle("right", right);
    option.root.classList.toggle("winner", won !== "");
    option.root.classList.toggle("mine", mine);
    const marks = [right ? words.right : "", won, mine ? words.yours : ""].filter(Boolean);
    setText(option.mark, marks.join(" · "));
  }

  /** Say what became of the viewer's choice, if the kind has words for it and the answer is known. */
  #verdict() {
    const { verdicts } = wordsOf(this.kind, texts);
    const choice = this.#ballot?.state === "accepted" ? this.#ballot.choices[0] : undefined;
    if (!verdicts || choice === undefined || this.poll.answer === undefined) return undefined;
    return isAnswer(this.poll, choice) ? verdicts.right : verdicts.wrong;
  }

  /** Show which boxes are ticked, and which may still be. */
  #showChoice() {
    const chosen = this.#picked ?? new Set(this.#ballot?.choices);
    const full = this.kind.takesSeveral && chosen.size >= this.#most();
    this.options.forEach(({ input, root }, index) => {
      const checked = chosen.has(index);
      if (input.checked !== checked) input.checked = checked;
      const disabled = !this.#mayVote || (full && !checked);
      if (input.disabled !== disabled) input.disabled = disabled;
      root.classList.toggle("chosen", checked);
    });
    // Where one option is chosen the button is for the keyboard: a tap has voted already.
    this.submit.hidden = !this.#mayVote || (!this.kind.takesSeveral && !this.#picked);
    this.submit.disabled = !this.#picked?.size;
    setText(this.submit, this.#ballot?.state === "accepted" ? words.voteChange : words.vote);
  }

  /** The poll in the language in which it is shown. @param {Poll} poll @returns {Poll} */
  #spoken(poll) {
    const { question = poll.question, options = poll.options } = this.translated.chosen(poll.translation) ?? {};
    return { ...poll, question, options };
  }

  #most() {
    return Math.min(this.poll.max_choices ?? Infinity, this.poll.options.length);
  }

  /** @param {number} index @param {boolean} checked */
  #pick(index, checked) {
    const picked = new Set(this.kind.takesSeveral ? (this.#picked ?? this.#ballot?.choices) : undefined);
    if (checked) picked.add(index);
    else picked.delete(index);
    this.#picked = picked;
    this.#showChoice();
  }

  /** @param {number[]} choices */
  #cast(choices) {
    this.#picked = undefined;
    this.acts.vote(choices);
  }
}

/** @param {Ballot | undefined} ballot @param {Poll} poll @param {string} phase */
function ballotText(ballot, poll, phase) {
  if (!ballot || phase === "cancelled") return "";
  if (ballot.text) return ballot.text;
  if (ballot.state === "sending") return words.voting;
  return poll.change && phase === "open" ? words.voteAgain : words.voted;
}

/**
 * Say how many have voted, or why no votes are shown: a replay has only those of a result.
 * @param {SeenPoll} seen @param {boolean} isReplay
 */
export function votersText({ phase, votes }, isReplay) {
  if (votes) return words.voters(votes.voters);
  if (phase !== "open" && phase !== "counting") return "";
  return isReplay ? words.resultFollows : words.hiddenTally;
}

/**
 * Say who won, and by how much.
 * @param {Poll} poll @param {{tally: number[], voters: number}} votes @param {readonly Mark[]} marks
 */
function outcomeText(poll, votes, marks) {
  const winners = poll.options.map((_, index) => index).filter((index) => marks[index] === "winner");
  const [first] = winners;
  if (first === undefined) return "";
  const names = winners.map((index) => poll.options[index]?.text ?? "");
  const most = votes.tally[first] ?? 0;
  if (winners.length > 1) return words.tie(words.list(names), most);
  const ahead = most - Math.max(0, ...votes.tally.filter((_, index) => index !== first));
  return words.wins(words.list(names), words.percent(shareOf(votes, first)), ahead);
}
