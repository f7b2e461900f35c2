/** The button that asks the model, the one that takes its answer away, and why there is none. */

import { useRef } from "preact/hooks";
import { html } from "../html.js";
import { words } from "../words.js";

/** @import {ComponentChildren} from "preact" */
/** @import {AssistantDesk} from "./assistant_desk.js" */
/** @import {FeatureName, Suggested} from "./suggestions.js" */

const say = words.assistant;

/**
 * @param {{assistant: AssistantDesk, feature: FeatureName, about?: string, body?: object, text: string, label?: string, what: string,
 *   isSmall?: boolean, beside?: ComponentChildren, show: (suggested: Suggested) => ComponentChildren}} props
 *   `about`: of which highlight or comment; `what` is dismissed, in words; `beside` the button
 */
export function Asking({ assistant, feature, about = "", body, text, label, what, isSmall = false, beside, show }) {
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const { isAsking, fault, suggested } = assistant.asked(feature, about);
  const style = isSmall ? "small quiet" : "";
  const dismiss = () => {
    button.current?.focus(); // before the one that was pressed is gone
    assistant.dismiss(feature, about);
  };
  return html`
    <div class="row asks">
      <button type="button" ref=${button} class=${style} aria-busy=${isAsking} aria-label=${isAsking ? undefined : label}
        onClick=${() => void assistant.ask(feature, body, about)} data-test=${`ask-${feature}`}>${isAsking ? say.asking : text}</button>
      ${beside}
    </div>
    ${fault && html`<p class="fault suggested" role="alert" data-test=${`fault-${feature}`}>${fault}</p>`}
    ${suggested && html`<div class="suggested" role="group" aria-label=${what} data-test=${`suggested-${feature}`} data-id=${suggested.id}>
      ${show(suggested)}
      <button type="button" class="small quiet" aria-label=${say.dismissOf(what)} onClick=${dismiss}
        data-test=${`dismiss-${feature}`}>${say.dismiss}</button>
    </div>`}
  `;
}
