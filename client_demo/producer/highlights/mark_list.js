/** The marks of a show, and the button that deletes one for everybody, once it was asked for twice. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Peak } from "../assistant/peak.js";
import { html } from "../html.js";
import { reasonOf } from "../problems.js";
import { formatTime } from "../times.js";
import { language, words } from "../words.js";

/** @import {AssistantDesk} from "../assistant/assistant_desk.js" */
/** @import {Desk} from "../desk.js" */
/** @import {Mark} from "./marks.js" */
/** @typedef {{id: string, asks: boolean}} Place where the keyboard stands: at a mark's button, or at what it asks */

const say = words.highlights;
const NUMBER = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const NO_MARK = "";

/** @param {{desk: Desk, assistant: AssistantDesk, marks: readonly Mark[], onDeleted: (id: string) => void}} props */
export function MarkList({ desk, assistant, marks, onDeleted }) {
  const [place, setPlace] = useState(/** @type {Place | undefined} */ (undefined));
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useLayoutEffect(() => {
    if (place?.id === NO_MARK) heading.current?.focus();
  }, [place]);

  const go = (/** @type {Place} */ next) => {
    setFault("");
    setPlace(next);
  };
  const remove = async (/** @type {Mark} */ mark) => {
    if (isBusy) return;
    setBusy(true);
    const answer = await desk.call("DELETE", `/highlights/${encodeURIComponent(mark.id)}`);
    setBusy(false);
    if (!answer.ok && answer.code !== "unknown_highlight") return setFault(reasonOf(answer)); // else another deleted it
    const at = marks.indexOf(mark);
    go({ id: (marks[at + 1] ?? marks[at - 1])?.id ?? NO_MARK, asks: false });
    onDeleted(mark.id);
    desk.announce(say.deleted(titleOf(mark)));
  };
  return html`
    <h2 ref=${heading} tabindex="-1">${say.heading}</h2>
    ${marks.length === 0
      ? html`<p class="quiet-text">${say.none}</p>`
      : html`<ul class="cues marks" tabindex="0" aria-label=${say.heading} data-test="highlight-list">
          ${marks.map((mark) => html`<${MarkRow} key=${mark.id} assistant=${assistant} mark=${mark} place=${place?.id === mark.id ? place : undefined}
            isBusy=${isBusy} onGo=${go} onDelete=${() => void remove(mark)} />`)}
        </ul>`}
    <p class="fault" role="alert" data-test="highlight-fault">${fault}</p>
  `;
}

/** @param {{assistant: AssistantDesk, mark: Mark, place: Place | undefined, isBusy: boolean, onGo: (place: Place) => void, onDelete: () => void}} props */
function MarkRow({ assistant, mark, place, isBusy, onGo, onDelete }) {
  const focused = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const asks = place?.asks ?? false;
  useLayoutEffect(() => {
    if (place) focused.current?.focus();
  }, [place]);
  const keep = () => onGo({ id: mark.id, asks: false });
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    keep();
  };
  return html`<li data-test="highlight">
    <span class="quiet-text number">${formatTime(mark.from)}</span>
    <span class="author">${titleOf(mark)}</span>
    <b class="number">${say.times(NUMBER.format(mark.strength))}</b>
    ${asks
      ? html`<div class="row asking" role="group" aria-label=${say.deleteSure} onKeyDown=${onKeyDown}>
          <span>${say.deleteSure}</span>
          <button type="button" class="small danger" aria-busy=${isBusy} onClick=${onDelete} data-test="highlight-delete-yes">${say.deleteYes}</button>
          <button type="button" class="small" ref=${focused} onClick=${keep} data-test="highlight-delete-no">${words.no}</button>
        </div>`
      : html`<button type="button" class="small quiet" ref=${focused} aria-label=${say.deleteOf(titleOf(mark))}
          onClick=${() => onGo({ id: mark.id, asks: true })} data-test="highlight-delete">${say.delete}</button>`}
    <${Peak} assistant=${assistant} highlight=${mark.id} title=${titleOf(mark)} />
  </li>`;
}

/** @param {Mark} mark */
function titleOf(mark) {
  return mark.words.join(" · ") || say.stirred;
}
