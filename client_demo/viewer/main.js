/** The viewer's page: puts connection, clock, room, stage, bullets, composer and polls together. */

import { element, make, setText, speak, words } from "../page.js";
import { ProgrammeClock } from "../sdk/clock.js";
import { keepToken, keptToken, messageId, roomFromQuery, tokenFromFragment } from "../sdk/identity.js";
import { enter, fold, recovers } from "../sdk/room.js";
import { LiveSocket } from "../sdk/socket.js";
import { errorText, statusText } from "../words.js";
import { emMeasure, paintBullets } from "./bullets.js";
import { sharpCanvas } from "./canvas.js";
import { Composer } from "./composer.js";
import { BulletField } from "./lanes.js";
import { PollCards } from "./polls.js";
import { paintStage } from "./stage.js";

/** @import {Comment, CommentMessage, ServerMessage, VoteMessage} from "../sdk/wire.js" */
/** @import {Status} from "../sdk/connection.js" */
/** @import {RoomState} from "../sdk/room.js" */

const REFRESH_MS = 100;
const PICTURE_MS = 50; // slow light needs no more; the screen's own rate is for the bullets

speak();
const roomId = roomFromQuery();
const behindMs = Number(new URLSearchParams(location.search).get("behind")) || 0;
const clock = new ProgrammeClock();
const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");
const field = new BulletField(emMeasure());
const picture = sharpCanvas(element("picture", HTMLCanvasElement));
const bullets = sharpCanvas(element("bullets", HTMLCanvasElement));
/** @type {RoomState | undefined} */ let room;
let pictureAt = -Infinity;
/** @type {Status} */ let status = { phase: "connecting" };

/** The viewer's own moment of the broadcast; `?behind=` (ms) plays a viewer behind live. */
const playhead = () => clock.read(performance.now()) - behindMs;

const given = tokenFromFragment();
if (given !== undefined) keepToken("given", roomId, given);
const mine = given ?? keptToken("given", roomId);
const socket = new LiveSocket({
  room: roomId,
  identity: mine === undefined ? "guest" : "given",
  token: mine ?? keptToken("guest", roomId),
  onToken: (token) => keepToken("guest", roomId, token),
  onStatus: (now) => {
    status = now;
    composer.connected(now.phase === "live");
    showStatus();
  },
  onMessage: take,
});

const composer = new Composer((text, { mode, size, color }) => {
  const at = playhead();
  /** @type {CommentMessage} */
  const message = {
    type: "comment",
    id: messageId(),
    text,
    ...(Number.isFinite(at) && { at: Math.round(at) }),
    ...(mode !== "scroll" && { mode }),
    ...(size !== "normal" && { size }),
    ...(color !== 0xffffff && { color }),
  };
  socket.submit(message);
  return message;
});

const cards = new PollCards(
  element("polls", HTMLElement),
  element("no-poll", HTMLElement),
  (poll, choices) => {
    /** @type {VoteMessage} */
    const message = { type: "vote", id: messageId(), poll, choices, at: Math.round(playhead()) };
    socket.submit(message);
    return message;
  },
);

/** @param {ServerMessage} message @param {boolean} replayed @param {number} receivedAt */
function take(message, replayed, receivedAt) {
  switch (message.type) {
    case "welcome": {
      clock.heard(receivedAt, message.now);
      if (room && room.epoch !== message.epoch) field.clear();
      const history = recovers(message, room) ? [] : message.recent;
      room = enter(message, room);
      for (const comment of history) fly(comment, true);
      composer.rule(room.settings, room.viewer.role);
      break;
    }
    case "frame":
      clock.heard(receivedAt, message.now);
      if (!room) break;
      room = fold(room, message);
      for (const comment of message.comments ?? []) fly(comment, replayed);
      for (const id of message.retract ?? []) field.retract(id);
      if (message.settings) composer.rule(room.settings, room.viewer.role);
      break;
    case "ack": {
      const own = composer.acknowledged(message);
      if (own && message.status === "accepted" && message.comment !== undefined)
        flyOwn(message.comment, own);
      else cards.acknowledged(message);
      break;
    }
    case "error":
      if (!composer.refused(message) && !cards.refused(message))
        tell(message.code, errorText(words, message));
      break;
    case "time":
      clock.roundTrip(message.sent, receivedAt, message.now);
      break;
    case "notice":
      composer.noticed(message);
  }
  refresh();
}

/** @param {Comment} comment @param {boolean} history */
function fly(comment, history) {
  const own = room?.viewer.id !== undefined && comment.user === room.viewer.id;
  field.add(calmed(comment), { playhead: playhead(), own, history });
}

/** For those who asked their system for less motion nothing crosses the stage. @param {Comment} comment */
function calmed(comment) {
  return lessMotion.matches && (comment.mode ?? "scroll") === "scroll"
    ? { ...comment, mode: /** @type {const} */ ("top") }
    : comment;
}

/** One's own comment at once, from its ack: its frame may never bring it. @param {string} id @param {CommentMessage} message */
function flyOwn(id, message) {
  const { text, mode, size, color } = message;
  const comment = { id, at: message.at ?? playhead(), user: "", name: "", text, weight: 10 };
  const look = { ...(mode && { mode }), ...(size && { size }), ...(color !== undefined && { color }) };
  field.add(calmed({ ...comment, ...look }), { playhead: playhead(), own: true, history: false });
}

/** @param {string} code @param {string} text */
function tell(code, text) {
  const line = element("own-status", HTMLElement);
  line.dataset["code"] = code;
  line.replaceChildren(make("strong", { text }));
}

function showStatus() {
  const line = element("status", HTMLElement);
  line.dataset["phase"] = status.phase;
  setText(line, statusText(words, status, performance.now()));
}

function refresh() {
  showStatus();
  if (!room) return;
  document.title = room.settings.title ?? room.room;
  setText(element("title", HTMLElement), room.settings.title ?? room.room);
  setText(element("viewers", HTMLElement), words.viewers(room.gauges.viewers));
  const name = room.viewer.name;
  setText(element("me", HTMLElement), name ? words.youAre(name) : words.watching);
  if (clock.known) cards.show(room, playhead());
}

/** @param {number} local ms */
function paint(local) {
  const now = playhead();
  if (local - pictureAt >= PICTURE_MS) {
    pictureAt = local;
    paintStage(picture.context, now, picture.size());
  }
  if (clock.known) paintBullets(bullets.context, field.at(now, bullets.size()), bullets.size());
  requestAnimationFrame(paint);
}

/** What tests and the curious may look at. */
Object.assign(window, {
  grandstand: {
    state: () => ({ status, room, playhead: playhead(), unacknowledged: socket.core.unacknowledged }),
    bullets: () =>
      field
        .at(playhead(), bullets.size())
        .map(({ id, text, x, y, own, count }) => ({ id, text, x, y, own, count })),
  },
});

socket.start();
setInterval(refresh, REFRESH_MS);
requestAnimationFrame(paint);
