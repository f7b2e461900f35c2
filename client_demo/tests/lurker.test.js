/** A viewer by segments, as a page has one: requests, and a socket while it takes part. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { decode, encode } from "@msgpack/msgpack";

import { connect, videoClock } from "../sdk/grandstand.js";
import { Origin } from "./origin.js";
import { NOW, comment, poll, welcome } from "./rooms.js";

const SILENCE_MS = 1_000;

/** @type {Origin} */ let origin;
/** @type {{path: string, method: string, token: string | null}[]} */ let asked;
/** @type {any[]} */ let open;
let sampled = 0.5;
let needsToken = false;

beforeEach(() => {
  origin = new Origin({ duration: 100 }); // so that nobody waits for long
  [asked, open, sampled, needsToken] = [[], [], 0.5, false];
  const began = performance.now();
  Object.defineProperty(origin, "now", { get: () => Math.floor(NOW + performance.now() - began) });
  mock.method(Math, "random", () => sampled);
  mock.method(globalThis, "fetch", async (/** @type {string} */ url, /** @type {any} */ options = {}) => {
    const path = url.replace("http://origin", "");
    const token = options.headers?.["Authorization"] ?? null;
    asked.push({ path, method: options.method ?? "GET", token });
    if (path.endsWith("/guests")) return Response.json({ token: "guest", viewer: {}, expires_at: 0 });
    if (path.endsWith("/present")) return new Response(null, { status: 204 });
    if (needsToken && token !== "Bearer new") return Response.json({ code: "unauthorized" }, { status: 401 });
    const { status, body, code, message, retryAfterMs } = origin.get(path);
    if (status === 0) throw new TypeError("no way to the server");
    const headers = retryAfterMs ? { "Retry-After": String(retryAfterMs / 1000) } : {};
    if (status !== 200) return Response.json({ code, detail: message }, { status, headers });
    return path.includes(".msgpack") ? new Response(encode(body)) : Response.json(body);
  });
});

afterEach(() => {
  for (const live of open) live.close();
  mock.restoreAll();
});

/** The server's end of a socket, for the same room. */
class Socket {
  /** @type {Socket[]} */ static all = [];
  heard = [];
  isClosed = false;

  constructor() {
    Socket.all.push(this);
    setTimeout(() => this.onopen());
  }

  say(message) {
    const bytes = encode(message);
    this.onmessage({ data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) });
  }

  send(bytes) {
    const message = decode(bytes);
    this.heard.push(message);
    if (message.type === "comment") {
      const { text, id } = message;
      const said = comment(`c-${text}`, { text, at: origin.now, user: "u1" });
      this.say({ type: "ack", id, status: "accepted", comment: said.id });
      this.say(origin.commit({ comments: [said] }));
    }
    if (message.type !== "hello") return;
    const { resume } = message;
    const all = origin.all();
    this.say(welcome({ epoch: origin.epoch, now: origin.now, offset: all.length, recovered: resume !== undefined }));
    for (const one of all) if (one.offset > (resume?.offset ?? Infinity)) this.say(one);
  }

  close() {
    this.isClosed = true;
  }
}

function enter(options = {}) {
  Socket.all = [];
  const viewer = { comments: [], statuses: [], clears: 0 };
  const live = connect({
    url: "http://origin",
    room: "gala",
    transport: "segments",
    silenceMs: SILENCE_MS,
    WebSocket: /** @type {any} */ (Socket),
    ...options,
  });
  open.push(live);
  live.on("comment", (due) => viewer.comments.push(due));
  live.on("status", ({ phase }) => viewer.statuses.push(phase));
  live.on("clear", () => (viewer.clears += 1));
  return { ...viewer, viewer, live, texts: () => viewer.comments.map((one) => one.comment.text) };
}

async function until(holds, what = holds.toString()) {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `never: ${what}`);
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

const has = (viewer, text) => until(() => viewer.texts().includes(text), text);

test("who watches has no socket and no token; who speaks has one, until it has been silent for a while", async () => {
  const ann = enter();
  await until(() => ann.live.status.phase === "live");
  assert.ok(ann.live.now() > origin.now - 100, "not as old as the snapshot");
  origin.say("by segment");
  await has(ann, "by segment");
  assert.deepEqual([Socket.all.length, asked.some(({ method, token }) => method !== "GET" || token)], [0, false]);
  assert.equal(ann.live.state?.viewer.id, undefined);

  const ack = await ann.live.comment("mine").answer;
  const [socket] = Socket.all;
  assert.deepEqual([ack.status, socket.heard[0].resume], ["accepted", { epoch: "e1", offset: 1 }]);
  assert.equal(ann.live.state?.viewer.id, "u1");
  const before = asked.length;
  socket.say(origin.say("by socket"));
  await until(() => ann.live.state?.recent.some(({ text }) => text === "by socket"));
  assert.ok(!socket.isClosed && asked.slice(before).every(({ path }) => !path.includes("/segments")), "the socket has taken over");

  await until(() => socket.isClosed);
  origin.say("by segment again");
  await has(ann, "by segment again");
  assert.equal(Socket.all.length, 1);
  const all = ["by segment", "by segment again", "by socket", "mine"];
  assert.deepEqual(ann.texts().sort(), all, "nothing twice");
  assert.deepEqual([ann.viewer.statuses, ann.viewer.clears], [["live"], 0]);
  assert.equal(ann.live.state?.viewer.id, "u1", "who the viewer is stays known");

  await ann.live.comment("once more").answer;
  assert.equal(Socket.all.length, 2);
  assert.ok(Socket.all[1]?.heard[0].resume.offset >= 4);
});

test("who follows somebody has a socket for as long", async () => {
  const ann = enter({ follow: ["athlete:1"], silenceMs: 20 });
  await until(() => Socket.all[0]?.heard.length > 0);
  const [socket] = Socket.all;
  assert.deepEqual(socket.heard[0].follow, ["athlete:1"]);
  await until(() => ann.live.now() > 0);
  const card = { id: "own", kind: "stats", at: Math.round(ann.live.now()) - 10_000, topic: "athlete:1", data: { v: 1 } };
  socket.say({ type: "frame", now: origin.now, overlays: [card] });
  await until(() => ann.live.followed().length === 1);
  assert.deepEqual(ann.live.overlays(), [card]);
  ann.live.follow([]);
  assert.deepEqual(ann.live.overlays(), []);
  await until(() => socket.isClosed);
  assert.throws(() => ann.live.follow(Array.from({ length: 101 }, (_, i) => `${i}`)), RangeError);
  assert.throws(() => ann.live.follow(["x".repeat(2_049)]), RangeError);
});

test("a socket that is lost leaves the viewer to the segments, and comes back for what is not answered", async () => {
  const ann = enter({ silenceMs: 60_000 });
  await until(() => ann.live.status.phase === "live");
  await ann.live.comment("mine").answer;
  const [first] = Socket.all;
  first.onclose({ code: 1006, reason: "" });
  assert.deepEqual(ann.viewer.statuses, ["live", "lost"]);
  origin.say("meanwhile");
  const { answer } = ann.live.comment("again");
  assert.equal((await answer).status, "accepted");
  await has(ann, "meanwhile");
  assert.deepEqual(ann.texts().sort(), ["again", "meanwhile", "mine"]);
});

test("a socket that ends for good ends it all, and what was said is answered", async () => {
  const ann = enter();
  await until(() => ann.live.status.phase === "live");
  const { answer } = ann.live.vote("p1", [0]);
  await until(() => Socket.all[0]?.heard.some(({ type }) => type === "vote"));
  Socket.all[0].onclose({ code: 3503, reason: "banned" });
  await assert.rejects(answer, { code: "closed" });
  assert.equal(ann.live.status.phase, "ended");
  const { length } = asked;
  await new Promise((wake) => setTimeout(wake, 0));
  assert.equal(asked.length, length);
});

test("gauges and tallies wait until the playhead has passed their time", async () => {
  origin.commit({ polls: [poll("p1")] });
  origin.tallies = [{ poll: "p1", tally: [1, 2], voters: 3 }];
  const ann = enter();
  await until(() => ann.live.state !== undefined);
  const of = ann.live.now();
  assert.equal(ann.live.state?.tallies.size, 0);
  await until(() => ann.live.state?.tallies.size === 1);
  assert.ok(ann.live.playhead() >= of - 200);
  assert.equal(ann.live.polls()[0]?.votes?.voters, 3);
  assert.equal(ann.live.state?.gauges.lurkers, 40);
});

test("one viewer in a hundred says that it is there", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  for (const [share, count] of [[0.5, 0], [0.005, 1]]) {
    sampled = share;
    const ann = enter();
    mock.timers.tick(30_000);
    assert.equal(asked.filter(({ path }) => path === "/v1/rooms/gala/present").length, count);
    mock.timers.tick(60_000);
    assert.equal(asked.filter(({ path }) => path === "/v1/rooms/gala/present").length, 2 * count);
    ann.live.close();
  }
  mock.timers.reset();
});

test("where guests may not watch, a token is asked for, and again once it is too old", async () => {
  needsToken = true;
  const tokens = ["old", "new"];
  const ann = enter({ token: async () => tokens.shift() ?? "new" });
  await until(() => ann.live.status.phase === "live");
  assert.deepEqual(asked.slice(0, 3).map(({ token }) => token), [null, "Bearer old", "Bearer new"]);
  const bo = enter({ token: "old" });
  await until(() => bo.live.status.phase === "ended");
  assert.equal(bo.live.status.code, 3000);
});

test("a picture that goes back is shown its own time, until it comes to live again", async () => {
  const began = origin.now;
  const video = { played: { length: 1 }, behindS: 0.1, get currentTime() { return (origin.now - began) / 1000 - this.behindS; } }; // prettier-ignore
  origin.commit({ settings: { title: "Gala", max_latency: 500 } });
  origin.say("then");
  const ann = enter({ clock: videoClock(/** @type {any} */ (video), { startsAt: began }) });
  await has(ann, "then");
  await until(() => origin.now - began > 8_000);
  origin.say("now");
  await has(ann, "now");
  assert.equal(ann.live.isReplay, false);
  const { length } = ann.viewer.comments;
  video.behindS = (origin.now - began) / 1000 - 0.01;
  await until(() => ann.viewer.comments.length > length);
  assert.equal(ann.live.isReplay, true);
  assert.deepEqual(ann.texts().slice(length), ["then"]);
  video.behindS = 0.1;
  await until(() => !ann.live.isReplay);
  assert.equal(ann.viewer.clears, 2);
});
