/** The button that copies a text, to send it where the page can't. */

import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { words } from "../words.js";

const say = words.assistant;

/** @param {{text: string, label: string, onCopied: () => void}} props */
export function Copy({ text, label, onCopied }) {
  const [done, setDone] = useState("");
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const copy = async (/** @type {Event} */ event) => {
    event.stopPropagation();
    const isCopied = await copied(text, button.current);
    setDone(isCopied ? say.copied : say.notCopied);
    if (isCopied) onCopied();
  };
  return html`<button type="button" class="small" ref=${button} aria-label=${label} onClick=${copy} data-test="copy">${say.copy}</button>
    <span class="done" role="status" data-test="copied">${done}</span>`;
}

/**
 * Where a page came without TLS, browsers have no clipboard for it; the old command works there.
 * @param {string} text @param {HTMLElement | null} beside in the same dialog, if any, since all else is inert
 */
async function copied(text, beside) {
  if (navigator.clipboard)
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // not allowed here: the old command may be
    }
  const field = document.createElement("textarea");
  field.value = text;
  beside?.after(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  beside?.focus();
  return isDone;
}
