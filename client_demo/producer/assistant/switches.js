/** The model in the room's settings: a switch for each thing that it may suggest, how each fared, and one for all rooms. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { reasonOf } from "../problems.js";
import { formatTime } from "../times.js";
import { language, words } from "../words.js";

/** @import {AssistantDesk, AssistantState, FeatureFigures} from "./assistant_desk.js" */

const say = words.assistant;
const NUMBER = new Intl.NumberFormat(language, { maximumFractionDigits: 4 });

/** @param {{assistant: AssistantDesk}} props */
export function Switches({ assistant }) {
  const [fault, setFault] = useState("");
  useEffect(() => void assistant.fetch(), [assistant]);
  const { state } = assistant;
  if (!state) return null;
  if (!assistant.hasEndpoint) return html`<p class="quiet-text ending" data-test="no-assistant">${say.none}</p>`;
  const turn = async (/** @type {FeatureFigures["feature"]} */ feature, /** @type {Event} */ event) => {
    const answer = await assistant.switchFeature(feature, /** @type {HTMLInputElement} */ (event.currentTarget).checked);
    setFault(answer.ok ? "" : reasonOf(answer));
  };
  return html`<section class="ending assistant" aria-label=${say.settings} data-test="assistant-settings">
    <h3>${say.settings}</h3>
    <p data-test="assistant-state">${stateIn(state)}</p>
    <ul>
      ${state.features.map((each) => html`<li key=${each.feature}>
        <label class="check switch"><input type="checkbox" role="switch" checked=${assistant.isSwitchedOn(each.feature)}
          onChange=${(/** @type {Event} */ event) => turn(each.feature, event)} data-test=${`switch-${each.feature}`} />
          ${say.features[each.feature] ?? each.feature}</label>
        <p class="quiet-text number" data-test=${`figures-${each.feature}`}>${figuresIn(each)}</p>
      </li>`)}
    </ul>
    <p class="quiet-text number" data-test="assistant-spent">${spentIn(state)}</p>
    <${SwitchAll} assistant=${assistant} state=${state} />
    <p class="fault" role="alert" data-test="assistant-fault">${fault}</p>
  </section>`;
}

/** @param {{assistant: AssistantDesk, state: AssistantState}} props */
function SwitchAll({ assistant, state }) {
  const [may, setMay] = useState(/** @type {boolean | undefined} */ (undefined));
  const [asks, setAsks] = useState(/** @type {boolean | undefined} undefined: it was never asked */ (undefined));
  const [fault, setFault] = useState("");
  const focused = useRef(/** @type {HTMLButtonElement | null} */ (null));
  useEffect(() => void assistant.maySwitchAll().then(setMay), [assistant]);
  useLayoutEffect(() => {
    if (asks !== undefined) focused.current?.focus();
  }, [asks]);
  const turn = async (/** @type {boolean} */ off) => {
    const answer = await assistant.switchAll(off);
    setFault(answer.ok ? "" : reasonOf(answer));
    setAsks(false);
  };
  if (may === undefined) return null;
  if (!may) return html`<p class="quiet-text">${say.switchedBy}</p>`;
  if (asks)
    return html`<div class="row asking" role="group" aria-label=${say.switchOffSure}>
      <span>${say.switchOffSure}</span>
      <button type="button" class="small danger" onClick=${() => turn(true)} data-test="assistant-off-yes">${say.switchOffYes}</button>
      <button type="button" class="small" ref=${focused} onClick=${() => setAsks(false)} data-test="assistant-off-no">${words.no}</button>
    </div>`;
  return html`<div class="row">
      ${state.on
        ? html`<button type="button" class="danger" ref=${focused} onClick=${() => setAsks(true)} data-test="assistant-off">${say.switchOff}</button>`
        : html`<button type="button" ref=${focused} onClick=${() => turn(false)} data-test="assistant-on">${say.switchOn}</button>`}
    </div>
    <p class="fault" role="alert">${fault}</p>`;
}

/** @param {AssistantState} state */
function stateIn({ on, why = "", model = "", since, characters, limit }) {
  const reason = on && limit > 0 && characters >= limit ? "budget" : why;
  if (!reason) return say.isOn(model);
  const text = say.whys[reason] ?? reason;
  return say.isOff(model, since === undefined ? text : `${text} (${say.since(formatTime(since))})`);
}

/** @param {FeatureFigures} figures */
function figuresIn({ feature, asked = 0, failed = {}, sent = 0, changed = 0, dismissed = 0 }) {
  const whys = Object.entries(failed);
  const lost = whys.reduce((sum, [, count]) => sum + count, 0);
  const why = whys.map(([name, count]) => `${say.fails[name] ?? name} ${count}`).join(", ");
  const done = feature === "sentences" ? [] : [say.sent(sent), say.changed(changed), say.dismissed(dismissed)];
  return [say.asked(asked), ...(lost > 0 ? [say.failed(lost, why)] : []), ...done].join(" · ");
}

/** @param {AssistantState} state */
function spentIn({ characters, limit, cost }) {
  const spent = NUMBER.format(characters);
  const text = limit > 0 ? say.spentOf(spent, NUMBER.format(limit)) : say.spent(spent);
  return cost > 0 ? `${text} · ${say.cost(NUMBER.format(cost))}` : text;
}
