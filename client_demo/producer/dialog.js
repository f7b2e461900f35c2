/** A modal dialog. The browser handles its focus, its Esc and its inert background. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "./html.js";
import { words } from "./words.js";

/** @import {ComponentChildren} from "preact" */

/**
 * @param {{title: string, test: string, onClose: () => void, children?: ComponentChildren,
 *   onKeyDown?: (event: KeyboardEvent) => void, wide?: boolean}} props
 */
export function Dialog({ title, test, onClose, onKeyDown, wide = false, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      shown?.close(); // while it is open all else is inert, and takes no focus
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  // The `close` event comes after the dialog is gone, when the next one may already be open.
  const shut = (/** @type {Event} */ event) => {
    if (/** @type {HTMLElement} */ (event.currentTarget).isConnected) onClose();
  };
  return html`
    <dialog ref=${dialog} class=${wide ? "dialog wide" : "dialog"} aria-label=${title} data-test=${test}
      onClose=${shut} onKeyDown=${onKeyDown}>
      <header><h2>${title}</h2>
        <button class="quiet" onClick=${onClose} aria-label=${words.close} data-test="dialog-close">×</button></header>
      ${children}
    </dialog>
  `;
}
