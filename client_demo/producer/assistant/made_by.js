/** The mark of all that a model wrote, wherever it stands. */

import { html } from "../html.js";
import { words } from "../words.js";

/** @param {{by: string}} props the model's name */
export function MadeBy({ by }) {
  return html`<span class="made-by" data-test="made-by">${words.assistant.madeBy(by)}</span>`;
}
