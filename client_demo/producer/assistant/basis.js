/** What a suggestion rests on, beside it: comments, cues, data and items with their moments. */

import { html } from "../html.js";
import { formatTime } from "../times.js";
import { words } from "../words.js";
import { basisOf } from "./suggestions.js";

/** @import {Rested, Suggested, Suggestion} from "./suggestions.js" */

const say = words.assistant;
const AT_ONCE = 3;

/** @param {{suggested: Suggested, suggestion: Suggestion}} props */
export function Basis({ suggested, suggestion }) {
  const all = basisOf(suggested, suggestion);
  const more = all.slice(AT_ONCE);
  return html`<div class="basis">
    <p class="quiet-text">${say.restsOn}</p>
    <${Rows} all=${all.slice(0, AT_ONCE)} />
    ${more.length > 0 && html`<details><summary>${say.more(more.length)}</summary><${Rows} all=${more} /></details>`}
  </div>`;
}

/** @param {{all: readonly Rested[]}} props */
function Rows({ all }) {
  return html`<ul>
    ${all.map(({ key, kind, text, at, count }) => html`<li key=${key} data-test="basis" data-kind=${kind}>
      ${at !== undefined && html`<span class="quiet-text number">${formatTime(at)}</span>${" "}`}
      ${kind !== "comment" && html`<b class="quiet-text">${say[kind]}</b>${" "}`}
      <span class="author">${text}</span>
      ${count > 1 && html` <b class="number">×${count}</b>`}
    </li>`)}
  </ul>`;
}
