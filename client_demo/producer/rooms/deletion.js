/** The dialog that deletes a room, and the page that takes the desk's place afterwards. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { viewersOf } from "../../sdk/grandstand.js";
import { Dialog } from "../dialog.js";
import { input } from "../fields.js";
import { html } from "../html.js";
import { reasonOf } from "../problems.js";
import { words } from "../words.js";
import { RoomList } from "./rooms.js";

/** @import {Desk} from "../desk.js" */

/** @param {{desk: Desk, onClose: () => void}} props */
export function DeleteRoom({ desk, onClose }) {
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const isMeant = typed.trim() === desk.room;
  const viewers = viewersOf(desk.state?.gauges);
  const remove = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!isMeant || isBusy) return;
    setBusy(true);
    setFault("");
    const answer = await desk.deleteRoom();
    setBusy(false);
    if (!answer.ok) setFault(words.notDone(reasonOf(answer)));
  };
  return html`
    <${Dialog} title=${words.rooms.deleteRoom} test="delete-dialog" onClose=${onClose}>
      <form class="form" onSubmit=${remove} novalidate autocomplete="off">
        <div class="deletion" id="deletion">
          <p><b class="author">${desk.settings.title || desk.room}</b></p>
          <p>${words.rooms.deleteLoses}</p>
          ${viewers > 1 && html`<p data-test="delete-viewers">${words.rooms.deleteSends(viewers)}</p>`}
          <p><strong>${words.rooms.deleteForGood}</strong> ${words.rooms.deleteExport}</p>
        </div>
        <label class="field">
          <span>${words.rooms.typeRoom} <code data-test="delete-name">${desk.room}</code></span>
          <input value=${typed} onInput=${input(setTyped)} autofocus autocapitalize="none" autocorrect="off"
            spellcheck=${false} aria-describedby="deletion" data-test="delete-typed" />
        </label>
        <div class="row">
          <button class="primary danger" disabled=${!isMeant} aria-busy=${isBusy} data-test="delete-yes"
            >${isBusy ? words.rooms.deleting : words.rooms.deleteYes}</button>
          <button type="button" onClick=${onClose} data-test="delete-no">${words.rooms.deleteNo}</button>
        </div>
        <p class="fault" role="alert" data-test="delete-fault">${fault}</p>
      </form>
    <//>
  `;
}

/**
 * Say that the room is deleted, and offer the other rooms.
 * @param {{desk: Desk, onGo: (room: string) => void, onLeave: () => void}} props
 */
export function Deleted({ desk, onGo, onLeave }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useLayoutEffect(() => heading.current?.focus(), []);
  return html`
    <main class="gate">
      <div class="panel" data-test="deleted">
        <p class="eyebrow">Grandstand</p>
        <h1 class="author" ref=${heading} tabindex="-1" data-test="deleted-which"
          >${words.rooms.roomDeleted(desk.settings.title || desk.room)}</h1>
        <h2>${words.rooms.heading}</h2>
        <${RoomList} desk=${desk} onGo=${onGo} />
        <div class="row"><button class="quiet" onClick=${onLeave} data-test="another-token">${words.anotherToken}</button></div>
      </div>
    </main>
  `;
}
