/** Single-key shortcuts: what each key does, the dialog that lists them, and the switch that turns them off. */

import { useState } from "preact/hooks";
import { Dialog } from "./dialog.js";
import { html } from "./html.js";
import { words } from "./words.js";

/** @import {ModerationDesk} from "./moderation/moderation_desk.js" */
/** @import {Show} from "./rundown/show.js" */

const OFF = "grandstand.producer.keys-off";

/** Whether letters act. People who dictate or often hit a wrong key turn them off. */
export function useKeys() {
  const [on, setOn] = useState(localStorage.getItem(OFF) === null);
  const change = (/** @type {boolean} */ next) => {
    if (next) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
    setOn(next);
  };
  return /** @type {const} */ ([on, change]);
}

/**
 * @param {ModerationDesk} moderation
 * @param {Show} show
 * @param {{isProducer: boolean, lettersOn: boolean, isBusy: boolean, open: (dialog: "palette" | "keys") => void}} page
 * @returns {(event: KeyboardEvent) => void}
 */
export function keyHandler(moderation, show, { isProducer, lettersOn, isBusy, open }) {
  return (event) => {
    if (!lettersOn || isBusy || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isTyping(event.target)) return;
    const comment = moderation.selected;
    const held = comment !== undefined && moderation.isHeld(comment.id);
    /** @type {Record<string, (() => unknown) | undefined>} */
    const acts = {
      p: isProducer ? () => open("palette") : undefined,
      "?": () => open("keys"),
      // Only where nothing has the focus: elsewhere the space bar presses, opens or scrolls that.
      " ": event.target === document.body && show.next ? () => show.goNext() : undefined,
      j: () => moderation.move(1),
      k: () => moderation.move(-1),
      ArrowDown: comment && (() => moderation.move(1)), // else the page scrolls
      ArrowUp: comment && (() => moderation.move(-1)),
      a: comment && held ? () => moderation.decide(comment, "approve") : undefined,
      r: comment && (() => (held ? moderation.decide(comment, "reject") : moderation.retract(comment))),
      x: comment && held ? () => moderation.rejectAll(comment, "user") : undefined,
      c: comment && held ? () => moderation.rejectAll(comment, "category") : undefined,
      t: comment && held ? () => moderation.rejectAll(comment, "text") : undefined,
      m: comment && (() => moderation.sanction(comment, "mute")),
      b: comment && (() => (moderation.confirming === comment.id ? moderation.sanction(comment, "ban") : moderation.confirm(comment.id))),
      u: () => moderation.restore(),
      Escape: () => moderation.select(undefined),
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    void act();
  };
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** @param {{on: boolean, onSwitch: (on: boolean) => void, onClose: () => void}} props */
export function Keys({ on, onSwitch, onClose }) {
  return html`
    <${Dialog} title=${words.keysTitle} test="keys-dialog" onClose=${onClose}>
      <table class="keys">
        <tbody>
          ${words.keys.map(([key, does]) => html`<tr key=${key}><th scope="row"><kbd>${key}</kbd></th><td>${does}</td></tr>`)}
        </tbody>
      </table>
      <label class="check">
        <input type="checkbox" checked=${on} onChange=${() => onSwitch(!on)} data-test="keys-on" />${words.keysOn}
      </label>
      <p class="quiet-text">${words.keysHow}</p>
    <//>
  `;
}
