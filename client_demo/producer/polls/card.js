/** One poll: its bars, its time, and the steps that its phase allows. */

import { useState } from "preact/hooks";
import { forecast } from "../../polls/estimate.js";
import { kindOf, wordsOf } from "../../polls/registry.js";
import { isAnswer, shareOf } from "../../sdk/grandstand.js";
import { MadeBy } from "../assistant/made_by.js";
import { input } from "../fields.js";
import { html } from "../html.js";
import { perSecond } from "../rates.js";
import { formatDuration } from "../times.js";
import { texts, words } from "../words.js";
import { PollAudience } from "./audience.js";
import { ownFields } from "./templates.js";

/** @import {Poll, PollPhase} from "../../sdk/grandstand.js" */
/** @import {Desk, Step} from "../desk.js" */
/** @import {Draft} from "./templates.js" */

const EXTEND_S = 30;
const MAX_GRACE_MS = 60_000; // the contract's default of `max_latency`

/** @param {{desk: Desk, poll: Poll, phase: PollPhase, onEdit: (draft: Draft) => void}} props */
export function PollCard({ desk, poll, phase, onEdit }) {
  const now = desk.live.now();
  const votes = phase === "waiting" ? undefined : desk.votesOf(poll);
  const kind = kindOf(poll.kind);
  const { figure } = kind.resultOf({ poll, phase, ...(votes && { votes }) }, wordsOf(kind, texts));
  const most = Math.max(0, ...(votes?.tally ?? []));
  const running = phase === "open" || phase === "counting";
  const { gauges, settings } = desk.state ?? {};
  const told = running ? forecast(poll, votes, gauges?.audience, settings?.max_latency ?? MAX_GRACE_MS) : undefined;
  const estimates = phase === "counting" ? told?.intervals : undefined;
  const rate = perSecond(desk.voters.get(poll.id) ?? []);
  const isHidden = phase !== "revealed" && phase !== "cancelled" && desk.state?.polls.get(poll.id)?.tally === undefined &&
    !desk.state?.tallies.has(poll.id);
  return html`
    <article class="poll-row" data-test="poll-row" data-poll=${poll.id} data-status=${phase} aria-label=${poll.question}>
      <header>
        <span class="poll-status" data-status=${phase} data-test="poll-status">${words.polls.states[phase]}</span>
        <span class="number" data-test="poll-time">${timeOf(poll, phase, now)}</span>
        <span class="votes number">
          ${running &&
          html`<span class="quiet-text" data-test="poll-rate">${words.polls.votesPerSecond(rate.toFixed(1))}</span>`}
          <span data-test="poll-voters" data-voters=${votes?.voters ?? ""}>${votes ? words.polls.votes(votes.voters) : ""}</span>
        </span>
      </header>
      <h3>${poll.question}</h3>
      ${poll.by && html`<p><${MadeBy} by=${poll.by} /></p>`}
      ${figure !== undefined &&
      html`<p class="figure"><b class="number" data-test="poll-figure">${figure}</b> ${wordsOf(kind, texts).figure}</p>`}
      <ol class="bars">
        ${poll.options.map(({ text }, index) => {
          const share = votes ? shareOf(votes, index) : 0;
          const count = votes?.tally[index] ?? 0;
          const leads = votes !== undefined && count > 0 && count === most;
          const end = estimates?.[index];
          return html`<li key=${index} class="bar-row" data-leads=${leads} data-right=${isAnswer(poll, index)}>
            <span class="fill" style=${{ transform: `scaleX(${share})` }}></span>
            ${end && html`<span class="interval" style=${{ left: `${end.low * 100}%`, right: `${100 - end.high * 100}%` }}></span>`}
            <span class="text">${text}${isAnswer(poll, index) && html` <b class="good">✓ ${words.polls.rightAnswer}</b>`}</span>
            <span class="tally number" data-test=${`tally-${index}`} data-votes=${votes ? count : ""}
              >${votes && html`<b>${count}</b> <small>${Math.round(share * 100)} %</small>`}
              ${end && html` <small data-test=${`estimate-${index}`}>${words.polls.endsAt(Math.floor(end.low * 100), Math.ceil(end.high * 100))}</small>`}</span>
          </li>`;
        })}
      </ol>
      ${phase === "waiting"
        ? html`<p class="quiet-text" data-test="poll-unseen">${words.polls.notSeenYet}</p>`
        : isHidden && html`<p class="quiet-text">${words.polls.tallyHidden}</p>`}
      ${told && html`<${PollAudience} poll=${poll} phase=${phase} forecast=${told} />`}
      <${Steps} desk=${desk} poll=${poll} phase=${phase} longerGraceMs=${told?.longer?.ms} onEdit=${onEdit} />
      <p class="fault" role="alert" data-test="poll-fault">${desk.pollFaults.get(poll.id) ?? ""}</p>
    </article>
  `;
}

/** @param {{desk: Desk, poll: Poll, phase: PollPhase, longerGraceMs?: number, onEdit: (draft: Draft) => void}} props */
function Steps({ desk, poll, phase, longerGraceMs, onEdit }) {
  const [asking, setAsking] = useState(false);
  const take = (/** @type {Step} */ step, /** @type {object} */ body) => () => void desk.stepPoll(poll, step, body);
  const cancel = () => {
    setAsking(false);
    void desk.stepPoll(poll, "cancel");
  };
  const over = phase === "closed" || phase === "revealed" || phase === "cancelled";
  if (asking)
    return html`<div class="steps asking" role="group" aria-label=${words.polls.cancelSure}>
      <span>${words.polls.cancelSure}</span>
      <button class="danger" onClick=${cancel} data-test="poll-cancel-yes">${words.polls.cancelYes}</button>
      <button onClick=${() => setAsking(false)} data-test="poll-cancel-no">${words.polls.cancelNo}</button>
    </div>`;
  return html`<div class="steps">
    ${(phase === "open" || phase === "waiting") &&
    html`<button key="extend" data-test="poll-extend"
        onClick=${take("extend", { closes_at: poll.closes_at + EXTEND_S * 1000 })}>${words.polls.extend(EXTEND_S)}</button>
      <button key="close" onClick=${take("close", {})} data-test="poll-close">${words.polls.close}</button>`}
    ${phase === "counting" &&
    html`<button key="count" onClick=${take("close", { grace: 0 })} data-test="poll-count-now">${words.polls.countNow}</button>
      ${longerGraceMs !== undefined &&
      html`<button key="wait" onClick=${take("close", { grace: longerGraceMs })} data-test="poll-wait">${words.polls.waitLonger(longerGraceMs / 1000)}</button>`}`}
    ${phase === "closed" && poll.final && kindOf(poll.kind).isResolved &&
    html`<${Resolve} key="resolve" poll=${poll} onResolve=${(/** @type {number} */ answer) => take("resolve", { answer })()} />`}
    ${phase === "closed" && poll.final && !kindOf(poll.kind).isResolved &&
    html`<button key="reveal" class="primary" onClick=${take("reveal", {})} data-test="poll-reveal">${words.polls.reveal}</button>`}
    ${over &&
    html`<button key="again" class="quiet" onClick=${() => onEdit({ ...draftOf(poll), tag: desk.tagOf(poll) ?? "" })} data-test="poll-again">${words.polls.openAgain}</button>`}
    ${phase !== "revealed" && phase !== "cancelled" &&
    html`<button key="cancel" class="quiet danger" onClick=${() => setAsking(true)} data-test="poll-cancel">${words.polls.cancel}</button>`}
  </div>`;
}

/** Chosen first, then said: it can't be taken back. @param {{poll: Poll, onResolve: (answer: number) => void}} props */
function Resolve({ poll, onResolve }) {
  const [answer, setAnswer] = useState("");
  return html`
    <select value=${answer} aria-label=${words.polls.chooseOutcome} onChange=${input(setAnswer)} data-test="poll-outcome">
      <option value="">${words.polls.chooseOutcome}</option>
      ${poll.options.map(({ text }, index) => html`<option key=${index} value=${index}>${text}</option>`)}
    </select>
    <button class="primary" disabled=${answer === ""} onClick=${() => onResolve(+answer)} data-test="poll-resolve">${words.polls.resolve}</button>
  `;
}

/** @param {Poll} poll @param {PollPhase} phase @param {number} now */
function timeOf(poll, phase, now) {
  if (phase === "waiting") return words.polls.opensIn(formatDuration(poll.opens_at - now));
  if (phase === "open") return words.polls.left(formatDuration(poll.closes_at - now));
  if (phase === "counting") return words.polls.countsFor(formatDuration(poll.closes_at + poll.grace - now));
  return "";
}

/** A poll that was, as a form has it. @param {Poll} poll @returns {Draft} */
function draftOf(poll) {
  return {
    kind: poll.kind,
    question: poll.question,
    options: poll.options.map((option) => option.text),
    duration: Math.max(1, Math.round((poll.closes_at - poll.opens_at) / 1000)),
    grace: poll.grace / 1000,
    change: poll.change,
    ...(poll.weights && { weights: true }),
    ...(poll.by && { written: { by: poll.by, texts: [poll.question, ...poll.options.map((option) => option.text)] } }),
    ...ownFields(kindOf(poll.kind), "name", (field) => field.of(poll)),
  };
}
