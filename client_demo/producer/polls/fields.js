/** The fields of a poll: of the form that opens it, and of an item of the run-down. */

import { KINDS, formWordsOf, kindOf, wordsOf } from "../../polls/registry.js";
import { Fault, Field, Select, input } from "../fields.js";
import { html } from "../html.js";
import { language, texts, words } from "../words.js";
import { PollLanguages } from "./languages.js";
import { ownFields, stillSays } from "./templates.js";
import { translationsFrom, wordsFrom } from "./translations.js";

/** @import {RefObject} from "preact" */
/** @import {Field as OwnField} from "../../polls/kinds/kind.js" */
/** @import {Desk} from "../desk.js" */
/** @import {Faults} from "../fields.js" */
/** @import {Draft, Written} from "./templates.js" */
/** @import {ByLanguage} from "./translations.js" */
/**
 * What was typed. `own` has the fields that only some kinds have, by name.
 * @typedef {{kind: string, question: string, options: string[], duration: string, grace: string, delay: string, change: boolean, weights: boolean, tag: string, audit: NonNullable<Draft["audit"]>, showTally: NonNullable<Draft["showTally"]>, own: Record<string, string>, translations: ByLanguage, written?: Written}} Typed
 */

const FEWEST = 2;
const MOST = 20;
const PATHS = ["question", "duration", "grace", "opens_at", "closes_at", "options", "tag", "audit", "translations"];

/** @type {Typed} */
export const EMPTY = {
  kind: "single",
  question: "",
  options: ["", ""],
  duration: "60",
  grace: "",
  delay: "0",
  change: false,
  weights: false,
  tag: "",
  audit: "tally",
  showTally: "always",
  own: {},
  translations: {},
};

const kindNames = () => Object.fromEntries(KINDS.map((kind) => [kind.name, wordsOf(kind, texts).name]));

/** The paths of the fields, for their faults. @param {Typed} typed */
export function pathsOf(typed) {
  const options = typed.options.map((_, index) => `options.${index}`);
  return [...options, ...PATHS, ...kindOf(typed.kind).fields.map(({ path }) => path)];
}

/**
 * @param {{desk: Desk, typed: Typed, set: (change: Partial<Typed>) => void, faults: Faults, grace: string,
 *   first?: RefObject<HTMLInputElement>, hasDelay?: boolean}} props `grace`: the room's, s
 */
export function PollFields({ desk, typed, set, faults, grace, first, hasDelay = false }) {
  const setOption = (/** @type {number} */ place, /** @type {string} */ text) =>
    set({ options: typed.options.map((old, index) => (index === place ? text : old)) });
  return html`
      <${Field} label=${words.polls.question} path="question" faults=${faults}>
        <input ref=${first} value=${typed.question} onInput=${input((text) => set({ question: text }))} data-test="poll-question" />
      <//>
      ${!kindOf(typed.kind).optionsOf && html`<fieldset>
        <legend>${words.polls.options}</legend>
        ${typed.options.map(
          (text, index) => html`<div class="option-row" key=${index}>
            <input value=${text} aria-label=${words.polls.option(index + 1)} placeholder=${words.polls.option(index + 1)}
              onInput=${input((next) => setOption(index, next))} data-test=${`poll-option-${index}`} />
            <button type="button" class="quiet" disabled=${typed.options.length <= FEWEST}
              aria-label=${words.polls.removeOption(index + 1)} data-test=${`poll-remove-option-${index}`}
              onClick=${() => set({ options: typed.options.filter((_, place) => place !== index) })}>×</button>
            <${Fault} path=${`options.${index}`} faults=${faults} />
          </div>`,
        )}
        <${Fault} path="options" faults=${faults} />
        <button type="button" class="quiet" disabled=${typed.options.length >= MOST} data-test="poll-add-option"
          onClick=${() => set({ options: [...typed.options, ""] })}>+ ${words.polls.addOption}</button>
      </fieldset>`}
      <div class="pair">
        <${Field} label=${words.polls.kind} path="kind" faults=${faults}>
          <${Select} value=${typed.kind} options=${kindNames()} test="poll-kind"
            onPick=${(/** @type {string} */ kind) => set({ kind })} />
        <//>
        <${NumberField} name="duration" typed=${typed} set=${set} faults=${faults} />
        <${NumberField} name="grace" hint=${grace} typed=${typed} set=${set} faults=${faults} />
        <${Field} label=${words.polls.showTally} path="show_tally" faults=${faults}>
          <${Select} value=${typed.showTally} options=${words.polls.tallies} test="poll-show-tally"
            onPick=${(/** @type {Typed["showTally"]} */ showTally) => set({ showTally })} />
        <//>
        ${kindOf(typed.kind).fields.map((field) => html`<${KindField} key=${field.name} field=${field} typed=${typed} set=${set} faults=${faults} />`)}
      </div>
      <details>
        <summary data-test="poll-more">${words.polls.more}</summary>
        <div class="pair">
          ${hasDelay && html`<${NumberField} name="delay" path="closes_at" typed=${typed} set=${set} faults=${faults} />`}
          <${Field} label=${words.polls.tag} path="tag" faults=${faults}>
            <input value=${typed.tag} onInput=${input((tag) => set({ tag }))} data-test="poll-tag" /><//>
          <${Field} label=${words.polls.audit} path="audit" faults=${faults}>
            <${Select} value=${typed.audit} options=${words.polls.audits} test="poll-audit"
              onPick=${(/** @type {Typed["audit"]} */ audit) => set({ audit })} /><//>
        </div>
        <label class="check">
          <input type="checkbox" checked=${typed.change} onChange=${() => set({ change: !typed.change })} data-test="poll-change" />
          ${words.polls.change}
        </label>
        <label class="check">
          <input type="checkbox" checked=${typed.weights} onChange=${() => set({ weights: !typed.weights })} data-test="poll-weights" />
          ${words.polls.weights}
        </label>
      </details>
      <${PollLanguages} desk=${desk} source=${sourceOf(typed)} translations=${typed.translations} faults=${faults}
        set=${(/** @type {ByLanguage} */ translations) => set({ translations })} />
  `;
}

/** What is translated of a poll: the question and, if they are texts, the options. @param {Pick<Typed, "kind" | "question" | "options">} poll */
function sourceOf({ kind, question, options }) {
  return [question, ...(kindOf(kind).optionsOf ? [] : options)].map((text) => text.trim());
}

/** Whether a poll says what a model wrote. @param {Typed} typed @returns {typed is Typed & {written: Written}} */
export function isWritten(typed) {
  return typed.written !== undefined && stillSays(typed.written, sourceOf(typed));
}

/**
 * @param {{name: "duration" | "grace" | "delay", path?: string, hint?: string, typed: Typed,
 *   set: (change: Partial<Typed>) => void, faults: Faults}} props
 */
function NumberField({ name, path = name, hint, typed, set, faults }) {
  return html`<${Field} label=${words.polls[name]} path=${path} faults=${faults}>
    <${NumberInput} value=${typed[name]} placeholder=${hint} onInput=${(/** @type {string} */ text) => set({ [name]: text })} test=${`poll-${name}`} />
  <//>`;
}

/**
 * A field of the chosen kind.
 * @param {{field: OwnField, typed: Typed, set: (change: Partial<Typed>) => void, faults: Faults}} props
 */
function KindField({ field: { name, path, type, usual }, typed, set, faults }) {
  const value = typed.own[name] ?? "";
  const test = `poll-${path.replaceAll("_", "-")}`;
  const fill = (/** @type {string} */ text) => set({ own: { ...typed.own, [name]: text } });
  return html`<${Field} label=${formWordsOf(kindOf(typed.kind), language).labels[name]} path=${path} faults=${faults}>
    ${type === "number"
      ? html`<${NumberInput} value=${value} placeholder=${usual} onInput=${fill} test=${test} />`
      : html`<select value=${value} onChange=${input(fill)} data-test=${test}>
          <option value="">${words.polls.chooseOption}</option>
          ${typed.options.map((text, index) => html`<option key=${index} value=${index}>${text || words.polls.option(index + 1)}</option>`)}
        </select>`}
  <//>`;
}

/** @param {{value: string, placeholder?: string | number, onInput: (text: string) => void, test: string}} props */
function NumberInput({ value, placeholder, onInput, test }) {
  return html`<input type="number" inputmode="numeric" min="0" value=${value} placeholder=${placeholder} data-test=${test}
    onInput=${input(onInput)} />`;
}

/** @param {Typed} typed @returns {Draft} */
export function draftFrom(typed) {
  const translations = translationsFrom(typed.translations, sourceOf(typed));
  return {
    kind: typed.kind,
    question: typed.question.trim(),
    options: kindOf(typed.kind).optionsOf ? [] : typed.options,
    duration: +typed.duration,
    ...(typed.grace !== "" && { grace: +typed.grace }),
    ...(+typed.delay > 0 && { delay: +typed.delay }),
    change: typed.change,
    ...(typed.weights && { weights: true }),
    showTally: typed.showTally,
    ...(typed.tag.trim() && { tag: typed.tag.trim() }),
    audit: typed.audit,
    ...ownFields(kindOf(typed.kind), "name", ({ name }) => (typed.own[name] ? +typed.own[name] : undefined)),
    ...(translations.length > 0 && { translations }),
    ...(isWritten(typed) && { written: typed.written }),
  };
}

/** @param {Draft} draft @returns {Typed} */
export function typedFrom(draft) {
  const text = (/** @type {number | undefined} */ value) => (value === undefined ? "" : String(value));
  return {
    kind: draft.kind,
    question: draft.question,
    options: draft.options.length < FEWEST ? EMPTY.options : [...draft.options],
    duration: text(draft.duration),
    grace: text(draft.grace),
    delay: "0",
    change: draft.change ?? false,
    weights: draft.weights ?? false,
    showTally: draft.showTally ?? "always",
    tag: draft.tag ?? "",
    audit: draft.audit ?? "tally",
    own: Object.fromEntries(kindOf(draft.kind).fields.map(({ name }) => [name, text(draft[name])])),
    translations: wordsFrom(draft.translations ?? [], sourceOf(draft)),
    ...(draft.written && { written: draft.written }),
  };
}
