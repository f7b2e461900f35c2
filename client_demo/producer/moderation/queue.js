/** The moderators' queue and the comments on screen; keys and buttons do the same. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Appeal } from "../assistant/appeal.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Answer } from "./answer.js";
import { categoriesOf } from "./moderation_desk.js";
import { reasonText } from "./reasons.js";

/** @import {Comment, HeldComment} from "../../sdk/grandstand.js" */
/** @import {AssistantDesk} from "../assistant/assistant_desk.js" */
/** @import {ModerationDesk} from "./moderation_desk.js" */

const MOST_HELD = 100;

/** @param {{moderation: ModerationDesk, assistant: AssistantDesk}} props */
export function Queue({ moderation, assistant }) {
  const held = moderation.held;
  const old = moderation.stale.length;
  const recent = moderation.recent;
  const isAtOne = recent.some((one) => one.id === moderation.cursor);
  const [isOver, setOver] = useState(false);
  const still = recent.length > 0 && (isOver || isAtOne);
  useEffect(() => moderation.freeze(still), [moderation, still]);
  const over = (/** @type {boolean} */ next) => () => setOver(next);
  return html`
    <section class="panel" aria-label=${words.moderation.queue}>
      <header>
        <h2>${words.moderation.queue} <span class="count" data-test="held-count">${held.length || ""}</span></h2>
        <label class="inline"><span>${words.moderation.muteFor}</span>
          <select value=${moderation.muteS} data-test="mute-for"
            onChange=${(/** @type {any} */ event) => (moderation.muteS = Number(event.currentTarget.value))}>
            ${words.moderation.muteTimes.map(({ seconds, text }) => html`<option key=${seconds} value=${seconds}>${text}</option>`)}
          </select></label>
      </header>
      ${old > 0 && html`<div class="acts"><button class="small quiet danger" data-test="rejectOld"
        onClick=${() => void moderation.rejectOld()}>${words.moderation.rejectOld(old)}</button></div>`}
      ${held.length === 0 && html`<p class="quiet-text empty" data-test="nothing-held">${words.moderation.nothingHeld}</p>`}
      <ul class="comments scroll" data-test="held-list" aria-label=${words.moderation.queue}>
        ${held.slice(0, MOST_HELD).map((comment) => html`<${Row} key=${comment.id} moderation=${moderation} assistant=${assistant} comment=${comment} held />`)}
      </ul>
      <${Sanctions} moderation=${moderation} />
    </section>
    <section class="panel fill" aria-label=${words.moderation.recent} onMouseEnter=${over(true)} onMouseLeave=${over(false)}
      onFocusIn=${over(true)} onFocusOut=${over(false)}>
      <header><h2>${words.moderation.recent}</h2>
        ${moderation.newer > 0 && html`<span class="quiet-text number" data-test="passed">${words.moderation.newerComments(moderation.newer)}</span>`}</header>
      ${recent.length === 0 && html`<p class="quiet-text empty">${words.moderation.nothingRecent}</p>`}
      <ul class="comments scroll" data-test="recent-list" aria-label=${words.moderation.recent}>
        ${recent.map((comment) => html`<${Row} key=${comment.id} moderation=${moderation} assistant=${assistant} comment=${comment} />`)}
      </ul>
    </section>
  `;
}

/** @param {{moderation: ModerationDesk, assistant: AssistantDesk, comment: Comment | HeldComment, held?: boolean}} props */
function Row({ moderation, assistant, comment, held = false }) {
  const selected = moderation.cursor === comment.id;
  const row = useRef(/** @type {HTMLLIElement | null} */ (null));
  useEffect(() => {
    if (selected) row.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const sanction = moderation.sanctionOf(comment.user);
  return html`
    <li ref=${row} class="comment-row" data-test=${held ? "held" : "recent"} data-comment=${comment.id}
      data-selected=${selected} aria-current=${selected ? "true" : undefined} onClick=${() => moderation.select(comment.id)}>
      <div class="said">
        <p class="said-text">${comment.text}</p>
        <p class="quiet-text"><span class="author">${comment.name}</span>
          ${comment.role && html` <b class="mark staff" data-test="role">${words.moderation.staff[comment.role]}</b>`}
          ${comment.count !== undefined && comment.count > 1 && html` <b class="number">×${comment.count}</b>`}
          ${sanction && html` <b class="mark bad">${sanction === "mute" ? words.moderation.mutedMark : words.moderation.bannedMark}</b>`}
          ${held && html`<${Reasons} comment=${comment} />`}</p>
        ${held && html`<${AppealText} comment=${comment} />`}
        <p class="fault" role="alert" data-test="comment-fault">${moderation.faults.get(comment.id) ?? ""}</p>
      </div>
      ${moderation.confirming === comment.id
        ? html`<${BanConfirmation} moderation=${moderation} comment=${comment} />`
        : html`<div class="acts">
            ${held
              ? html`<${ActionButton} name="approve" letter="A" style="good" onAct=${() => moderation.decide(/** @type {HeldComment} */ (comment), "approve")} />
                  <${ActionButton} name="reject" letter="R" style="danger" onAct=${() => moderation.decide(/** @type {HeldComment} */ (comment), "reject")} />
`
              : html`<${ActionButton} name="retract" letter="R" onAct=${() => moderation.retract(comment)} />`}
            <${ActionButton} name="mute" letter="M" style="quiet" onAct=${() => moderation.sanction(comment, "mute")} />
            <${ActionButton} name="ban" letter="B" style="quiet danger" onAct=${() => moderation.confirm(comment.id)} />
          </div>
          ${held && selected && html`<${BulkActions} moderation=${moderation} comment=${comment} />`}`}
      ${held && selected && html`<${Appeal} assistant=${assistant} moderation=${moderation} comment=${comment} />
        <${Answer} moderation=${moderation} comment=${comment} />`}
    </li>
  `;
}

/**
 * @param {{name: "approve" | "reject" | "rejectUser" | "rejectText" | "rejectCategory" | "retract" | "mute" | "ban", letter: string, style?: string,
 *   text?: string, onAct: () => unknown}} props
 */
function ActionButton({ name, letter, style = "", text, onAct }) {
  const act = (/** @type {Event} */ event) => {
    event.stopPropagation();
    void onAct();
  };
  return html`<button class=${`small ${style}`} onClick=${act} data-test=${name}>${text ?? words.moderation[name]}<kbd aria-hidden="true">${letter}</kbd></button>`;
}

/** Buttons that reject other comments along with this one. They stand below its own buttons, which don't move. @param {{moderation: ModerationDesk, comment: HeldComment}} props */
function BulkActions({ moderation, comment }) {
  const [category] = categoriesOf(comment);
  return html`<div class="acts together" role="group" aria-label=${words.moderation.together}>
    <span class="quiet-text">${words.moderation.together}</span>
    <${ActionButton} name="rejectUser" letter="X" style="quiet danger" text=${words.moderation.rejectUser(moderation.countHeld((one) => one.user === comment.user))}
      onAct=${() => moderation.rejectAll(comment, "user")} />
    <${ActionButton} name="rejectText" letter="T" style="quiet danger" onAct=${() => moderation.rejectAll(comment, "text")} />
    ${category !== undefined && html`<${ActionButton} name="rejectCategory" letter="C" style="quiet danger"
      text=${words.moderation.rejectCategory(words.moderation.categories[category] ?? category, moderation.countHeld((one) => categoriesOf(one).includes(category)))}
      onAct=${() => moderation.rejectAll(comment, "category")} />`}
  </div>`;
}

/** @param {{moderation: ModerationDesk, comment: Comment}} props */
function BanConfirmation({ moderation, comment }) {
  return html`<div class="acts asking" role="group" aria-label=${words.moderation.banSure(comment.name)}>
    <span>${words.moderation.banSure(comment.name)}</span>
    <${ConfirmButton} text=${words.moderation.banYes} test="ban-yes" style="danger" onAct=${() => moderation.sanction(comment, "ban")} />
    <${ConfirmButton} text=${words.no} test="ban-no" style="" onAct=${() => moderation.select(comment.id)} />
  </div>`;
}

/** @param {{text: string, test: string, style: string, onAct: () => unknown}} props */
function ConfirmButton({ text, test, style, onAct }) {
  const act = (/** @type {Event} */ event) => {
    event.stopPropagation();
    void onAct();
  };
  return html`<button class=${`small ${style}`} onClick=${act} data-test=${test}>${text}</button>`;
}

/** Why a comment is held: the categories and the reason. @param {{comment: HeldComment}} props */
function Reasons({ comment }) {
  const { reason } = comment;
  return html`${categoriesOf(comment).map((name) => html` <b key=${name} class="mark" data-test="category">${words.moderation.categories[name] ?? name}</b>`)}
    ${reason && html` <span data-test="reason">${reasonText(words.moderation.reasons, reason)}</span>`}`;
}

/** What the author of a refused comment says to it, who asks a moderator. @param {{comment: HeldComment}} props */
function AppealText({ comment: { appeal } }) {
  if (appeal === undefined) return null;
  return html`<p data-test="appeal"><b class="mark">${words.moderation.appeal}</b>
    ${appeal && html` <span class="author">${words.moderation.appealText(appeal)}</span>`}</p>`;
}

/** @param {{moderation: ModerationDesk}} props */
function Sanctions({ moderation }) {
  const { sanctions } = moderation;
  if (sanctions.length === 0) return null;
  return html`<div class="barred" data-test="barred-list">
    <h3>${words.moderation.sanctionedHere}</h3>
    <ul>
      ${[...sanctions].reverse().map(
        (one) => html`<li key=${one.user} data-test="barred">
          <span><span class="author">${one.name}</span> <b class="mark bad">${one.kind === "mute" ? words.moderation.mutedMark : words.moderation.bannedMark}</b></span>
          <button class="small" onClick=${() => void moderation.restore(one)} data-test="restore">${words.undo}</button>
        </li>`,
      )}
    </ul>
  </div>`;
}
