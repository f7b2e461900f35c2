/** What the audience stirred at, by a model, beside a highlight: from comments, cues and data around it. */

import { html } from "../html.js";
import { words } from "../words.js";
import { Asking } from "./asking.js";
import { Basis } from "./basis.js";
import { Copy } from "./copy.js";
import { MadeBy } from "./made_by.js";

/** @import {AssistantDesk} from "./assistant_desk.js" */
/** @import {Suggested} from "./suggestions.js" */

const say = words.assistant;

/** @param {{assistant: AssistantDesk, highlight: string, title: string}} props */
export function Peak({ assistant, highlight, title }) {
  if (!assistant.isOn("peak")) return null;
  const show = (/** @type {Suggested} */ suggested) =>
    suggested.suggestions.map((each) => html`<div key=${each.text} data-test="explanation">
      <p>${each.text}</p>
      <${MadeBy} by=${suggested.by} />
      <${Basis} suggested=${suggested} suggestion=${each} />
      <${Copy} text=${each.text} label=${say.copyOf(each.text)} onCopied=${() => void assistant.tell(suggested.id, "sent")} />
    </div>`);
  return html`<${Asking} assistant=${assistant} feature="peak" about=${highlight} body=${{ highlight, lang: navigator.language }}
    text=${say.explain} label=${say.explainOf(title)} what=${say.peak} isSmall show=${show} />`;
}
