/** The rooms that this token may see: look, switch, create. */

import { useEffect, useState } from "preact/hooks";
import { call, roomCalls } from "../../sdk/grandstand.js";
import { Dialog } from "../dialog.js";
import { Field, faultsOf, input } from "../fields.js";
import { html } from "../html.js";
import { reasonOf } from "../problems.js";
import { words } from "../words.js";

/** @import {Desk} from "../desk.js" */
/** @import {Faults} from "../fields.js" */
/** @typedef {{room: string, settings: {title: string}, viewers: number, comments: number, polls: number}} Listed */

/** @param {{desk: Desk, onClose: () => void, onGo: (room: string) => void}} props */
export function Rooms({ desk, onClose, onGo }) {
  return html`
    <${Dialog} title=${words.rooms.heading} test="rooms-dialog" onClose=${onClose}>
      <${RoomList} desk=${desk} here=${desk.room} onGo=${(/** @type {string} */ room) => (room === desk.room ? onClose() : onGo(room))} />
    <//>
  `;
}

/**
 * The list, and the form for one more, which comes once the list moves it no more.
 * @param {{desk: Desk, here?: string, onGo: (room: string) => void}} props `here` is the room one is in
 */
export function RoomList({ desk, here, onGo }) {
  const [rooms, setRooms] = useState(/** @type {Listed[] | undefined} */ (undefined));
  const [isWhole, setWhole] = useState(false);
  const [fault, setFault] = useState("");
  useEffect(() => {
    void (async () => {
      /** @type {Listed[]} */
      const found = [];
      for (let after = ""; ; ) {
        const answer = await call("GET", `/v1/rooms?limit=500&after=${encodeURIComponent(after)}`, { token: desk.token });
        if (!answer.ok) return setFault(reasonOf(answer));
        found.push(...answer.body.rooms);
        setRooms([...found]);
        after = answer.body.next ?? "";
        if (!after) return setWhole(true);
      }
    })();
  }, [desk]);
  return html`
    <p class="fault" role="alert">${fault}</p>
    ${rooms?.length === 0 && html`<p class="quiet-text">${words.rooms.noRooms}</p>`}
    <ul class="rooms">
      ${rooms?.map(({ room, settings, viewers, comments, polls }) => html`<li key=${room}>
        <button onClick=${() => onGo(room)} data-test=${`room-${room}`} aria-current=${room === here ? "true" : undefined}>
          <span class="author">${settings.title || room}</span> <small>${room}</small>
          ${room === here && html` <b class="mark">${words.rooms.here}</b>`}
          <span class="quiet-text number">${words.rooms.roomCounts(viewers, comments, polls)}</span>
        </button>
      </li>`)}
    </ul>
    ${desk.isProducer && (isWhole || fault) && html`<${NewRoom} desk=${desk} onGo=${onGo} />`}
  `;
}

/** @param {{desk: Desk, onGo: (room: string) => void}} props */
function NewRoom({ desk, onGo }) {
  const [room, setRoom] = useState("");
  const [title, setTitle] = useState("");
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const create = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const id = room.trim();
    const answer = await roomCalls({ room: id, token: desk.token })("PUT", "", { title });
    if (answer.ok) onGo(id);
    else setFaults(faultsOf(answer, ["room", "title"]));
  };
  return html`<form class="form" onSubmit=${create} novalidate autocomplete="off">
    <h3>${words.rooms.newRoom}</h3>
    <div class="pair">
      <${Field} label=${words.rooms.roomId} path="room" faults=${faults}>
        <input value=${room} onInput=${input(setRoom)} data-test="new-room" autocapitalize="none" /><//>
      <${Field} label=${words.rooms.fields["title"]} path="title" faults=${faults}>
        <input value=${title} onInput=${input(setTitle)} data-test="new-title" /><//>
    </div>
    <button data-test="create-room">${words.rooms.create}</button>
    <p class="fault" role="alert">${faults[""] ?? ""}</p>
  </form>`;
}
