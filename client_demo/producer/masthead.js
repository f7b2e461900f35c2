/** The top of the page: which room, on air or not, the programme's clock, the connection. */

import { phaseOf } from "../sdk/grandstand.js";
import { EffectsDoor } from "./effects/effects.js";
import { html } from "./html.js";
import { formatDuration, formatTime } from "./times.js";
import { words } from "./words.js";

/** @import {ComponentChildren} from "preact" */
/** @import {Desk} from "./desk.js" */
/** @import {EffectsDesk} from "./effects/effects_desk.js" */

/**
 * @param {{desk: Desk, effects: EffectsDesk, onOpen: (name: "palette" | "rooms" | "settings" | "effects" | "keys") => void,
 *   children?: ComponentChildren}} props
 */
export function Masthead({ desk, effects, onOpen, children }) {
  const now = desk.live.now();
  const running = desk.polls.filter((poll) => phaseOf(poll, now) === "open");
  const ends = Math.min(...running.map((poll) => poll.closes_at));
  const title = desk.settings.title || desk.room;
  return html`
    <header class="masthead">
      <div class="which">
        <h1 data-test="title" title=${title}>${title}</h1>
        <p class="quiet-text">${desk.isProducer ? `${words.console} · ${desk.room}` : `${words.moderatorsDesk} · ${desk.room}`}</p>
      </div>
      <div class="lamp" data-on=${running.length > 0} data-test="on-air">
        ${running.length > 0
          ? html`<b>${words.onAir}</b><span class="number">${formatDuration(ends - now)}</span>`
          : html`<b>${words.standby}</b>`}
      </div>
      ${desk.settings.shield && html`<div class="lamp shield" data-test="shield-lamp"><b>${words.shieldUp}</b></div>`}
      <div class="clock">
        <span class="number" data-test="programme-clock" aria-label=${words.programmeTime} role="timer"
          aria-live="off">${formatTime(now)}</span>
        ${children}
      </div>
      <div class="row doors">
        <button onClick=${() => onOpen("rooms")} data-test="rooms">${words.switchRoom}</button>
        ${desk.isProducer &&
        html`<${EffectsDoor} effects=${effects} onOpen=${() => onOpen("effects")} />
          <button onClick=${() => onOpen("settings")} data-test="settings">${words.settings}</button>`}
        <button onClick=${() => onOpen("keys")} data-test="keys" aria-label=${words.keysTitle}>?</button>
      </div>
    </header>
  `;
}
