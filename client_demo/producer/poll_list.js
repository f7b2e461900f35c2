/** The room's polls with their votes, and the steps a producer may take with each. */

import { button, element, make, setText, words } from "../page.js";
import { isAnswer, phaseOf, shareOf } from "../sdk/polls.js";
import { votesOf } from "../sdk/room.js";

/** @import {RoomCall} from "./main.js" */
/** @import {RoomState} from "../sdk/room.js" */
/** @import {Poll} from "../sdk/wire.js" */

const STEPS = /** @type {const} */ (["close", "reveal", "cancel"]);

export class PollList {
  /** @type {Map<string, Row>} */ #rows = new Map();
  /** @type {Map<string, Poll>} what HTTP told, hidden tallies included */ #told = new Map();

  /** @param {RoomCall} call */
  constructor(call) {
    this.call = call;
    this.list = element("poll-list", HTMLElement);
    this.empty = element("no-polls", HTMLElement);
  }

  /** A poll just opened here: shown before its frame comes. @param {Poll} poll */
  add(poll) {
    this.#told.set(poll.id, poll);
  }

  /** Polls whose tally viewers may not see come by HTTP. @param {RoomState} room */
  async fetchHidden(room) {
    const hidden = [...room.polls.values()].some((poll) => !votesOf(room, poll));
    if (!hidden) return;
    const answer = await this.call("GET", "/polls");
    if (!answer.ok) return;
    for (const poll of /** @type {Poll[]} */ (answer.body.polls)) this.#told.set(poll.id, poll);
  }

  /** @param {RoomState} room @param {number} now programme time */
  show(room, now) {
    const polls = new Map([...this.#told, ...room.polls]);
    const sorted = [...polls.values()].sort((a, b) => b.opens_at - a.opens_at);
    this.empty.hidden = sorted.length > 0;
    sorted.forEach((poll, place) => {
      const row = this.#rows.get(poll.id) ?? this.#addRow(poll);
      if (this.list.children[place] !== row.root)
        this.list.insertBefore(row.root, this.list.children[place] ?? null);
      const told = this.#told.get(poll.id);
      const hidden = told?.tally && { tally: told.tally, voters: told.voters ?? 0 };
      row.show(poll, votesOf(room, poll) ?? hidden, now);
    });
  }

  /** @param {Poll} poll */
  #addRow(poll) {
    const row = new Row(poll, async (step) => {
      const answer = await this.call("POST", `/polls/${encodeURIComponent(poll.id)}/${step}`);
      row.fault(answer.ok ? "" : answer.message);
      if (answer.ok && answer.body) this.#told.set(poll.id, answer.body);
    });
    this.#rows.set(poll.id, row);
    return row;
  }
}

class Row {
  /** @param {Poll} poll @param {(step: "close" | "reveal" | "cancel") => void} act */
  constructor(poll, act) {
    this.status = make("span", { class: "poll-status", test: "poll-status" });
    this.voters = make("span", { class: "muted", test: "poll-voters" });
    this.steps = STEPS.map((step) => ({ step, button: button(words[step], `poll-${step}`, () => act(step)) }));
    this.bars = poll.options.map((option, index) => {
      const fill = make("span", { class: "fill" });
      const tally = make("span", { class: "tally", test: `tally-${index}` });
      const root = make("li", { class: "bar-row" }, [fill, make("span", { text: option.text }), tally]);
      return { root, fill, tally };
    });
    this.faultLine = make("p", { class: "fault", test: "poll-fault" });
    this.root = make("article", { class: "poll-row", test: "poll-row" }, [
      make("header", {}, [this.status, this.voters]),
      make("h3", { text: poll.question }),
      make("ol", { class: "bars" }, this.bars.map((bar) => bar.root)),
      make("div", { class: "steps" }, this.steps.map((one) => one.button)),
      this.faultLine,
    ]);
    this.root.dataset["poll"] = poll.id;
  }

  /** @param {string} text */
  fault(text) {
    setText(this.faultLine, text);
  }

  /** @param {Poll} poll @param {{tally: number[], voters: number} | undefined} votes @param {number} now */
  show(poll, votes, now) {
    const phase = phaseOf(poll, now);
    this.root.dataset["status"] = phase;
    this.status.dataset["status"] = phase;
    const left = Math.max(0, Math.ceil((poll.closes_at - now) / 1000));
    const state = words.pollStates[phase];
    setText(this.status, phase === "open" ? `${state} · ${words.secondsLeft(left)}` : state);
    setText(this.voters, votes ? words.voters(votes.voters) : "");
    this.bars.forEach(({ root, fill, tally }, index) => {
      const share = votes ? shareOf(votes, index) : 0;
      fill.style.width = `${share * 100}%`;
      setText(tally, votes ? `${votes.tally[index] ?? 0} · ${Math.round(share * 100)} %` : "");
      tally.dataset["votes"] = votes ? String(votes.tally[index] ?? 0) : "";
      root.classList.toggle("right", isAnswer(poll, index));
    });
    const may = {
      close: phase === "open" || phase === "waiting",
      reveal: poll.status === "closed" && poll.final,
      cancel: poll.status === "open" || poll.status === "closed",
    };
    for (const { step, button: one } of this.steps) one.hidden = !may[step];
  }
}
