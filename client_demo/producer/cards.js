/** Stats cards by hand: a producer fills in one card, where there is no data feed. */

import { useState } from "preact/hooks";
import { Field, faultsOf } from "./faults.js";
import { html } from "./html.js";
import { input } from "./sign_in.js";
import { parseValues } from "./values.js";
import { words } from "./words.js";

/** @import {Desk} from "./desk.js" */
/** @import {Faults} from "./faults.js" */

const FIELDS = ["entity", "name", "values", "duration"];
const DURATION_S = "20";

/** @param {{desk: Desk}} props */
export function Cards({ desk }) {
  const [entity, setEntity] = useState("");
  const [name, setName] = useState("");
  const [lines, setLines] = useState("");
  const [duration, setDuration] = useState(DURATION_S);
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [done, setDone] = useState("");
  const shown = desk.live.overlays().filter((one) => one.kind === "stats");

  const send = async (/** @type {object} */ body) => {
    setDone("");
    const answer = await desk.call("POST", "/stats", body);
    setFaults(answer.ok ? {} : faultsOf(answer, FIELDS));
    return answer.ok;
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = parseValues(lines);
    if (!values) return setFaults({ values: words.badValues });
    const card = { entity: entity.trim() || name.trim(), name: name.trim(), values };
    if (await send({ ...card, duration: Number(duration) })) setDone(words.cardSent(card.name));
  };
  return html`
    <form class="panel form" onSubmit=${submit} autocomplete="off" novalidate data-test="card-form">
      <h2>${words.cards}</h2>
      <div class="pair">
        <${Field} label=${words.cardName} path="name" faults=${faults}>
          <input value=${name} onInput=${input(setName)} data-test="card-name" /><//>
        <${Field} label=${words.cardEntity} path="entity" faults=${faults}>
          <input value=${entity} onInput=${input(setEntity)} placeholder="team:red" data-test="card-entity" /><//>
      </div>
      <${Field} label=${words.cardValues} path="values" faults=${faults}>
        <textarea rows="3" value=${lines} onInput=${input(setLines)} placeholder=${words.cardExample} data-test="card-values"
          spellcheck=${false}></textarea><//>
      <${Field} label=${words.cardDuration} path="duration" faults=${faults}>
        <input type="number" inputmode="numeric" min="0" value=${duration} onInput=${input(setDuration)} data-test="card-duration" /><//>
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
