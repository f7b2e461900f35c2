/** What a model suggests to who makes the show. Without a model, or with both switches off, there is no panel. */

import { html } from "../html.js";
import { words } from "../words.js";
import { Questions } from "./questions.js";
import { Summary } from "./summary.js";

/** @import {AssistantDesk, Used} from "./assistant_desk.js" */

/** @param {{assistant: AssistantDesk, onUse: (used: Used) => void}} props */
export function AssistantPanel({ assistant, onUse }) {
  const hasQuestions = assistant.isOn("poll-questions");
  const hasSummary = assistant.isOn("summary");
  if (!hasQuestions && !hasSummary) return null;
  return html`<section class="panel form" aria-label=${words.assistant.heading} data-test="assistant">
    <h2>${words.assistant.heading}</h2>
    ${hasQuestions && html`<${Questions} assistant=${assistant} onUse=${onUse} />`}
    ${hasSummary && html`<${Summary} assistant=${assistant} />`}
  </section>`;
}
