/** The log of firings: what was fired when, how often it was tried, and what the other end answered. */

import { html } from "../html.js";
import { formatTime } from "../times.js";
import { words } from "../words.js";

/** @import {EffectsDesk} from "./effects_desk.js" */

const say = words.effects;
const MOST_SHOWN = 30;

/** @param {{effects: EffectsDesk, of: string, onAll: () => void}} props `of`: one effect alone, or "" */
export function FiringLog({ effects, of, onAll }) {
  const titles = new Map(effects.effects?.map(({ id, title }) => [id, title || id]));
  const nameOf = (/** @type {string} */ id) => titles.get(id) ?? id;
  const shown = (of ? effects.firingsOf(of) : effects.firings).slice(0, MOST_SHOWN);
  return html`
    <section class="firings" aria-label=${say.log}>
      <header><h3>${of ? say.logOf(nameOf(of)) : say.log}</h3>
        ${of && html`<button class="small quiet" onClick=${onAll} data-test="log-all">${say.logAll}</button>`}</header>
      ${shown.length === 0 && html`<p class="quiet-text" data-test="log-empty">${say.logEmpty}</p>`}
      <ol data-test="firings">
        ${shown.map(({ id, effect, action, event, at, attempts, status, answer }) => html`<li key=${id} data-test="firing" data-status=${status}>
          <span class="number quiet-text">${formatTime(at)}</span>
          <span class="firing-status">${say.statuses[status]}</span>
          <span class="what"><b>${nameOf(effect)}</b> <small>${say.action(action + 1)} · ${say.events[event] ?? event}</small></span>
          <span class="answer">${answer} ${attempts > 1 && html`<small>${say.attempts(attempts)}</small>`}</span>
        </li>`)}
      </ol>
    </section>
  `;
}
