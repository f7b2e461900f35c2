/**
 * Where the audience is in an open poll: how many have seen the question, how many are past its end, when
 * the last ones will be, and what a longer grace would gain.
 */

import { html } from "../html.js";
import { formatDuration } from "../times.js";
import { words } from "../words.js";

/** @import {forecast} from "../../polls/estimate.js" */
/** @import {Poll, PollPhase} from "../../sdk/grandstand.js" */
/** @typedef {NonNullable<ReturnType<typeof forecast>>} Forecast */

/** @param {{poll: Poll, phase: PollPhase, forecast: Forecast}} props */
export function PollAudience({ poll, phase, forecast }) {
  const { seen, ended, counted, late, longer } = forecast;
  return html`<div class="poll-audience" data-test="poll-audience">
    <div class="reach" aria-hidden="true">
      <span style=${{ width: `${seen * 100}%` }}></span><span style=${{ width: `${ended * 100}%` }}></span>
    </div>
    <p class="quiet-text">
      <span data-test="poll-seen">${words.polls.seen(percent(seen))}</span>
      ${ended > 0 && html` · <span data-test="poll-ended">${words.polls.pastEnd(percent(ended))}</span>`}
      ${forecast.last_in > 0 && html` · <span data-test="poll-last-in">${words.polls.lastIn(formatDuration(forecast.last_in))}</span>`}
    </p>
    ${forecast.intervals &&
    phase === "counting" &&
    html`<p class="quiet-text" data-test="poll-estimate">${words.polls.estimate(percent(counted))}</p>`}
    ${longer &&
    html`<p class="quiet-text" data-test="poll-longer">
      ${words.polls.late(percent(late), poll.grace / 1000)} ${words.polls.longerGrace(longer.ms / 1000, percent(longer.gain))}
    </p>`}
  </div>`;
}

/** @param {number} share 0 to 1 */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}
