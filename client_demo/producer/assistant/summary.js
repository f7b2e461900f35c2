/** What the audience says, by a model: topics with the server's counts, and the comments behind each. */

import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { formatTime } from "../times.js";
import { words } from "../words.js";
import { Asking } from "./asking.js";
import { Basis } from "./basis.js";
import { Copy } from "./copy.js";
import { MadeBy } from "./made_by.js";

/** @import {AssistantDesk} from "./assistant_desk.js" */
/** @import {Suggested} from "./suggestions.js" */

const say = words.assistant;
const MINUTE_MS = 60_000;

/** @param {{assistant: AssistantDesk}} props */
export function Summary({ assistant }) {
  const { isEveryMinute } = assistant;
  const body = { lang: navigator.language };
  useEffect(() => {
    if (!isEveryMinute) return undefined;
    const ask = () => {
      if (assistant.desk.isLive && !document.hidden) void assistant.ask("summary", body); // nobody reads it else
    };
    const timer = window.setInterval(ask, MINUTE_MS);
    return () => clearInterval(timer);
  }, [assistant, isEveryMinute]);
  const turn = (/** @type {Event} */ event) => {
    assistant.isEveryMinute = /** @type {HTMLInputElement} */ (event.currentTarget).checked;
    if (assistant.isEveryMinute) void assistant.ask("summary", body);
    assistant.desk.notify();
  };
  const beside = html`<label class="check"><input type="checkbox" checked=${isEveryMinute} onChange=${turn} data-test="every-minute" />${say.everyMinute}</label>`;
  const show = (/** @type {Suggested} */ suggested) => html`
    <p class="quiet-text" data-test="counted">${countedIn(suggested)}</p>
    <ul class="suggestions">
      ${suggested.suggestions.map((each) => html`<li key=${each.text} data-test="topic">
        <p>${each.text} <b class="number" data-test="topic-count">${say.countedOf(each.count ?? 0)}</b></p>
        <${MadeBy} by=${suggested.by} />
        <${Basis} suggested=${suggested} suggestion=${each} />
        <${Copy} text=${each.text} label=${say.copyOf(each.text)} onCopied=${() => void assistant.tell(suggested.id, "sent")} />
      </li>`)}
    </ul>`;
  return html`<${Asking} assistant=${assistant} feature="summary" body=${body} text=${say.summarise} what=${say.summary} beside=${beside} show=${show} />`;
}

/** @param {Suggested} suggested */
function countedIn({ rests_on: { counts, from, until } }) {
  return say.counted(counts.said, formatTime(from), formatTime(until));
}
