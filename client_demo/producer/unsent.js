/** The actions that couldn't be sent. Each stays until the producer repeats or drops it. */

import { html } from "./html.js";
import { words } from "./words.js";

/** @import {Desk} from "./desk.js" */

/** @param {{desk: Desk}} props */
export function Unsent({ desk }) {
  if (desk.unsent.length === 0) return null;
  return html`
    <section class="unsent" aria-label=${words.unsent} data-test="unsent">
      <div>
        <b>${words.unsent}</b> <span class="quiet-text">${words.unsentWhy}</span>
        <ul>
          ${desk.unsent.map(
            (one) => html`<li key=${one.id} data-test="unsent-one">
              ${one.what}
              <button class="small" onClick=${() => desk.dropUnsent(one.id)}>${words.drop}</button>
            </li>`,
          )}
        </ul>
      </div>
      <button class="primary" disabled=${!desk.isLive} onClick=${() => void desk.sendUnsent()} data-test="send-unsent">
        ${words.sendAll}
      </button>
    </section>
  `;
}
