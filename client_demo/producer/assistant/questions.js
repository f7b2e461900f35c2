/** Questions for a poll that a model suggests. One that is used fills the poll's form, where a person goes on. */

import { html } from "../html.js";
import { words } from "../words.js";
import { Asking } from "./asking.js";
import { Basis } from "./basis.js";
import { MadeBy } from "./made_by.js";

/** @import {AssistantDesk, Used} from "./assistant_desk.js" */
/** @import {Suggested} from "./suggestions.js" */

const say = words.assistant;

/** @param {{assistant: AssistantDesk, onUse: (used: Used) => void}} props */
export function Questions({ assistant, onUse }) {
  const show = (/** @type {Suggested} */ suggested) => html`<ul class="suggestions">
    ${suggested.suggestions.map((each) => html`<li key=${each.text} data-test="question">
      <h3>${each.text}</h3>
      <ol class="options">${(each.options ?? []).map((option) => html`<li key=${option}>${option}</li>`)}</ol>
      <${MadeBy} by=${suggested.by} />
      <${Basis} suggested=${suggested} suggestion=${each} />
      <button type="button" class="small" aria-label=${say.useOf(each.text)} onClick=${() => onUse(assistant.use(suggested, each))}
        data-test="use-question">${say.use}</button>
    </li>`)}
  </ul>`;
  return html`<${Asking} assistant=${assistant} feature="poll-questions" text=${say.suggestQuestions} what=${say.questions} show=${show} />`;
}
