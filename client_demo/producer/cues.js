/** Cues: marks that a producer sets on the programme, for viewers' pages and the show's effects. */

import { useState } from "preact/hooks";
import { Field, faultsOf, input } from "./fields.js";
import { html } from "./html.js";
import { formatDuration, upcomingFirst } from "./times.js";
import { words } from "./words.js";

/** @import {ComponentChildren} from "preact" */
/** @import {Cue} from "../sdk/grandstand.js" */
/** @import {Desk} from "./desk.js" */
/** @import {Faults} from "./fields.js" */
/** @typedef {{name: string, data: string}} TypedCue */

const MOST_SHOWN = 6;

/** @type {TypedCue} */
export const EMPTY_CUE = { name: "", data: "" };

/** @param {{desk: Desk}} props */
export function Cues({ desk }) {
  const [typed, setTyped] = useState(EMPTY_CUE);
  const [inS, setInS] = useState("0");
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [done, setDone] = useState("");
  const now = desk.live.now();
  const shown = upcomingFirst([...(desk.state?.cues.values() ?? [])], now).slice(0, MOST_SHOWN);

  const send = async (/** @type {object} */ body) => {
    setDone("");
    const answer = await desk.call("POST", "/cues", body);
    setFaults(answer.ok ? {} : faultsOf(answer, ["name", "data", "at"]));
    if (answer.ok) setDone(words.cueSent(answer.body.name));
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = cueBody(typed);
    if (!body) return setFaults({ data: words.badJson });
    const later = Number(inS) * 1000;
    void send({ ...body, ...(later > 0 && { at: Math.round(desk.live.now() + later) }) });
  };
  return html`
    <form class="panel form" onSubmit=${submit} autocomplete="off" novalidate data-test="cue-form">
      <h2>${words.cues}</h2>
      <${CueFields} typed=${typed} set=${setTyped} faults=${faults}>
        <${Field} label=${words.cueIn} path="at" faults=${faults}>
          <input type="number" inputmode="numeric" min="0" value=${inS} onInput=${input(setInS)} data-test="cue-in" /><//>
      <//>
      <div class="row">
        <button data-test="cue-send">${words.sendCue}</button>
        <span class="done" role="status" data-test="cue-done">${done}</span>
      </div>
      <p class="fault" role="alert" data-test="cue-fault">${faults[""] ?? ""}</p>
      ${shown.length > 0 &&
      html`<ul class="cues" data-test="cue-list">
        ${shown.map((cue) => html`<li key=${cue.id} data-test="cue">
          <span class="author">${cue.name}</span>
          <span class="quiet-text number">${when(cue, now)}</span>
          <button type="button" class="small quiet" aria-label=${words.sendAgain(cue.name)}
            onClick=${() => void send({ name: cue.name, data: cue.data })} data-test="cue-again">↻</button>
        </li>`)}
      </ul>`}
    </form>
  `;
}

/**
 * @param {{typed: TypedCue, set: (typed: TypedCue) => void, faults: Faults, children?: ComponentChildren}} props
 *   `children`: fields beside the name
 */
export function CueFields({ typed, set, faults, children }) {
  return html`
    <div class="pair">
      <${Field} label=${words.cueName} path="name" faults=${faults}>
        <input value=${typed.name} onInput=${input((name) => set({ ...typed, name }))} data-test="cue-name" /><//>
      ${children}
    </div>
    <${Field} label=${words.cueData} path="data" faults=${faults}>
      <textarea rows="2" value=${typed.data} onInput=${input((data) => set({ ...typed, data }))} data-test="cue-data"
        spellcheck=${false}></textarea><//>
  `;
}

/** The body of the call, or undefined if the data is no JSON object. @param {TypedCue} typed */
export function cueBody({ name, data }) {
  const parsed = parseObject(data);
  return parsed && { name: name.trim(), data: parsed };
}

/** @param {any} body @returns {TypedCue} */
export function typedCue({ name = "", data = {} }) {
  return { name, data: Object.keys(data).length > 0 ? JSON.stringify(data) : "" };
}

/** @param {Cue} cue @param {number} now */
function when(cue, now) {
  return cue.at > now ? words.cueAhead(formatDuration(cue.at - now)) : words.cueAgo(formatDuration(now - cue.at));
}

/** @param {string} text @returns {object | undefined} */
function parseObject(text) {
  if (text.trim() === "") return {};
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
