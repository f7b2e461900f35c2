/** The producer's console: acts by HTTP, watches by the socket, both with the same token. */

import { element, setText, speak, words } from "../page.js";
import { ProgrammeClock } from "../sdk/clock.js";
import { call } from "../sdk/http.js";
import { forgetToken, keepToken, keptToken, roomFromQuery, tokenFromFragment } from "../sdk/identity.js";
import { enter, fold } from "../sdk/room.js";
import { LiveSocket } from "../sdk/socket.js";
import { statusText } from "../words.js";
import { CuePanel } from "./cues.js";
import { showGauges } from "./gauges.js";
import { ModerationPanel } from "./moderation.js";
import { PollForm } from "./poll_form.js";
import { PollList } from "./poll_list.js";
import { ProtectionPanel } from "./protection.js";

/** @import {Status} from "../sdk/connection.js" */
/** @import {Problem} from "../sdk/http.js" */
/** @import {RoomState} from "../sdk/room.js" */
/** @import {ServerMessage} from "../sdk/wire.js" */

const REFRESH_MS = 250;
const SLOW_REFRESH_MS = 2_000;

/**
 * How panels reach the server: a path inside the room, and the problem in words when it fails.
 * @typedef {(method: string, path: string, body?: unknown) => Promise<{ok: true, body: any} | Problem>} RoomCall
 */

speak();
const roomId = roomFromQuery();
const given = tokenFromFragment();
if (given !== undefined) keepToken("producer", roomId, given);
const token = given ?? keptToken("producer", roomId);
const gate = element("gate", HTMLFormElement);

setText(element("title", HTMLElement), `${words.console} · ${roomId}`);
document.title = `${words.console} · ${roomId}`;
gate.addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken("producer", roomId, element("gate-token", HTMLInputElement).value.trim());
  location.reload();
});
if (token === undefined) gate.hidden = false;
else run(token);

/** @param {string} bearer */
function run(bearer) {
  const clock = new ProgrammeClock();
  /** @type {RoomState | undefined} */ let room;
  /** @type {Status} */ let status = { phase: "connecting" };

  /** @type {RoomCall} */
  const roomCall = async (method, path, body) => {
    const answer = await call(method, `/v1/rooms/${encodeURIComponent(roomId)}${path}`, {
      token: bearer,
      body,
    });
    return answer.ok || answer.message ? answer : { ...answer, message: words.unreachable };
  };

  const polls = new PollList(roomCall);
  const moderation = new ModerationPanel(roomCall);
  const protection = new ProtectionPanel(roomCall);
  new PollForm(roomCall, (poll) => polls.add(poll));
  new CuePanel(roomCall);

  const refresh = () => {
    const line = element("status", HTMLElement);
    line.dataset["phase"] = status.phase;
    setText(line, statusText(words, status, performance.now()));
    if (!room) return;
    polls.show(room, clock.read(performance.now()));
    moderation.show(room);
    showGauges(room.gauges);
  };

  /** @param {ServerMessage} message @param {number} receivedAt */
  const take = (message, receivedAt) => {
    if (message.type === "welcome") {
      clock.heard(receivedAt, message.now);
      room = enter(message, room);
      element("desk", HTMLElement).hidden = false;
      protection.show(room.settings);
      void moderation.fetchHeld();
    } else if (message.type === "frame" && room) {
      clock.heard(receivedAt, message.now);
      room = fold(room, message);
      if (message.settings) protection.show(message.settings);
    } else if (message.type === "time") {
      clock.roundTrip(message.sent, receivedAt, message.now);
    } else if (message.type === "notice") {
      if (message.held) moderation.hold(message.held);
      if (message.code === "decided" && message.comment) moderation.decided(message.comment);
    }
  };

  const socket = new LiveSocket({
    room: roomId,
    identity: "given",
    token: bearer,
    onStatus: (now) => {
      status = now;
      if (now.phase === "ended") {
        if (now.code === 3000) forgetToken("producer", roomId);
        setText(element("gate-why", HTMLElement), statusText(words, now, 0));
        gate.hidden = false;
      }
      refresh();
    },
    onMessage: (message, _replayed, receivedAt) => take(message, receivedAt),
  });
  socket.start();
  setInterval(refresh, REFRESH_MS);
  setInterval(() => {
    if (status.phase !== "live" || !room) return;
    void polls.fetchHidden(room);
    void moderation.fetchHeld();
  }, SLOW_REFRESH_MS);
}
