/**
 * The palette opens a poll in three keystrokes: P, a digit, Enter. Before Enter the preview shows what
 * viewers will see, word for word.
 */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { formWordsOf, kindOf, wordsOf } from "../../polls/registry.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { reasonOf } from "../problems.js";
import { language, texts, words } from "../words.js";
import { defaultGrace, isReady, optionsOf, loadTemplates, paletteTemplates, requestBody, saveLast, saveTemplates } from "./templates.js";

/** @import {Desk} from "../desk.js" */
/** @import {Draft, Template} from "./templates.js" */

const LETTERS = "abcdefghijklmnopqrst";

/** @param {{desk: Desk, onClose: () => void, onEdit: (draft: Draft) => void}} props */
export function Palette({ desk, onClose, onEdit }) {
  const [kept, setKept] = useState(loadTemplates);
  const [chosen, setChosen] = useState(/** @type {Template | undefined} */ (undefined));
  const [fault, setFault] = useState("");
  const sending = useRef(false);
  const go = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const list = useRef(/** @type {HTMLUListElement | null} */ (null));
  const templates = paletteTemplates(words.polls.templates, kept.own, kept.last);
  const draft = chosen?.draft;
  useLayoutEffect(() => {
    const first = list.current?.querySelector("button");
    (go.current ?? first)?.focus(); // so that Enter picks a template, then opens the poll, and never closes the dialog
  }, [chosen?.key, chosen?.own]);

  const pick = (/** @type {Template} */ template) => {
    setChosen({ ...template, draft: { ...template.draft } });
    setFault("");
  };
  const pickOption = (/** @type {number} */ index) => {
    const field = draft && neededOption(draft);
    if (chosen && field && index < draft.options.length) setChosen({ ...chosen, draft: { ...draft, [field.name]: index } });
  };
  const open = async () => {
    if (!draft || sending.current) return; // a second Enter must not open a second poll
    if (!isReady(draft)) return setFault(formWordsOf(kindOf(draft.kind), language).missing ?? "");
    sending.current = true;
    const answer = await desk.openPoll(requestBody(draft, desk.live.now()));
    sending.current = false;
    if (!answer.ok) return setFault(reasonOf(answer));
    saveLast(draft);
    onClose();
  };
  const remove = () => {
    const own = kept.own.filter((_, index) => index !== chosen?.own);
    saveTemplates(own);
    setKept({ ...kept, own });
    setChosen(undefined);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const template = templates.find((one) => one.key === event.key);
    if (template) pick(template);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event.key === "ArrowDown" ? 1 : -1);
    else if (LETTERS.includes(event.key.toLowerCase())) pickOption(LETTERS.indexOf(event.key.toLowerCase()));
    else return;
    event.preventDefault();
  };
  const move = (/** @type {1 | -1} */ by) => {
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = buttons.findIndex((one) => one === document.activeElement || one.ariaPressed === "true");
    buttons[Math.min(buttons.length - 1, Math.max(0, at + by))]?.focus();
  };

  return html`
    <${Dialog} title=${words.polls.palette} test="palette" onClose=${onClose} onKeyDown=${onKeyDown} wide>
      <div class="palette">
        <ul class="templates" ref=${list}>
          ${templates.map(
            (one) => html`<li key=${`${one.key} ${one.own}`}>
              <button aria-pressed=${one.key === chosen?.key && one.own === chosen?.own} onClick=${() => pick(one)}
                data-test=${`template-${one.key || one.own}`}><kbd>${one.key || "·"}</kbd> <span>${one.name}</span></button>
            </li>`,
          )}
        </ul>
        <div class="preview" data-test="preview">
          ${draft
            ? html`<${Preview} draft=${draft} graceS=${String(draft.grace ?? defaultGrace(desk))} onOption=${pickOption} />
                <p class="fault" role="alert" data-test="palette-fault">${fault}</p>
                <div class="row">
                  <button class="primary air" ref=${go} onClick=${open} data-test="put-on-air">${words.polls.putOnAir} <kbd>↵</kbd></button>
                  <button onClick=${() => onEdit(draft)} data-test="edit-template">${words.polls.edit}</button>
                  ${chosen?.own !== undefined &&
                  html`<button class="quiet danger" onClick=${remove} data-test="remove-template">${words.polls.remove}</button>`}
                </div>`
            : html`<p class="quiet-text">${words.polls.pick}</p>`}
        </div>
      </div>
      <p class="quiet-text">${words.polls.paletteHow}</p>
    <//>
  `;
}

/** The field for which one of the options is chosen, if its kind has such a one. @param {Draft} draft */
function neededOption(draft) {
  return kindOf(draft.kind).fields.find(({ type, isNeeded }) => type === "option" && isNeeded);
}

/** @param {{draft: Draft, graceS: string, onOption: (index: number) => void}} props */
function Preview({ draft, graceS, onOption }) {
  const field = neededOption(draft);
  const picked = field && draft[field.name];
  const kind = kindOf(draft.kind);
  const { name } = wordsOf(kind, texts);
  const { missing } = formWordsOf(kind, language);
  return html`
    <p class="eyebrow">${words.polls.goesOut} · ${name}</p>
    <h3>${draft.question}</h3>
    <ol class="preview-options">
      ${optionsOf(draft).map(
        (text, index) => html`<li key=${index} data-right=${picked === index}>
          ${field
            ? html`<button aria-pressed=${picked === index} onClick=${() => onOption(index)}
                data-test=${`answer-${index}`}><kbd>${LETTERS[index]}</kbd> ${text}</button>`
            : text}
        </li>`,
      )}
    </ol>
    ${!isReady(draft) && html`<p class="warn">${missing}</p>`}
    <p class="quiet-text">${words.polls.terms({
      duration: draft.duration,
      grace: graceS,
      tally: words.polls.tallies[draft.showTally ?? "always"],
      change: draft.change ?? false,
    })}</p>
  `;
}
