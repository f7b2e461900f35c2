/**
 * A transparent page for the broadcast's own picture: the poll of the moment and the room's pulse.
 * Watches without an identity unless the address brings `#token=`. What goes on air never speaks of
 * connections: while there is none, the last state stays.
 */

import { element, make, setText, speak, words } from "../page.js";
import { ProgrammeClock } from "../sdk/clock.js";
import { tokenFromFragment } from "../sdk/identity.js";
import { isAnswer, phaseOf, pollsToShow, shareOf } from "../sdk/polls.js";
import { enter, fold, votesOf } from "../sdk/room.js";
import { LiveSocket } from "../sdk/socket.js";

/** @import {Poll, ServerMessage} from "../sdk/wire.js" */
/** @import {RoomState} from "../sdk/room.js" */

const REFRESH_MS = 200;
const RESULT_MS = 20_000; // a result stays in the picture this long after the poll's end

speak();
const roomId = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "gala");
const token = tokenFromFragment();
const clock = new ProgrammeClock();
/** @type {RoomState | undefined} */ let room;
/** @type {{id: string, bars: {root: HTMLElement, fill: HTMLElement, tally: HTMLElement}[]} | undefined} */
let shown;
/** @type {Map<string, number>} when a poll's last change of status was seen, in programme time */
const changedAt = new Map();

const socket = new LiveSocket({
  room: roomId,
  identity: token === undefined ? "none" : "given",
  token,
  onStatus: () => {},
  onMessage: (message, _replayed, receivedAt) => take(message, receivedAt),
});

/** @param {ServerMessage} message @param {number} receivedAt */
function take(message, receivedAt) {
  if (message.type === "welcome") {
    clock.heard(receivedAt, message.now);
    room = enter(message, room);
    for (const poll of message.polls) if (!changedAt.has(poll.id)) changedAt.set(poll.id, poll.closes_at);
  } else if (message.type === "frame" && room) {
    clock.heard(receivedAt, message.now);
    room = fold(room, message);
    for (const poll of message.polls ?? []) changedAt.set(poll.id, message.now);
  } else if (message.type === "time") {
    clock.roundTrip(message.sent, receivedAt, message.now);
  }
}

function refresh() {
  if (!room) return;
  const now = clock.read(performance.now());
  const poll = pollsToShow(room.polls.values(), now).find((one) => onAir(one, now));
  element("poll", HTMLElement).hidden = !poll;
  if (poll) showPoll(room, poll, now);
  showPulse(room);
}

/** @param {Poll} poll @param {number} now */
function onAir(poll, now) {
  const phase = phaseOf(poll, now);
  if (phase === "open" || phase === "counting") return true;
  return phase !== "cancelled" && now - (changedAt.get(poll.id) ?? poll.closes_at) < RESULT_MS;
}

/** @param {RoomState} state @param {Poll} poll @param {number} now */
function showPoll(state, poll, now) {
  const phase = phaseOf(poll, now);
  element("poll", HTMLElement).dataset["status"] = phase;
  setText(element("question", HTMLElement), poll.question);
  if (shown?.id !== poll.id) shown = { id: poll.id, bars: buildBars(poll) };
  const votes = votesOf(state, poll);
  shown.bars.forEach(({ root, fill, tally }, index) => {
    const share = votes ? shareOf(votes, index) : 0;
    fill.style.width = `${share * 100}%`;
    setText(tally, votes ? `${Math.round(share * 100)} %` : "");
    tally.dataset["votes"] = votes ? String(votes.tally[index] ?? 0) : "";
    root.classList.toggle("right", isAnswer(poll, index));
  });
  const left = Math.max(0, Math.ceil((poll.closes_at - now) / 1000));
  const doing = phase === "open" ? words.secondsLeft(left) : words.pollStates[phase];
  setText(element("foot", HTMLElement), votes ? `${doing} · ${words.voters(votes.voters)}` : doing);
}

/** @param {Poll} poll */
function buildBars(poll) {
  const bars = poll.options.map((option, index) => {
    const fill = make("span", { class: "fill" });
    const tally = make("span", { class: "tally", test: `tally-${index}` });
    const text = make("span", { text: option.text, class: "text" });
    return { root: make("li", {}, [fill, text, tally]), fill, tally };
  });
  element("bars", HTMLElement).replaceChildren(...bars.map((bar) => bar.root));
  return bars;
}

/** @param {RoomState} state */
function showPulse(state) {
  const { viewers, pulse } = state.gauges;
  element("pulse", HTMLElement).hidden = false;
  setText(element("viewers", HTMLElement), words.viewers(viewers));
  element("excitement", HTMLElement).style.width = `${(pulse?.excitement ?? 0) * 100}%`;
}

socket.start();
setInterval(refresh, REFRESH_MS);
