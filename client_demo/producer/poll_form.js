/** The form that opens a poll of one's own, or keeps it as a template. What is typed stays until it is open. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Fault, Field, faultsOf } from "./faults.js";
import { input } from "./gate.js";
import { html } from "./html.js";
import { bodyOf, graceOf, keepLast, keepTemplates, readTemplates } from "./templates.js";
import { words } from "./words.js";

/** @import {Desk} from "./desk.js" */
/** @import {Faults} from "./faults.js" */
/** @import {Draft} from "./templates.js" */
/** @typedef {{kind: Draft["kind"], question: string, options: string[], duration: string, grace: string, delay: string, change: boolean, showTally: NonNullable<Draft["showTally"]>, answer: string, maxChoices: string}} Typed */

const FEWEST = 2;
const MOST = 20;
const PATHS = ["question", "duration", "grace", "answer", "max_choices", "opens_at", "closes_at", "options"];

/** @type {Typed} */
const EMPTY = {
  kind: "single",
  question: "",
  options: ["", ""],
  duration: "60",
  grace: "",
  delay: "0",
  change: false,
  showTally: "always",
  answer: "",
  maxChoices: "",
};

/** @param {{desk: Desk, given?: {draft: Draft, number: number}}} props `given`: to begin with */
export function PollForm({ desk, given }) {
  const [typed, setTyped] = useState(EMPTY);
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [busy, setBusy] = useState(false);
  const question = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (!given) return;
    setTyped(typedFrom(given.draft));
    setFaults({});
    question.current?.focus();
  }, [given?.number]);

  const set = (/** @type {Partial<Typed>} */ change) => setTyped((before) => ({ ...before, ...change }));
  const setOption = (/** @type {number} */ place, /** @type {string} */ text) =>
    set({ options: typed.options.map((old, index) => (index === place ? text : old)) });
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const draft = draftFrom(typed);
    setBusy(true);
    const answer = await desk.openPoll(bodyOf(draft, desk.live.now()));
    setBusy(false);
    if (!answer.ok) {
      const options = typed.options.map((_, index) => `options.${index}`);
      return setFaults(faultsOf(answer, [...options, ...PATHS]));
    }
    keepLast(draft);
    setFaults({});
    setTyped({ ...EMPTY, grace: typed.grace, duration: typed.duration });
  };
  const keep = () => {
    const draft = draftFrom(typed);
    keepTemplates([...readTemplates().own, { name: draft.question, draft }]);
    desk.say(words.templateKept(draft.question));
  };

  return html`
    <form class="panel form" onSubmit=${submit} autocomplete="off" novalidate data-test="poll-form">
      <h2>${words.newPoll}</h2>
      <${Field} label=${words.question} path="question" faults=${faults}>
        <input ref=${question} value=${typed.question} onInput=${input((text) => set({ question: text }))} data-test="poll-question" />
      <//>
      <fieldset>
        <legend>${words.options}</legend>
        ${typed.options.map(
          (text, index) => html`<div class="option-row" key=${index}>
            <input value=${text} aria-label=${words.option(index + 1)} placeholder=${words.option(index + 1)}
              onInput=${input((next) => setOption(index, next))} data-test=${`poll-option-${index}`} />
            <button type="button" class="quiet" disabled=${typed.options.length <= FEWEST}
              aria-label=${words.removeOption(index + 1)} data-test=${`poll-remove-option-${index}`}
              onClick=${() => set({ options: typed.options.filter((_, place) => place !== index) })}>×</button>
            <${Fault} path=${`options.${index}`} faults=${faults} />
          </div>`,
        )}
        <${Fault} path="options" faults=${faults} />
        <button type="button" class="quiet" disabled=${typed.options.length >= MOST} data-test="poll-add-option"
          onClick=${() => set({ options: [...typed.options, ""] })}>+ ${words.addOption}</button>
      </fieldset>
      <div class="pair">
        <${Field} label=${words.kind} path="kind" faults=${faults}>
          <${Select} value=${typed.kind} options=${words.kinds} test="poll-kind"
            onPick=${(/** @type {Draft["kind"]} */ kind) => set({ kind })} />
        <//>
        <${NumberField} name="duration" typed=${typed} set=${set} faults=${faults} />
        <${NumberField} name="grace" hint=${graceOf(desk)} typed=${typed} set=${set} faults=${faults} />
        <${Field} label=${words.showTally} path="show_tally" faults=${faults}>
          <${Select} value=${typed.showTally} options=${words.tallies} test="poll-show-tally"
            onPick=${(/** @type {Typed["showTally"]} */ showTally) => set({ showTally })} />
        <//>
        ${typed.kind === "quiz" &&
        html`<${Field} label=${words.answer} path="answer" faults=${faults}>
          <select value=${typed.answer} onChange=${input((answer) => set({ answer }))} data-test="poll-answer">
            <option value="">${words.chooseAnswer}</option>
            ${typed.options.map((text, index) => html`<option key=${index} value=${index}>${text || words.option(index + 1)}</option>`)}
          </select>
        <//>`}
        ${typed.kind === "multiple" &&
        html`<${NumberField} name="maxChoices" path="max_choices" test="poll-max-choices" typed=${typed} set=${set} faults=${faults} />`}
      </div>
      <details>
        <summary data-test="poll-more">${words.more}</summary>
        <div class="pair"><${NumberField} name="delay" path="closes_at" typed=${typed} set=${set} faults=${faults} /></div>
        <label class="check">
          <input type="checkbox" checked=${typed.change} onChange=${() => set({ change: !typed.change })} data-test="poll-change" />
          ${words.change}
        </label>
      </details>
      <div class="row">
        <button class="primary air" disabled=${busy} data-test="poll-open">${busy ? words.opening : words.open}</button>
        <button type="button" class="quiet" disabled=${typed.question.trim() === ""} onClick=${keep}
          data-test="keep-template">${words.keepTemplate}</button>
      </div>
      <p class="fault" role="alert" data-test="poll-form-fault">${faults[""] ?? ""}</p>
    </form>
  `;
}

/**
 * @param {{name: "duration" | "grace" | "delay" | "maxChoices", path?: string, test?: string,
 *   hint?: string, typed: Typed, set: (change: Partial<Typed>) => void, faults: Faults}} props
 */
function NumberField({ name, path = name, test = `poll-${name}`, hint, typed, set, faults }) {
  return html`<${Field} label=${words[name]} path=${path} faults=${faults}>
    <input type="number" inputmode="numeric" min="0" value=${typed[name]} placeholder=${hint} data-test=${test}
      onInput=${input((text) => set({ [name]: text }))} />
  <//>`;
}

/**
 * @param {{value: string, options: Record<string, string>, test: string, onPick: (value: any) => void}} props
 */
export function Select({ value, options, test, onPick }) {
  return html`<select value=${value} onChange=${input(onPick)} data-test=${test}>
    ${Object.entries(options).map(([key, text]) => html`<option key=${key} value=${key}>${text}</option>`)}
  </select>`;
}

/** @param {Typed} typed @returns {Draft} */
function draftFrom(typed) {
  return {
    kind: typed.kind,
    question: typed.question.trim(),
    options: typed.options,
    duration: +typed.duration,
    ...(typed.grace !== "" && { grace: +typed.grace }),
    ...(+typed.delay > 0 && { delay: +typed.delay }),
    change: typed.change,
    showTally: typed.showTally,
    ...(typed.answer !== "" && { answer: +typed.answer }),
    ...(typed.maxChoices !== "" && { maxChoices: +typed.maxChoices }),
  };
}

/** @param {Draft} draft @returns {Typed} */
function typedFrom(draft) {
  const text = (/** @type {number | undefined} */ value) => (value === undefined ? "" : String(value));
  return {
    kind: draft.kind,
    question: draft.question,
    options: [...draft.options],
    duration: text(draft.duration),
    grace: text(draft.grace),
    delay: "0",
    change: draft.change ?? false,
    showTally: draft.showTally ?? "always",
    answer: text(draft.answer),
    maxChoices: text(draft.maxChoices),
  };
}
