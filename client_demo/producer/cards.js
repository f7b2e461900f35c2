/** Stats cards by hand: a producer fills in one card, where there is no data feed. */

import { useState } from "preact/hooks";
import { Field, faultsOf, input } from "./fields.js";
import { html } from "./html.js";
import { parseValues } from "./values.js";
import { words } from "./words.js";

/** @import {Desk} from "./desk.js" */
/** @import {Faults} from "./fields.js" */
/** @typedef {{entity: string, name: string, lines: string, duration: string}} TypedCard */

export const CARD_PATHS = ["entity", "name", "values", "duration"];

/** @type {TypedCard} */
export const EMPTY_CARD = { entity: "", name: "", lines: "", duration: "20" };

/** @param {{desk: Desk}} props */
export function Cards({ desk }) {
  const [typed, setTyped] = useState(EMPTY_CARD);
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [done, setDone] = useState("");
  const shown = desk.live.overlays().filter((one) => one.kind === "stats");

  const send = async (/** @type {object} */ body) => {
    setDone("");
    const answer = await desk.call("POST", "/stats", body);
    setFaults(answer.ok ? {} : faultsOf(answer, CARD_PATHS));
    return answer.ok;
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const card = cardBody(typed);
    if (!card) return setFaults({ values: words.badValues });
    if (await send(card)) setDone(words.cardSent(card.name));
  };
  return html`
    <form class="panel form" onSubmit=${submit} autocomplete="off" novalidate data-test="card-form">
      <h2>${words.cards}</h2>
      <${CardFields} typed=${typed} set=${setTyped} faults=${faults} />
      <div class="row">
        <button data-test="card-send">${words.showCard}</button>
        <span class="done" role="status" data-test="card-done">${done}</span>
      </div>
      <p class="fault" role="alert" data-test="card-fault">${faults[""] ?? ""}</p>
      ${shown.length > 0 &&
      html`<ul class="cues" data-test="card-list">
        ${shown.map((card) => html`<li key=${card.id} data-test="card">
          <span class="author">${String(card.data["name"])}</span>
          <button type="button" class="small quiet" aria-label=${words.takeAway(String(card.data["name"]))}
            onClick=${() => void send({ entity: card.data["entity"], name: card.data["name"], values: null })}
            data-test="card-away">×</button>
        </li>`)}
      </ul>`}
    </form>
  `;
}

/** @param {{typed: TypedCard, set: (typed: TypedCard) => void, faults: Faults}} props */
export function CardFields({ typed, set, faults }) {
  return html`
    <div class="pair">
      <${Field} label=${words.cardName} path="name" faults=${faults}>
        <input value=${typed.name} onInput=${input((name) => set({ ...typed, name }))} data-test="card-name" /><//>
      <${Field} label=${words.cardEntity} path="entity" faults=${faults}>
        <input value=${typed.entity} onInput=${input((entity) => set({ ...typed, entity }))} placeholder="team:red"
          data-test="card-entity" /><//>
    </div>
    <${Field} label=${words.cardValues} path="values" faults=${faults}>
      <textarea rows="3" value=${typed.lines} onInput=${input((lines) => set({ ...typed, lines }))}
        placeholder=${words.cardExample} data-test="card-values" spellcheck=${false}></textarea><//>
    <${Field} label=${words.cardDuration} path="duration" faults=${faults}>
      <input type="number" inputmode="numeric" min="0" value=${typed.duration}
        onInput=${input((duration) => set({ ...typed, duration }))} data-test="card-duration" /><//>
  `;
}

/** The body of the call, or undefined if a line has no value. @param {TypedCard} typed */
export function cardBody({ entity, name, lines, duration }) {
  const values = parseValues(lines);
  return values && { entity: entity.trim() || name.trim(), name: name.trim(), values, duration: Number(duration) };
}

/** @param {any} body @returns {TypedCard} */
export function typedCard({ entity = "", name = "", values, duration = EMPTY_CARD.duration }) {
  const lines = Object.entries(values ?? {}).map(([label, value]) => `${label}: ${value}`);
  return { entity, name, lines: lines.join("\n"), duration: String(duration) };
}
