/** The form of one effect: what it waits for, and what it does then. What was typed is kept until it is saved or left. */

import { useState } from "preact/hooks";
import { Fault, Field, Select, faultsOf, input } from "../fields.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { ACTION_KINDS, fieldsOf } from "./actions.js";
import { OF_POLLS, OPTION, bodyOf, formOf, waitsForWinner } from "./draft.js";

/** @import {Problem} from "../../sdk/grandstand.js" */
/** @import {Faults} from "../fields.js" */
/** @import {ActionField, TypedAction} from "./actions.js" */
/** @import {Typed} from "./draft.js" */
/** @import {EffectsDesk} from "./effects_desk.js" */
const say = words.effects;
const MOST_ACTIONS = 10;
const MOST_OPTIONS = 20;
const EVENTS = Object.fromEntries([...OF_POLLS, "cue", "highlight"].map((event) => [event, say.events[event] ?? event]));
const KINDS = Object.fromEntries(ACTION_KINDS.map(({ kind }) => [kind, say.kinds[kind] ?? kind]));
const WINNERS = {
  any: say.anyWinner,
  ...Object.fromEntries(Array.from({ length: MOST_OPTIONS }, (_, index) => [`${OPTION}${index}`, say.option(index + 1)])),
  tie: say.tie,
};
const PATHS = ["effect", "title", "after", "on.event", "on.tag", "on.winner", "on.name", "then"];

/** @param {{effects: EffectsDesk, onSaved: (name: string) => void, onBack: () => void}} props */
export function EffectForm({ effects, onSaved, onBack }) {
  const [typed, setTyped] = useState(effects.draft ?? formOf());
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [busy, setBusy] = useState(false);
  const set = (/** @type {Partial<Typed>} */ change) => setTyped((effects.draft = { ...typed, ...change }));
  const setAction = (/** @type {number} */ place, /** @type {TypedAction} */ action) =>
    set({ then: typed.then.map((old, index) => (index === place ? action : old)) });
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const { body, faults: unread } = bodyOf(typed, say.badLine);
    setFaults(unread);
    if (Object.keys(unread).length > 0) return;
    setBusy(true);
    const answer = await effects.put(typed.id.trim(), body);
    setBusy(false);
    if (answer.ok) onSaved(typed.title || typed.id);
    else setFaults(faultsOf(withLines(answer), [...PATHS, ...pathsOf(typed.then)]));
  };
  const isOfPoll = OF_POLLS.includes(typed.event);
  const text = (/** @type {"id" | "title" | "tag" | "name"} */ name, /** @type {string} */ path, /** @type {object} */ more = {}) =>
    html`<${Field} label=${say[name]} path=${path} faults=${faults}>
      <input value=${typed[name]} onInput=${input((value) => set({ [name]: value }))} data-test=${`effect-${name}`} ...${more} /><//>`;
  return html`
    <form class="form" onSubmit=${submit} autocomplete="off" novalidate data-test="effect-form">
      <div class="pair">
        ${text("id", "effect", { disabled: !typed.isNew, autocapitalize: "none" })}
        ${text("title", "title")}
      </div>
      <fieldset>
        <legend>${say.when}</legend>
        <div class="pair">
          <${Field} label=${say.event} path="on.event" faults=${faults}>
            <${Select} value=${typed.event} options=${EVENTS} test="effect-event" onPick=${(/** @type {string} */ event) => set({ event })} /><//>
          ${isOfPoll && text("tag", "on.tag", { list: "effect-tags" })}
          ${typed.event === "cue" && text("name", "on.name", { list: "effect-cues" })}
          ${waitsForWinner(typed) &&
          html`<${Field} label=${say.winner} path="on.winner" faults=${faults}>
            <${Select} value=${typed.winner} options=${WINNERS} test="effect-winner" onPick=${(/** @type {string} */ winner) => set({ winner })} /><//>`}
          <${Field} label=${say.after} path="after" faults=${faults}>
            <input type="number" inputmode="decimal" min="0" step="any" value=${typed.after} onInput=${input((after) => set({ after }))} data-test="effect-after" /><//>
        </div>
        <${Known} id="effect-tags" texts=${effects.tags} />
        <${Known} id="effect-cues" texts=${effects.cues} />
      </fieldset>
      ${typed.then.map(
        (action, index) => html`<${ActionFields} key=${index} action=${action} index=${index} faults=${faults} isNew=${typed.isNew}
          onChange=${(/** @type {TypedAction} */ next) => setAction(index, next)}
          onRemove=${typed.then.length > 1 ? () => set({ then: typed.then.filter((_, place) => place !== index) }) : undefined} />`,
      )}
      <${Fault} path="then" faults=${faults} />
      <div class="row">
        <button type="button" class="quiet" disabled=${typed.then.length >= MOST_ACTIONS} data-test="effect-add-action"
          onClick=${() => set({ then: [...typed.then, { kind: "obs", values: {} }] })}>+ ${say.addAction}</button>
      </div>
      <${Templates} />
      <div class="row ending">
        <button class="primary" disabled=${busy} data-test="effect-save">${say.save}</button>
        <label class="check"><input type="checkbox" checked=${typed.enabled} onChange=${() => set({ enabled: !typed.enabled })}
          data-test="effect-on" />${say.isOn}</label>
        <button type="button" class="quiet" onClick=${onBack} data-test="effect-back">${say.back}</button>
      </div>
      <p class="fault" role="alert" data-test="effect-form-fault">${faults[""] ?? ""}</p>
    </form>
  `;
}

/**
 * @param {{action: TypedAction, index: number, faults: Faults, isNew: boolean,
 *   onChange: (action: TypedAction) => void, onRemove?: () => void}} props
 */
function ActionFields({ action, index, faults, isNew, onChange, onRemove }) {
  const path = `then.${index}`;
  const fill = (/** @type {string} */ name, /** @type {string} */ text) =>
    onChange({ ...action, values: { ...action.values, [name]: text } });
  return html`<fieldset data-test=${`effect-action-${index}`}>
    <legend>${say.then} · ${say.action(index + 1)}</legend>
    <div class="row">
      <label class="inline">${say.kind}
        <${Select} value=${action.kind} options=${KINDS} test="action-kind" onPick=${(/** @type {string} */ kind) => onChange({ ...action, kind })} /></label>
      ${onRemove && html`<button type="button" class="quiet" onClick=${onRemove} aria-label=${say.removeAction(index + 1)} data-test="action-remove">×</button>`}
    </div>
    ${fieldsOf(action.kind).map(
      (field) => html`<${Field} key=${field.name} label=${say.fields[field.name]} path=${`${path}.${field.name}`} faults=${faults} hint=${say.hints[field.name]}>
        <${Control} field=${field} value=${action.values[field.name] ?? ""} isNew=${isNew} onFill=${(/** @type {string} */ text) => fill(field.name, text)} /><//>`,
    )}
    <${Fault} path=${path} faults=${faults} />
  </fieldset>`;
}

/** @param {{field: ActionField, value: string, isNew: boolean, onFill: (text: string) => void}} props */
function Control({ field: { name, sort, choices, example }, value, isNew, onFill }) {
  const test = `action-${name}`;
  if (choices)
    return html`<${Select} value=${value || choices[0]} options=${Object.fromEntries(choices.map((one) => [one, one]))} test=${test} onPick=${onFill} />`;
  if (sort === "secret")
    return html`<input type="password" autocomplete="new-password" value=${value} placeholder=${isNew ? example : say.kept}
      onInput=${input(onFill)} data-test=${test} />`;
  if (sort === "text")
    return html`<input value=${value} placeholder=${example} spellcheck=${false} autocapitalize="none" onInput=${input(onFill)} data-test=${test} />`;
  const rows = Math.min(10, Math.max(2, value.split("\n").length));
  return html`<textarea class="code" rows=${rows} value=${value} placeholder=${example} spellcheck=${false} wrap="off"
    onInput=${input(onFill)} data-test=${test}></textarea>`;
}

/** Texts that are known, to pick from while typing. @param {{id: string, texts: readonly string[]}} props */
function Known({ id, texts }) {
  return html`<datalist id=${id}>${texts.map((text) => html`<option key=${text} value=${text}></option>`)}</datalist>`;
}

function Templates() {
  return html`<details>
    <summary data-test="effect-templates">${say.templates}</summary>
    <table class="keys"><tbody>
      ${say.templateNames.map(([name, means]) => html`<tr key=${name}><th scope="row"><code>${name}</code></th><td>${means}</td></tr>`)}
    </tbody></table>
    <p class="quiet-text">${say.templatesHow}</p>
  </details>`;
}

/** Put the number of the line into the message of a fault in it. @param {Problem} problem @returns {Problem} */
function withLines(problem) {
  const faults = problem.faults.map(({ path, message }) => {
    const [, line] = /^then\.\d+\.(?:requests|functions|commands)\.(\d+)/.exec(path) ?? [];
    return { path, message: line === undefined ? message : say.inLine(Number(line) + 1, message) };
  });
  return { ...problem, faults };
}

/** @param {readonly TypedAction[]} actions */
function pathsOf(actions) {
  return actions.flatMap(({ kind }, index) => [`then.${index}`, ...fieldsOf(kind).map(({ name }) => `then.${index}.${name}`)]);
}
