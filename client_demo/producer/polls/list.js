/** The room's polls, the running ones first, and the button that opens a new one from a template. */

import { phaseOf } from "../../sdk/grandstand.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { PollCard } from "./card.js";

/** @import {Desk} from "../desk.js" */
/** @import {Draft} from "./templates.js" */

const RANK = { open: 0, counting: 0, waiting: 1, closed: 2, revealed: 3, cancelled: 3 };
const MOST = 30;

/** @param {{desk: Desk, onTemplate: () => void, onEdit: (draft: Draft) => void}} props */
export function PollList({ desk, onTemplate, onEdit }) {
  const now = desk.live.now();
  const polls = desk.polls
    .map((poll) => ({ poll, phase: phaseOf(poll, now) }))
    .sort((a, b) => RANK[a.phase] - RANK[b.phase] || b.poll.opens_at - a.poll.opens_at)
    .slice(0, MOST);
  return html`
    <section class="panel fill" aria-label=${words.polls.heading}>
      <header>
        <h2>${words.polls.heading}</h2>
        <button class="primary air" onClick=${onTemplate} data-test="from-template">${words.polls.fromTemplate} <kbd>P</kbd></button>
      </header>
      ${polls.length === 0 && html`<p class="quiet-text empty">${words.polls.noPolls}</p>`}
      <div class="scroll" data-test="poll-list" tabindex="0" role="group" aria-label=${words.polls.heading}>
        ${polls.map(({ poll, phase }) => html`<${PollCard} key=${poll.id} desk=${desk} poll=${poll} phase=${phase} onEdit=${onEdit} />`)}
      </div>
    </section>
  `;
}
