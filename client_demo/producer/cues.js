/** Cues: marks that a producer sets on the programme, for viewers' pages and the show's effects. */

import { useState } from "preact/hooks";
import { Field, faultsOf } from "./faults.js";
import { html } from "./html.js";
import { input } from "./sign_in.js";
import { formatDuration, upcomingFirst } from "./times.js";
import { words } from "./words.js";

/** @import {Cue} from "../sdk/grandstand.js" */
/** @import {Desk} from "./desk.js" */
/** @import {Faults} from "./faults.js" */

const MOST_SHOWN = 6;

/** @param {{desk: Desk}} props */
export function Cues({ desk }) {
  const [name, setName] = useState("");
  const [data, setData] = useState("");
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
    const parsed = parseObject(data);
    if (!parsed) return setFaults({ data: words.badJson });
    const later = Number(inS) * 1000;
    void send({ name: name.trim(), data: parsed, ...(later > 0 && { at: Math.round(desk.live.now() + later) }) });
  };
  return html`
    <form class="panel form" onSubmit=${submit} autocomplete="off" novalidate data-test="cue-form">
      <h2>${words.cues}</h2>
      <div class="pair">
        <${Field} label=${words.cueName} path="name" faults=${faults}>
          <input value=${name} onInput=${input(setName)} data-test="cue-name" /><//>
        <${Field} label=${words.cueIn} path="at" faults=${faults}>
          <input type="number" inputmode="numeric" min="0" value=${inS} onInput=${input(setInS)} data-test="cue-in" /><//>
      </div>
      <${Field} label=${words.cueData} path="data" faults=${faults}>
        <textarea rows="2" value=${data} onInput=${input(setData)} data-test="cue-data" spellcheck=${false}></textarea><//>
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
