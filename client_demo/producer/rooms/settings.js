/** The form of a room's settings. Only what was changed is sent. Each fault stands at its field. */

import { useState } from "preact/hooks";
import { Switches } from "../assistant/switches.js";
import { Dialog } from "../dialog.js";
import { Field, Select, faultsOf, input } from "../fields.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { DeleteRoom } from "./deletion.js";
import { TranslationCost } from "./translation_cost.js";

/** @import {AssistantDesk} from "../assistant/assistant_desk.js" */
/** @import {Desk} from "../desk.js" */
/** @import {Faults} from "../fields.js" */
/** @typedef {"show" | "comments" | "clock"} Group */
/** @typedef {"text" | "list" | "number" | "choice" | "level"} Sort a list is typed with commas */

/** @type {readonly {path: string, group: Group, sort: Sort}[]} */
const FIELDS = [
  { path: "title", group: "show", sort: "text" },
  { path: "stream", group: "show", sort: "text" },
  { path: "guests", group: "show", sort: "choice" },
  { path: "transport", group: "show", sort: "choice" },
  { path: "sockets", group: "show", sort: "number" },
  { path: "lang", group: "show", sort: "text" },
  { path: "languages", group: "show", sort: "list" },
  { path: "moderation.level", group: "comments", sort: "level" },
  { path: "moderation.on_timeout", group: "comments", sort: "choice" },
  { path: "held_for", group: "comments", sort: "number" },
  { path: "budget", group: "comments", sort: "number" },
  { path: "selection.novelty", group: "comments", sort: "number" },
  { path: "selection.fairness", group: "comments", sort: "number" },
  { path: "selection.moment", group: "comments", sort: "number" },
  { path: "selection.least", group: "comments", sort: "number" },
  { path: "comment_interval", group: "comments", sort: "number" },
  { path: "comment_burst", group: "comments", sort: "number" },
  { path: "max_text", group: "comments", sort: "number" },
  { path: "max_latency", group: "clock", sort: "number" },
  { path: "programme_offset", group: "clock", sort: "number" },
  { path: "tick", group: "clock", sort: "number" },
  { path: "patience", group: "clock", sort: "number" },
  { path: "record_retention", group: "clock", sort: "number" },
];
const GROUPS = /** @type {const} */ (["show", "comments", "clock"]);

/** @param {{desk: Desk, assistant: AssistantDesk, onClose: () => void}} props */
export function RoomSettings({ desk, assistant, onClose }) {
  const [typed, setTyped] = useState(/** @type {Record<string, string>} */ ({}));
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [done, setDone] = useState("");
  const [deleting, setDeleting] = useState(false);
  const valueOf = (/** @type {string} */ path) => typed[path] ?? String(read(desk.settings, path) ?? "");
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const changed = FIELDS.filter(({ path }) => valueOf(path) !== String(read(desk.settings, path) ?? ""));
    if (changed.length === 0) return setDone(words.rooms.nothingToSave);
    setDone("");
    const answer = await desk.call("PATCH", "", changesOf(changed, typed));
    setFaults(answer.ok ? {} : faultsOf(answer, FIELDS.map(({ path }) => path)));
    if (!answer.ok) return;
    setTyped({});
    setDone(words.rooms.saved);
  };
  return html`
    <${Dialog} title=${`${words.rooms.roomSettings} · ${desk.room}`} test="settings-dialog" onClose=${onClose} wide>
      <form class="form" onSubmit=${save} novalidate autocomplete="off">
        ${GROUPS.map(
          (group) => html`<fieldset key=${group}>
            <legend>${words.rooms.groups[group]}</legend>
            <div class="pair">
              ${FIELDS.filter((field) => field.group === group).map(
                ({ path, sort }) => html`<${Field} key=${path} label=${words.rooms.fields[path]} path=${path} faults=${faults}
                  hint=${words.rooms.fieldHints[path]}>
                  <${Control} path=${path} sort=${sort} value=${valueOf(path)}
                    onChange=${(/** @type {string} */ value) => setTyped({ ...typed, [path]: value })} />
                <//>`,
              )}
            </div>
          </fieldset>`,
        )}
        <div class="row">
          <button class="primary" data-test="save-settings">${words.save}</button>
          <span class="done" role="status" data-test="settings-done">${done}</span>
        </div>
        <p class="fault" role="alert" data-test="settings-fault">${faults[""] ?? ""}</p>
      </form>
      <${TranslationCost} desk=${desk} />
      <${Switches} assistant=${assistant} />
      <div class="row ending">
        <button class="danger" onClick=${() => setDeleting(true)} data-test="delete-room">${words.rooms.deleteAsk}</button>
      </div>
    <//>
    ${deleting && html`<${DeleteRoom} desk=${desk} onClose=${() => setDeleting(false)} />`}
  `;
}

/** @param {{path: string, sort: Sort, value: string, onChange: (value: string) => void}} props */
function Control({ path, sort, value, onChange }) {
  const test = `setting-${path}`;
  if (sort === "choice")
    return html`<${Select} value=${value} options=${words.rooms.choices[path] ?? {}} test=${test} onPick=${onChange} />`;
  if (sort === "level")
    return html`<${Select} value=${value} options=${{ ...words.moderation.levels }} test=${test} onPick=${onChange} />`;
  const type = sort === "number" ? "number" : "text";
  return html`<input type=${type} step="any" value=${value} onInput=${input(onChange)} data-test=${test} />`;
}

/** @param {any} settings @param {string} path */
function read(settings, path) {
  return path.split(".").reduce((inner, name) => inner?.[name], settings);
}

/**
 * Make a body of what was typed: numbers become numbers, lists lists, paths maps. An emptied number is sent
 * as it is, and the server refuses it at its field.
 * @param {readonly {path: string, sort: Sort}[]} changed
 * @param {Record<string, string>} typed
 */
function changesOf(changed, typed) {
  /** @type {Record<string, any>} */ const body = {};
  for (const { path, sort } of changed) {
    const text = typed[path] ?? "";
    const isNumber = (sort === "number" || sort === "level") && text !== "";
    const [outer = "", inner] = path.split(".");
    const value = isNumber ? Number(text) : sort === "list" ? listOf(text) : text;
    if (inner === undefined) body[outer] = value;
    else body[outer] = { ...body[outer], [inner]: value };
  }
  return body;
}

/** @param {string} text */
function listOf(text) {
  const parts = text.split(/[,，、\s]+/);
  return parts.filter((part) => part !== "");
}
