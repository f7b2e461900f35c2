/** The effects desk: the room's effects, the form of one, and the log of what was fired. */

import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { reasonOf } from "../problems.js";
import { words } from "../words.js";
import { formOf } from "./draft.js";
import { EffectForm } from "./effect_form.js";
import { FiringLog } from "./firing_log.js";

/** @import {Effect} from "./draft.js" */
/** @import {EffectsDesk} from "./effects_desk.js" */

const say = words.effects;

/** The button that opens the desk, and says how many effects are in trouble. @param {{effects: EffectsDesk, onOpen: () => void}} props */
export function EffectsDoor({ effects, onOpen }) {
  const { size } = effects.troubled;
  return html`<button onClick=${onOpen} data-test="effects">
    ${say.open}${size > 0 && html` <span class="count trouble" data-test="effects-troubled"
      ><span aria-hidden="true">${size}</span><span class="spoken">, ${say.troubled(size)}</span></span>`}
  </button>`;
}

/** @param {{effects: EffectsDesk, onClose: () => void}} props */
export function Effects({ effects, onClose }) {
  const [isEditing, setEditing] = useState(effects.draft !== undefined);
  const [done, setDone] = useState("");
  useEffect(() => effects.watch(), [effects]);
  const edit = (/** @type {Effect | undefined} */ effect) => {
    effects.draft = formOf(effect);
    setDone("");
    setEditing(true);
  };
  const leave = (/** @type {string} */ text) => {
    effects.draft = undefined;
    setDone(text);
    setEditing(false);
  };
  return html`
    <${Dialog} title=${say.open} test="effects-dialog" onClose=${onClose} wide>
      ${isEditing
        ? html`<${EffectForm} effects=${effects} onSaved=${(/** @type {string} */ id) => leave(say.saved(id))} onBack=${() => leave("")} />`
        : html`<${EffectList} effects=${effects} onEdit=${edit} done=${done} onDone=${setDone} />`}
    <//>
  `;
}

/**
 * @param {{effects: EffectsDesk, onEdit: (effect?: Effect) => void, done: string, onDone: (text: string) => void}} props
 */
function EffectList({ effects, onEdit, done, onDone }) {
  const [logOf, setLogOf] = useState("");
  const [asked, setAsked] = useState("");
  const [fault, setFault] = useState("");
  const { troubled } = effects;
  const act = async (/** @type {ReturnType<EffectsDesk["put"]>} */ acting, /** @type {string} */ text) => {
    onDone("");
    const answer = await acting;
    setFault(answer.ok ? "" : reasonOf(answer));
    if (answer.ok) onDone(text);
  };
  /** @returns {[string, string, () => void][]} */
  const acts = (/** @type {Effect} */ effect) => [
    ["test", say.test, () => test(effect)],
    ["log", say.logShort, () => setLogOf(logOf === effect.id ? "" : effect.id)],
    ["edit", say.edit, () => onEdit(effect)],
    ["remove", say.remove, () => setAsked(effect.id)],
  ];
  const test = (/** @type {Effect} */ { id, title }) => {
    setLogOf(id);
    void act(effects.test(id), say.tested(title || id));
  };
  const remove = (/** @type {Effect} */ { id, title }) => {
    setAsked("");
    void act(effects.remove(id), say.removed(title || id));
  };
  return html`
    <p class="quiet-text">${say.about}</p>
    ${effects.effects?.length === 0 && html`<p class="quiet-text empty" data-test="effects-none">${say.none}</p>`}
    <ul class="effects" data-test="effect-list">
      ${effects.effects?.map((effect) => html`<li key=${effect.id} data-test="effect" data-effect=${effect.id} data-enabled=${effect.enabled}>
        <label class="check switch"><input type="checkbox" role="switch" checked=${effect.enabled}
          aria-label=${say.enabled(effect.title || effect.id)} data-test="effect-enabled"
          onChange=${() => act(effects.enable(effect, !effect.enabled), "")} /></label>
        <div class="which">
          <h3>${effect.title || effect.id}${troubled.has(effect.id) && html` <b class="mark bad"><span aria-hidden="true">!</span><span class="spoken">${say.isTroubled}</span></b>`}</h3>
          <p class="quiet-text">${condition(effect)} → ${[...new Set(effect.then.map(({ kind }) => say.kinds[kind] ?? kind))].join(", ")}</p>
        </div>
        ${asked === effect.id
          ? html`<div class="row asking"><span>${say.removeSure}</span>
              <button class="small danger" data-test="effect-remove-yes"
                onClick=${() => remove(effect)}>${say.removeYes}</button>
              <button class="small" onClick=${() => setAsked("")}>${say.removeNo}</button></div>`
          : html`<div class="row">
              ${acts(effect).map(([name, text, onClick]) => html`<button key=${name} class="small" onClick=${onClick}
                aria-label=${say.of(text, effect.title || effect.id)} data-test=${`effect-${name}`}>${text}</button>`)}
            </div>`}
      </li>`)}
    </ul>
    <div class="row">
      <button class="primary" onClick=${() => onEdit()} data-test="effect-new">${say.create}</button>
      <span class="done" role="status" data-test="effects-done">${done}</span>
    </div>
    <p class="fault" role="alert" data-test="effects-fault">${fault}</p>
    <${FiringLog} effects=${effects} of=${logOf} onAll=${() => setLogOf("")} />
  `;
}

/** When it fires, in one line. @param {Effect} effect */
function condition({ on, after }) {
  const { event, tag, winner, name } = on;
  const parts = [
    say.events[event] ?? event,
    tag !== undefined && say.onTag(tag),
    winner !== undefined && (winner === "tie" ? say.tie : say.onWinner(winner + 1)),
    name !== undefined && say.onName(name),
    after > 0 && say.onAfter(String(after / 1000)),
  ];
  return parts.filter(Boolean).join(" · ");
}
