import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection } from "../sdk/connection.js";
import { frame, welcome } from "./rooms.js";

const VOTE = { type: "vote", id: "v1", poll: "p1", choices: [0] };
const COMMENT = { type: "comment", id: "c1", text: "hello" };

const fresh = (options = {}) => new Connection({ identity: "none", random: () => 1, ...options });
const tell = (connection, now, message) => connection.received(now, message);
const sent = (effects) => effects.filter((e) => e.do === "send").map((e) => e.message);
const follows = (effects) => sent(effects).filter((message) => message.type === "follow");
const kinds = (effects) => effects.map((e) => e.do);
const passed = (effects) => effects.filter((e) => e.do === "message").map((e) => e.message);

/** A connection that is live at offset 10 since t = 0. */
function live(options) {
  const connection = fresh(options);
  connection.start(0);
  connection.opened(0);
  tell(connection, 0, welcome({ offset: 10 }));
  return connection;
}

/** Ticks until the retry is due and opens again; returns the hello. */
function reopen(connection, now) {
  assert.ok(kinds(connection.tick(now)).includes("open"));
  return sent(connection.opened(now))[0];
}

test("hello is the first message, with the token and language", () => {
  const connection = fresh({ identity: "given", token: "abc", lang: "zh-CN" });
  assert.deepEqual(kinds(connection.start(0)), ["status", "open"]);
  const [hello] = sent(connection.opened(5));
  assert.equal(hello.type, "hello");
  assert.equal(hello.token, "abc");
  assert.equal(hello.lang, "zh-CN");
  assert.equal("resume" in hello, false);
});

test("another language is said at once, and by each hello after it", () => {
  const connection = fresh({ lang: "es" });
  connection.start(0);
  assert.deepEqual(connection.speak("l1", "fr"), []);
  assert.equal(sent(connection.opened(0))[0].lang, "fr");
  tell(connection, 0, welcome({ offset: 10 }));
  assert.deepEqual(sent(connection.speak("l2", "")), [{ type: "lang", id: "l2", lang: "" }]);
  connection.closed(1, 1006, "");
  assert.equal("lang" in reopen(connection, 600), false);
});

test("a guest asks for a token before connecting", () => {
  const connection = fresh({ identity: "asked" });
  assert.deepEqual(kinds(connection.start(0)), ["status", "token"]);
  assert.deepEqual(kinds(connection.tokenGiven(1, "new")), ["open"]);
  assert.equal(sent(connection.opened(2))[0].token, "new");
});

test("a guest token that can't be had now is asked for again, and not before it may", () => {
  const connection = fresh({ identity: "asked" });
  connection.start(0);
  connection.tokenRefused(0, { reason: "", retryAfterMs: 7_000 });
  assert.deepEqual(connection.tick(6_999), []);
  assert.deepEqual(kinds(connection.tick(7_000)), ["token"]);
});

test("one who waits in line goes on waiting as long as the server tells its place", () => {
  const connection = fresh();
  connection.start(0);
  connection.opened(0);
  const told = tell(connection, 9_000, { type: "notice", code: "waiting", message: "", place: 3, after: 20_000 });
  assert.deepEqual(kinds(told), ["message", "status"]);
  assert.deepEqual(connection.status, { phase: "connecting", place: 3, turnAt: 29_000 });
  assert.deepEqual(connection.tick(19_000), []);
  tell(connection, 19_000, { type: "notice", code: "waiting", message: "" });
  assert.deepEqual(connection.status, { phase: "connecting" });
  assert.deepEqual(kinds(connection.tick(29_001)), ["close", "status"]);
});

test("a line is of no concern to one who is in", () => {
  const connection = live();
  assert.deepEqual(kinds(tell(connection, 5, { type: "notice", code: "waiting", message: "", place: 3, after: 9 })), ["message"]);
  assert.equal(connection.status.phase, "live");
});

test("a room that gives guests no token ends the connection", () => {
  const connection = fresh({ identity: "asked" });
  connection.start(0);
  connection.tokenRefused(0, { code: 3003, reason: "no guests" });
  assert.deepEqual(connection.status, { phase: "ended", code: 3003, reason: "no guests" });
});

test("numbered frames pass in order and each once", () => {
  const connection = live();
  assert.equal(passed(tell(connection, 1, frame({ offset: 11 }))).length, 1);
  assert.equal(passed(tell(connection, 2, frame({ offset: 11 }))).length, 0);
  assert.equal(passed(tell(connection, 3, frame({ offset: 12 }))).length, 1);
  assert.deepEqual(connection.position, { epoch: "e1", offset: 12 });
});

test("a gap that no welcome follows within two seconds reconnects with resume", () => {
  const connection = live();
  assert.deepEqual(passed(tell(connection, 100, frame({ offset: 12 }))), []);
  assert.ok(!kinds(connection.tick(2_099)).includes("close"));
  assert.deepEqual(kinds(connection.tick(2_100)), ["close", "status"]);
  assert.deepEqual(reopen(connection, 2_600).resume, { epoch: "e1", offset: 10 });
});

test("a welcome within two seconds mends a gap", () => {
  const connection = live();
  tell(connection, 100, frame({ offset: 12 }));
  tell(connection, 900, welcome({ offset: 12 }));
  assert.ok(!kinds(connection.tick(5_000)).includes("close"));
  assert.equal(passed(tell(connection, 5_001, frame({ offset: 13 }))).length, 1);
});

test("a head beyond the last offset is a gap, mended if the frames still come", () => {
  const lost = live();
  assert.equal(passed(tell(lost, 0, frame({ head: 12 }))).length, 1);
  assert.ok(kinds(lost.tick(2_000)).includes("close"));
  const late = live();
  tell(late, 0, frame({ head: 12 }));
  tell(late, 500, frame({ offset: 11 }));
  tell(late, 600, frame({ offset: 12 }));
  assert.ok(!kinds(late.tick(2_000)).includes("close"));
});

test("after a recovered welcome the frames between are passed on as replayed", () => {
  const connection = live();
  connection.closed(100, 1006, "");
  reopen(connection, 600);
  tell(connection, 700, welcome({ offset: 12, recovered: true }));
  const effects = [11, 12, 13].flatMap((offset) => tell(connection, 800, frame({ offset })));
  assert.deepEqual(effects.map((e) => [e.message.offset, e.replayed]), [
    [11, true],
    [12, true],
    [13, false],
  ]);
});

test("a welcome of another epoch sets the place anew, recovered or not", () => {
  const connection = live();
  tell(connection, 1, welcome({ epoch: "e2", offset: 3, recovered: true }));
  assert.deepEqual(connection.position, { epoch: "e2", offset: 3 });
  assert.equal(passed(tell(connection, 2, frame({ offset: 4 }))).length, 1);
});

test("thirty seconds of silence reconnect, one message in them does not", () => {
  const connection = live();
  tell(connection, 20_000, frame({ head: 10 }));
  assert.ok(!kinds(connection.tick(50_000)).includes("close"));
  assert.ok(!kinds(connection.tick(50_001)).includes("close"));
  assert.ok(kinds(connection.tick(52_001)).includes("close"));
});

test("after this machine slept, what waited in the socket proves the connection alive", () => {
  const connection = live();
  assert.ok(!kinds(connection.tick(3_600_000)).includes("close"));
  tell(connection, 3_600_010, frame({ head: 10 }));
  assert.ok(!kinds(connection.tick(3_602_100)).includes("close"));
});

test("a gap that every resume leaves again is given up: the third time comes in afresh", () => {
  const connection = live();
  tell(connection, 100, frame({ offset: 12 })); // 11 came, and could not be read
  connection.tick(2_100);
  assert.deepEqual(reopen(connection, 3_000).resume, { epoch: "e1", offset: 10 });
  tell(connection, 3_100, welcome({ offset: 12, recovered: true }));
  tell(connection, 3_200, frame({ offset: 12 }));
  connection.tick(5_200);
  assert.equal(reopen(connection, 7_000).resume, undefined);
});

test("topics are said by every hello, and a change of them at once", () => {
  const connection = fresh({ follow: ["a"] });
  connection.start(0);
  assert.deepEqual(sent(connection.opened(0))[0].follow, ["a"]);
  assert.deepEqual(connection.follow(0, "f1", ["b"]), []);
  assert.deepEqual(follows(tell(connection, 1, welcome())), [{ type: "follow", id: "f1", topics: ["b"] }]);
  tell(connection, 2, { type: "ack", id: "f1", status: "accepted" });
  assert.deepEqual(follows(connection.follow(3, "f2", [])), [{ type: "follow", id: "f2", topics: [] }]);
  connection.closed(4, 1006, "");
  connection.follow(4, "f3", ["c"]);
  assert.deepEqual(reopen(connection, 600).follow, ["c"]);
  assert.deepEqual(follows(tell(connection, 700, welcome())), []);
});

test("of changes of topics that wait for an answer, the last is said", () => {
  const connection = live();
  assert.deepEqual(follows(connection.follow(1, "f1", ["a"])).length, 1);
  for (const id of ["f2", "f3"]) assert.deepEqual(connection.follow(2, id, [id]), []);
  assert.deepEqual(follows(tell(connection, 3, { type: "ack", id: "f1", status: "accepted" })), [
    { type: "follow", id: "f3", topics: ["f3"] },
  ]);
});

test("topics that came too fast are said again once the server takes them, and what is wrong with them isn't", () => {
  const connection = live();
  connection.tick(1);
  connection.follow(1, "f1", ["a"]);
  const slower = { type: "error", id: "f1", code: "rate_limited", message: "", retry_after: 1 };
  assert.deepEqual(tell(connection, 100, slower), [], "the page isn't bothered");
  assert.deepEqual(connection.follow(200, "f2", ["a", "b"]), []);
  assert.deepEqual(follows(connection.tick(2_099)), []);
  assert.deepEqual(follows(connection.tick(2_100)), [{ type: "follow", id: "f2", topics: ["a", "b"] }]);
  const wrong = { type: "error", id: "f2", code: "bad_message", message: "too many topics" };
  assert.deepEqual(passed(tell(connection, 2_200, wrong)), [wrong]);
  assert.deepEqual(follows(connection.tick(60_000)), []);
});

test("topics that wait for their time are in the hello of the next connection, and wait no longer", () => {
  const connection = live();
  connection.follow(1, "f1", ["a"]);
  tell(connection, 100, { type: "error", id: "f1", code: "rate_limited", message: "", retry_after: 30 });
  assert.deepEqual(connection.topics, ["a"]);
  connection.closed(200, 1006, "");
  assert.deepEqual(reopen(connection, 1_200).follow, ["a"]);
  tell(connection, 1_300, welcome());
  assert.deepEqual(follows(connection.tick(40_000)), []);
  assert.equal(follows(connection.follow(40_001, "f2", ["b"])).length, 1);
});

test("a token that is asked for may be none, and is asked for again once refused", () => {
  const connection = fresh({ identity: "asked" });
  connection.start(0);
  assert.deepEqual(kinds(connection.tokenGiven(1, null)), ["open"]);
  assert.equal("token" in sent(connection.opened(2))[0], false);
  connection.closed(3, 3000, "");
  assert.deepEqual(kinds(connection.tick(503)), ["token"]);
});

test("only the answer to the last question sets the clock", () => {
  const connection = live();
  const [asked] = sent(connection.tick(1)).filter((message) => message.type === "time");
  const answer = { ...asked, now: 5 };
  assert.deepEqual(passed(tell(connection, 2, { ...answer, sent: -1e12 })), []);
  assert.deepEqual(passed(tell(connection, 2, answer)), [answer]);
  assert.deepEqual(passed(tell(connection, 9_000, answer)), []);
});

test("one who goes closes, and comes back no more", () => {
  const connection = live();
  assert.deepEqual(kinds(connection.stop()), ["close", "status"]);
  assert.deepEqual(connection.tick(1e9), []);
});

test("a connection that never gets its welcome is given up", () => {
  const connection = fresh();
  connection.start(0);
  connection.opened(1);
  assert.ok(kinds(connection.tick(10_001)).includes("close"));
});

test("what was not acknowledged is sent again, with its id and in order", () => {
  const connection = live();
  assert.deepEqual(sent(connection.submit(0, COMMENT)), [COMMENT]);
  connection.submit(0, VOTE);
  connection.submit(0, { ...COMMENT, id: "c2" });
  tell(connection, 1, { type: "ack", id: "c1", status: "accepted", comment: "x" });
  connection.closed(2, 1006, "");
  assert.deepEqual(connection.submit(0, { ...COMMENT, id: "c3" }), []);
  reopen(connection, 600);
  const again = sent(tell(connection, 700, welcome({ offset: 10 })));
  assert.deepEqual(again.map((message) => message.id), ["v1", "c2", "c3"]);
});

test("an appeal is sent again until it is answered", () => {
  const connection = live();
  const appeal = { type: "appeal", id: "a1", message: "c1", text: "a quote" };
  assert.deepEqual(sent(connection.submit(0, appeal)), [appeal]);
  connection.closed(2, 1006, "");
  reopen(connection, 600);
  assert.deepEqual(sent(tell(connection, 700, welcome({ offset: 10 }))), [appeal]);
  tell(connection, 701, { type: "ack", id: "a1", status: "held", comment: "x" });
  assert.deepEqual(connection.unacknowledged, []);
});

test("a second welcome on the same connection sends nothing again", () => {
  const connection = live();
  connection.submit(0, COMMENT);
  assert.deepEqual(sent(tell(connection, 5, welcome({ offset: 10 }))), []);
});

test("a refused message is not sent again", () => {
  const connection = live();
  connection.submit(0, COMMENT);
  tell(connection, 1, { type: "error", id: "c1", code: "rejected", message: "insult" });
  assert.deepEqual(connection.unacknowledged, []);
});

test("an overloaded server gets the message again by itself, after the time it asked for", () => {
  const connection = live({ random: () => 0 });
  connection.submit(0, VOTE);
  tell(connection, 0, { type: "error", id: "v1", code: "overloaded", message: "", retry_after: 3 });
  const votes = (now) => sent(connection.tick(now)).filter((message) => message.type === "vote");
  assert.deepEqual(votes(2_999), []);
  assert.deepEqual(votes(3_000), [VOTE]);
  assert.deepEqual(votes(3_001), []);
});

test("a comment whose id the server may have forgotten is given up, a vote is not, nor what was never sent", () => {
  const connection = live();
  connection.submit(0, COMMENT);
  connection.submit(0, VOTE);
  connection.closed(2, 1006, "");
  connection.submit(3, { ...COMMENT, id: "c2" });
  reopen(connection, 299_000);
  const effects = tell(connection, 300_000, welcome());
  assert.deepEqual(sent(effects).map((message) => message.id), ["v1", "c2"]);
  assert.deepEqual(passed(effects).at(-1), { type: "error", id: "c1", code: "unavailable", message: "" });
  assert.equal(connection.unacknowledged.length, 2);
});

test("too fast is an answer, but not to what was sent again: it may count already", () => {
  const tooFast = { type: "error", id: "c1", code: "rate_limited", message: "", retry_after: 1 };
  const connection = live();
  connection.submit(0, COMMENT);
  tell(connection, 1, tooFast);
  assert.deepEqual(connection.unacknowledged, []);
  connection.submit(0, COMMENT);
  connection.closed(2, 1006, "");
  reopen(connection, 600);
  tell(connection, 700, welcome());
  tell(connection, 701, tooFast);
  assert.deepEqual(sent(connection.tick(3_000)).filter((message) => message.id === "c1"), [COMMENT]);
});

test("it does not come back before bye allows", () => {
  const connection = live({ random: () => 0 });
  tell(connection, 1_000, { type: "bye", code: 1012, reason: "restart", reconnect: true, after: 4_000 });
  connection.closed(1_001, 1012, "");
  assert.deepEqual(connection.tick(4_999), []);
  assert.deepEqual(kinds(connection.tick(5_000)), ["open"]);
});

test("a bye that asks not to come back is final, whatever the close frame became", () => {
  const connection = live();
  tell(connection, 1, { type: "bye", code: 3503, reason: "banned", reconnect: false, after: 0 });
  connection.closed(2, 1006, "");
  assert.deepEqual(connection.status, { phase: "ended", code: 3503, reason: "banned" });
  assert.deepEqual(connection.tick(1e9), []);
});

test("attempts in vain wait ever longer, and a steady connection starts afresh", () => {
  const connection = fresh();
  connection.start(0);
  const waits = [1, 2, 3].map(() => {
    connection.closed(0, 1006, "");
    const wait = connection.status.retryAt;
    connection.tick(Infinity);
    return wait;
  });
  assert.deepEqual(waits, [500, 1_000, 2_000]);
  connection.opened(100_000);
  tell(connection, 100_000, welcome());
  connection.closed(110_000, 1006, "");
  assert.equal(connection.status.retryAt, 110_500);
});

test("a refused guest token is replaced, a given one ends the connection", () => {
  const guest = fresh({ identity: "asked", token: "old" });
  guest.start(0);
  guest.opened(1);
  guest.closed(2, 3000, "expired");
  assert.deepEqual(kinds(guest.tick(502)), ["token"]);
  const given = fresh({ identity: "given", token: "old" });
  given.start(0);
  given.opened(1);
  given.closed(2, 3000, "expired");
  assert.equal(given.status.phase, "ended");
});

test("a token that was refused and is given again ends the connection", () => {
  const connection = fresh({ identity: "asked", token: "old" });
  connection.start(0);
  connection.opened(1);
  connection.closed(2, 3000, "expired");
  connection.tick(502);
  assert.deepEqual(kinds(connection.tokenGiven(503, "old")), ["status"]);
  assert.deepEqual(connection.status, { phase: "ended", code: 3000, reason: "expired" });
});

test("a few round trips follow the welcome, then one now and again", () => {
  const connection = live();
  let asked = 0;
  for (let now = 0; now <= 29_000; now += 100)
    asked += sent(connection.tick(now)).filter((message) => message.type === "time").length;
  assert.equal(asked, 4);
});

test("what is not known or could not be decoded is ignored", () => {
  const connection = live();
  assert.deepEqual(connection.received(1, undefined), []);
  assert.deepEqual(connection.received(1, 3), []);
  assert.deepEqual(tell(connection, 1, { type: "confetti" }), []);
});

test("each time tells what the viewer sees, as it is when it is sent", () => {
  let at = 100;
  const connection = live({ seen: () => ({ at: (at += 1), sync: 7 }) });
  const times = [1, 500, 1_000].flatMap((now) => sent(connection.tick(now)));
  assert.deepEqual(times.map((time) => [time.at, time.sync]), [[101, 7], [102, 7], [103, 7]]);
  assert.equal(sent(live().tick(1)).some((time) => "at" in time || "sync" in time), false);
});

test("a picture that is moved back is told at once, by how far it had come, and then where it is", () => {
  const connection = live({ seen: () => ({ at: 60_000 }) });
  for (let now = 1; now < 5_000; now += 100) connection.tick(now);
  assert.deepEqual(sent(connection.jumped(6_000, 75_000)).map((time) => time.at), [75_000]);
  assert.deepEqual(connection.jumped(6_500, 90_000), []); // who drags the picture about says it once a second
  assert.deepEqual(sent(connection.tick(6_900)), []);
  assert.deepEqual(sent(connection.tick(7_000)).map((time) => time.at), [60_000]);
  assert.deepEqual(sent(connection.tick(8_100)), []);
});

test("a picture that jumps ahead is told within a second; without a connection nothing is", () => {
  const connection = live({ seen: () => ({ at: 60_000 }) });
  for (let now = 1; now < 5_000; now += 100) connection.tick(now);
  assert.deepEqual(connection.jumped(6_000), []);
  assert.deepEqual(sent(connection.tick(7_000)).map((time) => time.at), [60_000]);
  assert.deepEqual(fresh().jumped(0, 1), []);
});

test("patience is said when it changes, with what the viewer sees, and with each hello", () => {
  const connection = live({ seen: () => ({ at: 7 }) });
  assert.deepEqual(sent(connection.wait(1, 0)), []);
  const [said] = sent(connection.wait(1, 1_000));
  assert.deepEqual([said.type, said.at, said.patience], ["time", 7, 1_000]);
  assert.deepEqual(sent(connection.wait(2, 1_000)), []);
  assert.ok(sent(connection.tick(500)).every((time) => !("patience" in time)));
  assert.deepEqual(sent(connection.wait(600, 0)).map((time) => time.patience), [0]);
  connection.wait(700, 500);
  connection.closed(800, 1006, "");
  assert.deepEqual(sent(connection.wait(900, 2_000)), []);
  const hello = reopen(connection, 5_000);
  assert.equal(hello.patience, 2_000);
  tell(connection, 5_001, welcome({ offset: 10 }));
  assert.deepEqual(sent(connection.wait(5_002, 2_000)), []);
  assert.deepEqual(sent(connection.wait(5_003, 250)).map((time) => time.patience), [250]);
});

test("without patience a hello doesn't name it", () => {
  const connection = fresh();
  connection.start(0);
  assert.equal("patience" in sent(connection.opened(0))[0], false);
});

test("what a viewer sees may change patience again while it is said", () => {
  let connection;
  const seen = () => (connection?.wait(3, 1_000), { at: 1 });
  connection = live({ seen });
  assert.deepEqual(sent(connection.wait(3, 1_000)).map((time) => time.patience), [1_000]);
});
