/** What is on air, what is next, how late the show is, and GO: to be read from two metres away. */

import { phaseOf } from "../../sdk/grandstand.js";
import { html } from "../html.js";
import { formatDuration, formatTime } from "../times.js";
import { words } from "../words.js";

/** @import {Poll} from "../../sdk/grandstand.js" */
/** @import {Item} from "./edits.js" */
/** @import {Show} from "./show.js" */

const say = words.rundown;

/** @param {{show: Show, shown: boolean}} props `shown`: on a phone, where there are tabs */
export function Bar({ show, shown }) {
  const { desk, onAir, next, present } = show;
  if (!present || present.items.length === 0) return null;
  const now = desk.live.now();
  const go = () => show.goNext();
  // A held key must not go through the show.
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => event.repeat && event.preventDefault();
  return html`
    <section class="show" aria-label=${say.now} data-shown=${shown} data-test="show">
      <div class="cell on" data-on=${onAir !== undefined} data-test="show-on-air">
        <p class="state">${onAir ? words.onAir : say.nothingOnAir}</p>
        ${onAir && html`<p class="what">${onAir.title}</p>
          <p class="when"><b>${say.kinds[onAir.kind]}</b> ${since(show, onAir, now)}</p>`}
      </div>
      <div class="cell next" data-test="show-next">
        <p class="state">${next ? say.next : say.end}</p>
        ${next && html`<p class="what">${next.title}</p>
          <p class="when"><b>${say.kinds[next.kind]}</b> <${Expected} item=${next} now=${now} /></p>`}
      </div>
      <button class="primary air go" onClick=${go} onKeyDown=${onKeyDown} aria-disabled=${!show.isReady} data-test="go"
        >${say.go}<kbd>${say.space}</kbd></button>
      <p class="fault" role="alert" data-test="go-fault">${show.fault}</p>
    </section>
  `;
}

/** @param {{item: Item, now: number}} props */
function Expected({ item, now }) {
  if (item.expected_at === undefined) return null;
  const late = now - item.expected_at;
  return html`<span class="number">${formatTime(item.expected_at)}</span>
    <span class=${late >= 1000 ? "late number" : "number"} data-test="show-late" data-late=${late >= 1000}>${tardiness(late)}</span>`;
}

/** @param {number} late ms; below 0 it is still to come */
export function tardiness(late) {
  if (late >= 1000) return say.late(formatDuration(late));
  return say.dueIn(formatDuration(-late));
}

/** How long it has been on air, and how long its poll takes votes. @param {Show} show @param {Item} item @param {number} now */
function since(show, item, now) {
  const went = show.present?.went_at;
  const poll = show.desk.polls.find(({ id }) => id === item.poll);
  const votes = poll && votesOf(poll, now);
  const late = went !== undefined && item.expected_at !== undefined ? went - item.expected_at : 0;
  return html`
    ${went !== undefined && html`<span class="number" data-test="show-since">${say.since(formatDuration(now - went))}</span>`}
    ${votes && html` <span class="number" data-test="show-votes">${votes}</span>`}
    ${late >= 1000 && html` <span class="number">${say.wentLate(formatDuration(late))}</span>`}
  `;
}

/** @param {Poll} poll @param {number} now */
function votesOf(poll, now) {
  const phase = phaseOf(poll, now);
  if (phase === "open") return say.votingFor(formatDuration(poll.closes_at - now));
  if (phase === "counting") return words.polls.countsFor(formatDuration(poll.closes_at + poll.grace - now));
  return words.polls.states[phase];
}
