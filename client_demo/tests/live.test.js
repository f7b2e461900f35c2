/** The SDK against the real server, through a proxy that does what networks do. */

import assert from "node:assert/strict";
import { after, before, describe, mock, test } from "node:test";

import { encode } from "@msgpack/msgpack";
import WebSocket from "ws";

import { RefusedError, connect, roomCalls, roomClock, videoClock } from "../sdk/grandstand.js";
import { CUT_BEFORE, CUT_INSIDE, LOSE, PASS, Proxy, TWICE, serverFrame } from "./proxy.js";
import { Server } from "./server.js";

/** Without compression, so that the proxy can tell messages apart. */
class PlainSocket extends WebSocket {
  constructor(url, subprotocol) {
    super(url, subprotocol, { perMessageDeflate: false });
  }
}

const server = new Server();
const QUESTION = { kind: "single", question: "Which?", options: [{ text: "a" }, { text: "b" }], duration: 60 };
let rooms = 0;

before(async () => {
  mock.method(Math, "random", () => 0.1); // backoff of 50 ms, then 100 …
  await server.start();
});
after(() => server.end());

const newRoom = (settings) => server.room(`room-${(rooms += 1)}`, settings);

/** A test with a proxy of its own and the viewers who came in its course. */
function show(name, play) {
  test(name, async () => {
    const proxy = await new Proxy(server.port).start();
    const open = [];
    try {
      await play({ proxy, enter: (room, options) => enter(open, room, { via: proxy, ...options }) });
    } finally {
      for (const viewer of open) viewer.live.close();
      await proxy.end();
    }
  });
}

/** A viewer who is in the room, and all that came to them. */
async function enter(open, room, { via, ...options }) {
  const viewer = { comments: [], cues: [], retracted: [], received: [], clears: 0, statuses: [] };
  viewer.live = connect({ url: via.url, room, WebSocket: PlainSocket, lang: "en", ...options });
  open.push(viewer);
  viewer.live.on("comment", (due) => viewer.comments.push({ ...due, playhead: viewer.live.playhead() }));
  viewer.live.on("state", ({ recent }) => {
    const known = new Set(viewer.received);
    viewer.received.push(...recent.map((one) => one.text).filter((text) => !known.has(text)));
  });
  viewer.live.on("cue", (cue) => viewer.cues.push(cue));
  viewer.live.on("retract", (id) => viewer.retracted.push(id));
  viewer.live.on("clear", () => (viewer.clears += 1));
  viewer.live.on("status", (status) => viewer.statuses.push(status));
  await until(() => viewer.live.status.phase !== "connecting");
  return viewer;
}

async function until(holds, what = holds.toString()) {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `never: ${what}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

/** How fast somebody talks; nothing else waits by the clock. */
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
const texts = (viewer) => viewer.comments.map((one) => one.comment.text);
const numbers = (count) => Array.from({ length: count }, (_, i) => `nr ${i}`);

/** Says so many things, one after the other, each acknowledged or not. */
async function say(viewer, count, everyMs = 25) {
  const answers = [];
  for (const text of numbers(count)) {
    answers.push(viewer.live.comment(text).answer);
    await pause(everyMs);
  }
  return answers;
}

const LAST = "the last of all";

/** Says one thing more and waits until all of them have seen it: what came before it has come. */
async function saysLast(talker, ...seers) {
  const ack = await talker.live.comment(LAST).answer;
  await until(() => seers.every((seer) => texts(seer).includes(LAST)));
  return ack;
}

describe("through a proxy", { concurrency: 4 }, () => {
  show("a line cut inside frames, again and again, loses nothing, repeats nothing, keeps the order", async ({ proxy, enter }) => {
    const room = await newRoom();
    const watcher = await enter(room);
    const talker = await enter(room, { via: server });
    let frames = 0;
    proxy.toClient = (frame) => {
      const cuts = frame.message?.comments && (frames += 1) % 3 === 0 && frames < 16;
      return cuts ? CUT_INSIDE(frame) : PASS(frame);
    };
    const acks = await Promise.all(await say(talker, 80));
    assert.ok(acks.every((ack) => ack.status === "accepted"));
    await saysLast(talker, watcher);
    assert.deepEqual(texts(watcher), [...numbers(80), LAST]);
    assert.equal(new Set(watcher.comments.map((one) => one.comment.id)).size, 81);
    assert.ok(proxy.sockets >= 5, `${proxy.sockets} sockets`);
    assert.equal(watcher.clears, 0);
  });

  show("one's own comments come once each, whether their acks or their frames are lost", async ({ proxy, enter }) => {
    const room = await newRoom();
    const talker = await enter(room);
    const watcher = await enter(room, { via: server });
    let acks = 0;
    proxy.toClient = (frame) => {
      const cuts = frame.message?.type === "ack" && (acks += 1) % 4 === 0 && acks < 13;
      return cuts ? CUT_BEFORE(frame) : PASS(frame);
    };
    const answers = await Promise.all(await say(talker, 30));
    answers.push(await saysLast(talker, watcher, talker));
    assert.deepEqual(texts(watcher).sort(), [...numbers(30), LAST].sort());
    assert.deepEqual(texts(talker).sort(), [...numbers(30), LAST].sort());
    assert.ok(talker.comments.every((one) => one.own));
    assert.deepEqual(
      new Set(answers.map((ack) => ack.comment)),
      new Set(watcher.comments.map((one) => one.comment.id)),
    );
    assert.deepEqual(talker.live.unacknowledged, []);
    assert.ok(proxy.sockets >= 4);
  });

  show("a vote that was counted before its ack got lost is counted once", async ({ proxy, enter }) => {
    const room = await newRoom();
    const { id } = await server.produce("POST", `/v1/rooms/${room}/polls`, QUESTION);
    const voter = await enter(room);
    await until(() => voter.live.polls().length === 1);
    const lost = proxy.once("toClient", (message) => message?.type === "ack", CUT_BEFORE);
    const { answer } = voter.live.vote(id, [1]);
    await lost;
    assert.equal((await answer).status, "accepted");
    assert.ok(voter.statuses.some((status) => status.phase === "lost"));
    await assert.rejects(voter.live.vote(id, [0]).answer, { code: "already_voted" });
    const poll = await server.produce("GET", `/v1/rooms/${room}/polls/${id}`);
    assert.deepEqual([poll.tally, poll.voters], [[0, 1], 1]);
    await until(() => voter.live.polls()[0]?.votes?.voters === 1);
  });

  show("a line that says everything twice, both ways, changes nothing", async ({ proxy, enter }) => {
    const room = await newRoom();
    const { id } = await server.produce("POST", `/v1/rooms/${room}/polls`, QUESTION);
    const talker = await enter(room);
    const watcher = await enter(room);
    proxy.toClient = TWICE;
    proxy.toServer = TWICE;
    const answers = await say(talker, 30);
    answers.push(talker.live.vote(id, [0]).answer);
    await Promise.all(answers);
    await server.produce("POST", `/v1/rooms/${room}/cues`, { name: "fire" });
    await until(() => watcher.cues.length > 0 && talker.cues.length > 0);
    await saysLast(talker, watcher, talker);
    assert.deepEqual(texts(watcher), [...numbers(30), LAST]);
    assert.deepEqual(texts(talker).sort(), [...numbers(30), LAST].sort());
    assert.deepEqual([watcher.cues.length, talker.cues.length], [1, 1]);
    const poll = await server.produce("GET", `/v1/rooms/${room}/polls/${id}`);
    assert.deepEqual([poll.tally, poll.voters], [[1, 0], 1]);
    assert.equal(proxy.sockets, 2);
  });

  show("a slow line keeps the order, and its clock is as good as its round trip allows", async ({ proxy, enter }) => {
    const room = await newRoom();
    proxy.delayMs = 150;
    let roundTrips = 0;
    proxy.toClient = (frame) => {
      if (frame.message?.type === "time") roundTrips += 1;
      return PASS(frame);
    };
    const slow = await enter(room);
    const near = await enter(room, { via: server });
    await until(() => roundTrips >= 3);
    await Promise.all([...(await say(near, 20)), slow.live.comment("from afar").answer]);
    await until(() => slow.comments.length >= 21);
    assert.deepEqual(texts(slow).filter((text) => text !== "from afar"), numbers(20));
    assert.ok(slow.live.latency().p50 >= 100, JSON.stringify(slow.live.latency()));
    const off = slow.live.now() - near.live.now();
    assert.ok(Math.abs(off) <= 160, `${off} ms`);
  });

  show("a frame that got lost is fetched by a resume, in its place", async ({ proxy, enter }) => {
    const room = await newRoom();
    const watcher = await enter(room);
    const talker = await enter(room, { via: server });
    await talker.live.comment("before").answer;
    await until(() => watcher.comments.length === 1);
    const lost = proxy.once("toClient", (message) => message?.comments, LOSE);
    await talker.live.comment("lost").answer;
    await lost;
    await talker.live.comment("after").answer;
    await until(() => watcher.comments.length >= 3);
    assert.deepEqual(texts(watcher), ["before", "lost", "after"]);
  });

  show("what can't be read, or is of the wrong type, neither ends the connection nor hides what follows", async ({ proxy, enter }) => {
    const room = await newRoom();
    const watcher = await enter(room);
    const talker = await enter(room, { via: server });
    const before = proxy.sockets;
    const message = (value) => serverFrame(2, Buffer.from(encode(value)));
    const rubbish = [
      serverFrame(2, Buffer.from([0xc1, 0xff, 0x00])),
      serverFrame(2, Buffer.alloc(0)),
      serverFrame(1, Buffer.from("hello")),
      message([1, 2]),
      message({ type: "confetti", amount: 9 }),
      message({ type: 7 }),
      message({ type: "frame", now: "soon", comments: 5, gauges: [], tallies: { a: 1 }, head: "x" }),
      message({ type: "frame", comments: [null, 5, { id: 3 }], polls: [{ id: "p" }], settings: 3 }),
      message({ type: "welcome", epoch: 5 }),
      message({ type: "error", id: {}, code: null }),
      message({ type: "ack", id: "unknown" }),
      message({ type: "time", id: "t1", sent: -1e15, now: 1e15 }),
      message({ type: "notice", held: 3 }),
    ];
    proxy.toClient = (frame) => ({ bytes: [...rubbish, frame.bytes] });
    await Promise.all(await say(talker, 10));
    await until(() => watcher.comments.length >= 10);
    assert.deepEqual(texts(watcher), numbers(10));
    assert.equal(proxy.sockets, before);
    assert.ok(Math.abs(watcher.live.now() - talker.live.now()) < 5_000);
    assert.equal(watcher.live.state.settings.guests, "vote");
  });

  show("viewers near and far behind live each see a thing at its moment, and never before", async ({ proxy, enter }) => {
    const room = await newRoom();
    const near = await enter(room, { via: server, clock: roomClock({ behindMs: 300 }) });
    const far = await enter(room, { via: server, clock: roomClock({ behindMs: 1_500 }) });
    const cued = server.produce("POST", `/v1/rooms/${room}/cues`, { name: "fire" });
    await Promise.all([...(await say(near, 40)), cued]);
    await until(() => far.comments.length >= 40 && far.cues.length === 1 && near.cues.length === 1);
    assert.deepEqual(texts(far), numbers(40));
    for (const { comment, playhead, lateMs } of [...near.comments, ...far.comments]) {
      assert.ok(comment.at <= playhead && lateMs >= 0);
      assert.ok(far.live.playhead() < near.live.playhead());
    }
    assert.ok(near.comments.every((one) => one.own) && !far.comments.some((one) => one.own));
  });

  show("a poll is there when one's own playhead reaches it, and its result when it was revealed", async ({ proxy, enter }) => {
    const room = await newRoom();
    const far = await enter(room, { via: server, clock: roomClock({ behindMs: 1_000 }) });
    const quiz = { ...QUESTION, kind: "quiz", answer: 1, grace: 0 };
    const { id, opens_at: opensAt } = await server.produce("POST", `/v1/rooms/${room}/polls`, quiz);
    await until(() => far.live.state.polls.has(id));
    const early = far.live.playhead() < opensAt;
    assert.ok(!early || far.live.polls().length === 0);
    await until(() => far.live.polls()[0]?.phase === "open");
    await server.produce("POST", `/v1/rooms/${room}/polls/${id}/close`);
    await until(() => far.live.state.polls.get(id).final);
    const [waiting] = far.live.polls();
    if (far.live.playhead() < far.live.state.steps.get(id).closed.at) assert.equal(waiting.phase, "counting");
    await server.produce("POST", `/v1/rooms/${room}/polls/${id}/reveal`);
    await until(() => far.live.state.polls.get(id).status === "revealed");
    const revealedAt = far.live.state.steps.get(id).revealed.at;
    await until(() => {
      const [seen] = far.live.polls();
      if (seen.phase === "revealed") return true;
      assert.equal(seen.poll.answer, undefined);
      return false;
    });
    assert.ok(far.live.playhead() >= revealedAt);
    assert.equal(far.live.polls()[0].poll.answer, 1);
  });

  show("who winds the picture back from behind the end of a poll can't vote in it; who never saw the end can", async ({ enter }) => {
    const room = await newRoom();
    const now = Date.now();
    const over = { ...QUESTION, duration: undefined, opens_at: now - 20_000, closes_at: now - 6_000 };
    const { id } = await server.produce("POST", `/v1/rooms/${room}/polls`, over);
    const picture = (/** @type {number} */ behindS) => ({
      behindS,
      played: { length: 1 },
      get currentTime() {
        return (Date.now() - now) / 1000 - this.behindS;
      },
    });
    const [near, far] = [picture(0.1), picture(8)];
    const clockOf = (/** @type {any} */ video) => videoClock(video, { startsAt: now });
    const winder = await enter(room, { via: server, clock: clockOf(near) });
    const patient = await enter(room, { via: server, clock: clockOf(far) });
    await until(() => !Number.isNaN(winder.live.playhead()));
    near.behindS = 8;
    await until(() => winder.clears > 0);
    await assert.rejects(winder.live.vote(id, [0]).answer, (fault) => fault.code === "poll_not_open");
    assert.equal((await patient.live.vote(id, [0]).answer).status, "accepted");
  });

  show("where a picture is, is told as soon as it plays", async ({ proxy, enter }) => {
    const room = await newRoom();
    const said = [];
    proxy.toServer = (frame) => {
      if (frame.message?.type === "time") said.push(frame.message.at);
      return PASS(frame);
    };
    const video = { currentTime: 0, played: { length: 0 } };
    const startsAt = Date.now();
    await enter(room, { clock: videoClock(video, { startsAt }) });
    await until(() => said.length >= 4);
    assert.deepEqual(new Set(said), new Set([undefined]));
    const began = performance.now();
    video.played.length = 1;
    await until(() => said.includes(startsAt));
    assert.ok(performance.now() - began < 20_000, "not with the next regular one");
  });

  show("a viewer far behind live lets its frames wait, sees everything at its moment, and takes that back as it comes nearer", async ({ proxy, enter }) => {
    const room = await newRoom();
    const said = [];
    proxy.toServer = (frame) => {
      if (frame.message?.patience !== undefined) said.push(frame.message.patience);
      return PASS(frame);
    };
    const startsAt = Date.now();
    const picture = {
      behindS: 8,
      played: { length: 1 },
      get currentTime() {
        return (Date.now() - startsAt) / 1000 - this.behindS;
      },
    };
    const far = await enter(room, { clock: videoClock(/** @type {any} */ (picture), { startsAt }) });
    const talker = await enter(room, { via: server });
    await until(() => said.length > 0);
    await Promise.all(await say(talker, 40));
    await until(() => far.comments.length >= 40);
    assert.deepEqual(texts(far), numbers(40));
    assert.ok(far.comments.every(({ comment, playhead, lateMs }) => comment.at <= playhead && lateMs >= 0));
    picture.behindS = 0.1;
    await until(() => said.length > 1);
    assert.deepEqual(said, [1_000, 0]); // the room allows no more
    await talker.live.comment("now").answer;
    await until(() => texts(far).includes("now"));
  });

  show("a retracted comment goes at once, and never comes to one who has yet to reach it", async ({ proxy, enter }) => {
    const room = await newRoom();
    const far = await enter(room, { via: server, clock: roomClock({ behindMs: 60_000 }) });
    const talker = await enter(room, { via: server });
    const { at, answer } = talker.live.comment("oh no");
    const { comment } = await answer;
    await until(() => far.received.length === 1);
    await talker.live.comment("oh yes").answer;
    await server.produce("POST", `/v1/rooms/${room}/comments/${comment}/retract`);
    await until(() => far.retracted.length === 1 && far.received.length === 2);
    assert.deepEqual(far.comments, []);
    far.live.useClock(roomClock({ behindMs: far.live.now() - at + 500 }));
    await until(() => far.comments.length > 0);
    assert.deepEqual([far.retracted, texts(far)], [[comment], ["oh yes"]]);
  });

  show("a highlight that was deleted is told as retracted, and no other", async ({ proxy, enter }) => {
    const room = await newRoom();
    const watcher = await enter(room);
    const told = (/** @type {string} */ id, /** @type {number} */ strength) => ({ id, kind: "highlight", at: 1, data: { strength } });
    const overlays = [told("highlight-1", 3), told("highlight-2", 0), { ...told("card", 0), kind: "stats" }];
    const frame = { type: "frame", now: watcher.live.now(), overlays };
    proxy.toClient = ({ bytes }) => ({ bytes: [serverFrame(2, Buffer.from(encode(frame))), bytes] });
    await until(() => watcher.retracted.length > 0);
    assert.deepEqual([...new Set(watcher.retracted)], ["highlight-2"]);
  });

  show("one who was banned is told so and doesn't come back, and what they said last is answered", async ({ proxy, enter }) => {
    const room = await newRoom();
    const rude = await enter(room);
    const { id } = rude.live.state.viewer;
    proxy.toServer = LOSE;
    const { answer } = rude.live.comment("never arrives");
    await server.produce("POST", `/v1/rooms/${room}/viewers/${id}/ban`);
    await until(() => rude.live.status.phase === "ended");
    assert.equal(rude.live.status.code, 3503);
    await assert.rejects(answer, (error) => error instanceof RefusedError && error.code === "closed");
    await assert.rejects(rude.live.comment("again").answer, { code: "closed" });
  });

  show("a token that is refused is asked for anew; a given one ends it, as a room that isn't does", async ({ proxy, enter }) => {
    const room = await newRoom();
    const tokens = [server.token("ann", { lifetimeS: -60 }), server.token("ann")];
    const asked = await enter(room, { token: async () => tokens.shift() ?? null });
    await until(() => asked.live.status.phase === "live");
    assert.deepEqual([asked.live.state.viewer.name, tokens.length], ["ann", 0]);
    const given = await enter(room, { token: server.token("bo", { lifetimeS: -60 }) });
    await until(() => given.live.status.phase === "ended");
    assert.equal(given.live.status.code, 3000);
    const nowhere = await enter("no-such-room", { token: server.token("cy") });
    await until(() => nowhere.live.status.phase === "ended");
    assert.equal(nowhere.live.status.code, 4004);
  });

  show("a guest's token comes once, and is taken back after a reload", async ({ proxy, enter }) => {
    const room = await newRoom();
    let guest;
    const first = await enter(room, { onGuestToken: (told) => (guest = told) });
    await until(() => first.live.status.phase === "live");
    assert.deepEqual(guest.viewer.id, first.live.state.viewer.id);
    const again = await enter(room, { guestToken: guest.token, onGuestToken: () => assert.fail("a new guest") });
    await until(() => again.live.status.phase === "live");
    assert.equal(again.live.state.viewer.id, first.live.state.viewer.id);
  });

  show("who watches without an identity sees all and says nothing", async ({ proxy, enter }) => {
    const room = await newRoom();
    const watcher = await enter(room, { token: null });
    const talker = await enter(room, { via: server });
    await talker.live.comment("hello").answer;
    await until(() => watcher.comments.length === 1);
    await assert.rejects(watcher.live.comment("hello").answer, { code: "unauthorized" });
  });

  show("calls reach the room's own paths, with the token", async ({ proxy, enter }) => {
    const room = await newRoom();
    const call = roomCalls({ url: server.url, room, token: server.token("p", { role: "producer" }) });
    const made = await call("POST", "/polls", QUESTION);
    assert.equal(made.ok && made.body.question, "Which?");
    const refused = await call("POST", "/polls", { ...QUESTION, options: [] });
    assert.deepEqual([refused.ok, refused.status], [false, 422]);
  });

  show("what one handler throws stops neither the others nor the connection", async ({ proxy, enter }) => {
    const room = await newRoom();
    const viewer = await enter(room, { via: server });
    const logged = mock.method(console, "error", () => {});
    const off = viewer.live.on("state", () => {
      throw new Error("a page's fault");
    });
    await Promise.all(await say(viewer, 3));
    await until(() => viewer.comments.length === 3 && logged.mock.callCount() > 0);
    off();
    assert.equal(viewer.live.status.phase, "live");
  });
});

show("a server that restarts gets what was said meanwhile, and nobody misses or sees a thing twice", async ({ proxy, enter }) => {
  const room = await newRoom();
  const talker = await enter(room, { via: server });
  const watcher = await enter(room, { via: server, WebSocket });
  await talker.live.comment("before").answer;
  await until(() => watcher.comments.length === 1);
  await server.stop();
  await until(() => talker.live.status.phase === "lost" && watcher.live.status.phase === "lost");
  const { answer } = talker.live.comment("meanwhile");
  assert.equal(talker.live.unacknowledged.length, 1);
  await server.start();
  assert.equal((await answer).status, "accepted");
  await talker.live.comment("after").answer;
  // What a long restart made too old to fly is known all the same.
  await until(() => texts(watcher).includes("after") && watcher.received.length >= 3);
  assert.deepEqual(watcher.received, ["before", "meanwhile", "after"]);
  assert.deepEqual(texts(watcher), [...new Set(texts(watcher))]);
  assert.deepEqual(texts(talker), ["before", "meanwhile", "after"]);
});
