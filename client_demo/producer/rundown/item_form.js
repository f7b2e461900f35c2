/** The dialog that adds an item to the run-down, or edits one. What was typed stays until it is saved. */

import { useState } from "preact/hooks";
import { CARD_PATHS, CardFields } from "../cards.js";
import { CueFields } from "../cues.js";
import { Dialog } from "../dialog.js";
import { Field, Select, faultsOf, input } from "../fields.js";
import { html } from "../html.js";
import { PollFields, pathsOf } from "../polls/fields.js";
import { defaultGrace } from "../polls/templates.js";
import { fromLocalTime, localTime } from "../times.js";
import { words } from "../words.js";
import { bodyOf, titleOf, typedBody } from "./bodies.js";
import { applied } from "./edits.js";

/** @import {Problem} from "../../sdk/grandstand.js" */
/** @import {Faults} from "../fields.js" */
/** @import {TypedBody} from "./bodies.js" */
/** @import {Edit, Item, ItemKind} from "./edits.js" */
/** @import {Show} from "./show.js" */

const say = words.rundown;

/** @param {{show: Show, given?: Item, after?: string, onClose: () => void}} props `after`: where a new one goes */
export function ItemForm({ show, given, after, onClose }) {
  const [was, setWas] = useState(given);
  const [kind, setKind] = useState(/** @type {ItemKind} */ (given?.kind ?? "poll"));
  const [title, setTitle] = useState(given?.title ?? "");
  const [expected, setExpected] = useState(localTime(given?.expected_at));
  const [typed, setTyped] = useState(() => typedBody(given));
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [clash, setClash] = useState("");
  const [busy, setBusy] = useState(false);
  const [id] = useState(() => given?.id ?? crypto.randomUUID().slice(0, 8));
  const isJson = typed.json !== undefined;
  const set = (/** @type {Partial<TypedBody>} */ change) => setTyped((before) => ({ ...before, ...change }));

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = bodyOf(kind, typed);
    if (body === undefined && kind !== "note" && kind !== "break")
      return setFaults(isJson || kind === "cue" ? { body: words.badJson, data: words.badJson } : { values: words.badValues });
    const expected_at = fromLocalTime(expected);
    /** @type {Item} */ const item = {
      id,
      kind,
      title: title.trim() || titleOf(kind, body).trim() || say.kinds[kind],
      ...(expected_at !== undefined && { expected_at }),
      ...(body !== undefined && { body }),
    };
    /** @type {Edit} */ const edit = was ? { does: "replace", item, was } : { does: "add", item, ...(after && { after }) };
    setBusy(true);
    const answer = await show.edit((was ? say.editOf : say.addOf)(item.title), edit);
    setBusy(false);
    if (answer.ok) return onClose();
    if ("conflict" in answer) {
      const present = show.present?.items.find((one) => one.id === id);
      setWas(present); // to save again is to mean it
      return setClash(present ? say.changedMeanwhile(present.title) : say.removedMeanwhile);
    }
    setFaults(faultsOf(ofItem(answer, edit), [...pathsOf(typed.poll).filter((path) => !path.endsWith("_at")), ...CARD_PATHS,
      "name", "data", "title", "expected_at", "body"]));
  };
  /** The problem with the paths of this item's fields. @param {Problem} problem @param {Edit} edit @returns {Problem} */
  const ofItem = (problem, edit) => {
    const at = applied(show.present?.items ?? [], edit).items.findIndex((one) => one.id === id);
    const own = new RegExp(`^items\\.${at}\\.(body\\.)?`);
    return { ...problem, faults: problem.faults.map(({ path, message }) => ({ path: path.replace(own, ""), message })) };
  };
  const present = was !== given && was ? html`<pre class="clash" data-test="item-present">${asText(was)}</pre>` : null;

  return html`
    <${Dialog} title=${given ? say.edit : say.add} test="item-form" onClose=${onClose} wide>
      <form class="form" onSubmit=${submit} autocomplete="off" novalidate>
        <div class="pair">
          <${Field} label=${say.kind} path="kind" faults=${faults}>
            <${Select} value=${kind} options=${say.kinds} test="item-kind"
              onPick=${(/** @type {ItemKind} */ next) => { setKind(next); set({ json: undefined }); }} />
          <//>
          <${Field} label=${say.expectedAt} path="expected_at" faults=${faults}>
            <input type="datetime-local" step="1" value=${expected} onInput=${input(setExpected)} data-test="item-expected" />
          <//>
        </div>
        <${Field} label=${say.title} path="title" faults=${faults}>
          <input value=${title} placeholder=${titleOf(kind, bodyOf(kind, typed))} onInput=${input(setTitle)} data-test="item-title" />
        <//>
        ${isJson
          ? html`<${Field} label=${say.json} hint=${say.jsonWhy} path="body" faults=${faults}>
              <textarea rows="8" value=${typed.json} onInput=${input((json) => set({ json }))} data-test="item-json" spellcheck=${false}></textarea>
            <//>`
          : html`<${Fields} show=${show} kind=${kind} typed=${typed} set=${set} faults=${faults} />`}
        <div class="row">
          <button class="primary" disabled=${busy} data-test="item-save">${clash ? say.saveAnyway : words.save}</button>
          <button type="button" onClick=${onClose}>${words.cancel}</button>
        </div>
        <p class="fault" role="alert" data-test="item-fault">${[clash, faults[""]].filter(Boolean).join(" ")}</p>
        ${present}
      </form>
    <//>
  `;
}

/** @param {{show: Show, kind: ItemKind, typed: TypedBody, set: (change: Partial<TypedBody>) => void, faults: Faults}} props */
function Fields({ show, kind, typed, set, faults }) {
  if (kind === "poll")
    return html`<${PollFields} desk=${show.desk} typed=${typed.poll} faults=${faults} grace=${defaultGrace(show.desk)}
      set=${(/** @type {object} */ change) => set({ poll: { ...typed.poll, ...change } })} />`;
  if (kind === "cue")
    return html`<${CueFields} typed=${typed.cue} set=${(/** @type {TypedBody["cue"]} */ cue) => set({ cue })} faults=${faults} />`;
  if (kind === "card")
    return html`<${CardFields} typed=${typed.card} set=${(/** @type {TypedBody["card"]} */ card) => set({ card })} faults=${faults} />`;
  return html`<${Field} label=${say.text} path="body" faults=${faults}>
    <textarea rows="3" value=${typed.text} onInput=${input((text) => set({ text }))} data-test="item-text"></textarea>
  <//>`;
}

/** @param {Item} item */
function asText({ title, body }) {
  return body === undefined ? title : `${title}\n${typeof body === "string" ? body : JSON.stringify(body, null, 2)}`;
}
