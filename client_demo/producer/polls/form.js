/** The form that opens a poll, or keeps it as a template. It keeps what was typed until the poll is open. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { MadeBy } from "../assistant/made_by.js";
import { faultsOf } from "../fields.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { EMPTY, PollFields, draftFrom, isWritten, pathsOf, typedFrom } from "./fields.js";
import { defaultGrace, loadTemplates, requestBody, saveLast, saveTemplates } from "./templates.js";

/** @import {Used} from "../assistant/assistant_desk.js" */
/** @import {Desk} from "../desk.js" */
/** @import {Faults} from "../fields.js" */
/** @import {Typed} from "./fields.js" */
/** @import {Draft} from "./templates.js" */

/**
 * @param {{desk: Desk, given?: {draft: Draft, number: number, used?: Used}, onOpened: (draft: Draft, used?: Used) => void}} props
 *   `given`: to begin with; `used`: the model's suggestion that it is
 */
export function PollForm({ desk, given, onOpened }) {
  const [typed, setTyped] = useState(EMPTY);
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [used, setUsed] = useState(/** @type {Used | undefined} */ (undefined));
  const [busy, setBusy] = useState(false);
  const question = useRef(/** @type {HTMLInputElement | null} */ (null));
  // Before the picture, so that nobody types into what is being replaced.
  useLayoutEffect(() => {
    if (!given) return;
    setTyped(typedFrom(given.draft));
    setUsed(given.used);
    setFaults({});
    question.current?.focus();
  }, [given?.number]);

  const set = (/** @type {Partial<Typed>} */ change) => setTyped((before) => ({ ...before, ...change }));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const draft = draftFrom(typed);
    setBusy(true);
    const answer = await desk.openPoll(requestBody(draft, desk.live.now()));
    setBusy(false);
    if (!answer.ok) return setFaults(faultsOf(answer, pathsOf(typed)));
    saveLast(draft);
    onOpened(draft, used);
    setFaults({});
    // What came into the form while the poll was opened stays.
    setUsed((now) => (now === used ? undefined : now));
    setTyped((now) => (now === typed ? { ...EMPTY, grace: typed.grace, duration: typed.duration } : now));
  };
  const keep = () => {
    const draft = draftFrom(typed);
    saveTemplates([...loadTemplates().own, { name: draft.question, draft }]);
    desk.announce(words.polls.templateKept(draft.question));
  };

  return html`
    <form class="panel form" onSubmit=${submit} autocomplete="off" novalidate data-test="poll-form">
      <h2>${words.polls.newPoll}</h2>
      ${isWritten(typed) && html`<p><${MadeBy} by=${typed.written.by} /> <small>${words.assistant.used}</small></p>`}
      <${PollFields} desk=${desk} typed=${typed} set=${set} faults=${faults} grace=${defaultGrace(desk)} first=${question} hasDelay />
      <div class="row">
        <button class="primary air" disabled=${busy} data-test="poll-open">${busy ? words.polls.opening : words.polls.open}</button>
        <button type="button" class="quiet" disabled=${typed.question.trim() === ""} onClick=${keep}
          data-test="keep-template">${words.polls.keepTemplate}</button>
      </div>
      <p class="fault" role="alert" data-test="poll-form-fault">${faults[""] ?? ""}</p>
    </form>
  `;
}
