import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Ballots } from "../viewer/ballots.js";
import { fetchLeaders, waitMs } from "../viewer/leaderboard.js";
import { votersText } from "../viewer/poll_card.js";
import { pollsToShow } from "../viewer/polls.js";
import { GaugeHistory } from "../viewer/pulse.js";
import { Sampler } from "../viewer/comment_list.js";
import { chooseTransport } from "../viewer/transport.js";
import { LANGUAGES, textsFor } from "../languages/languages.js";
import { adviceText, connectionText, lengthOf, words as english, wordsOf, REFUSALS } from "../viewer/words.js";
import { DEFAULTS, bulletOptions, loadPreferences, parsePreferences, savePreferences } from "../viewer/preferences.js";
import { NOW, comment, poll } from "./rooms.js";
import { serverSays } from "./server.js";

/** A browser's storage. */
function storage(items = {}) {
  const map = new Map(Object.entries(items));
  return {
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    map,
  };
}

const forbidden = {
  getItem() {
    throw new Error("SecurityError");
  },
  setItem() {
    throw new Error("QuotaExceededError");
  },
};

test("preferences are kept and found again", () => {
  const there = storage();
  const mine = { ...DEFAULTS, size: 150, area: "half", density: "few", minWeight: 3, bullets: false };
  assert.equal(savePreferences(there, mine), true);
  assert.deepEqual(loadPreferences(there), mine);
});

test("whatever of kept preferences is not as it should be is as it was at first", () => {
  for (const given of [null, undefined, 7, "big", [], { size: "9" }, { size: 1e9, area: "left", keys: 1 }])
    assert.deepEqual(parsePreferences(given), DEFAULTS);
  assert.deepEqual(parsePreferences({ size: 50, speed: NaN }), { ...DEFAULTS, size: 50 });
});

test("without storage, or with one that is forbidden, the defaults hold", () => {
  for (const there of [undefined, forbidden, storage({ "grandstand.taste": "{" })])
    assert.deepEqual(loadPreferences(there), DEFAULTS);
  assert.equal(savePreferences(forbidden, DEFAULTS), false);
  assert.equal(savePreferences(undefined, DEFAULTS), false);
});

test("preferences in percent are what the bullets' field asks for", () => {
  const options = bulletOptions({ ...DEFAULTS, size: 150, speed: 50, area: "quarter" });
  assert.deepEqual(options, { size: 1.5, speed: 0.5, area: 0.25, density: "normal", minWeight: 0 });
});

test("accepted votes are found again after a reload, others are not", () => {
  const there = storage();
  const ballots = new Ballots(there, "gala");
  ballots.set("p1", { choices: [1], state: "accepted", text: "" });
  ballots.set("p2", { choices: [0], state: "sending", text: "" });
  ballots.set("p3", { choices: [], state: "accepted", text: "voted elsewhere" });
  const again = new Ballots(there, "gala");
  assert.deepEqual(again.of("p1"), { choices: [1], state: "accepted", text: "" });
  assert.equal(again.of("p2"), undefined);
  assert.equal(again.of("p3"), undefined);
  assert.equal(new Ballots(there, "other").of("p1"), undefined);
  again.forget("p1");
  assert.equal(new Ballots(there, "gala").of("p1"), undefined);
});

test("what lies in the storage is not believed", () => {
  for (const kept of ["{", "7", '[["p1"]]', '[["p1", ["a"]]]', '[[1, [0]]]', "[null]"]) {
    const ballots = new Ballots(storage({ "grandstand.votes.gala": kept }), "gala");
    assert.equal(ballots.of("p1"), undefined, kept);
  }
  const ballots = new Ballots(forbidden, "gala");
  ballots.set("p1", { choices: [0], state: "accepted", text: "" });
  assert.deepEqual(ballots.of("p1")?.choices, [0]);
});

test("only the last votes are kept", () => {
  const there = storage();
  const ballots = new Ballots(there, "gala");
  for (let i = 0; i < 200; i += 1) ballots.set(`p${i}`, { choices: [0], state: "accepted", text: "" });
  assert.equal(JSON.parse(there.map.get("grandstand.votes.gala")).length, 50);
  assert.ok(ballots.of("p199") && !ballots.of("p149"));
});

test("the pulse is the one of the viewer's own moment", () => {
  const history = new GaugeHistory();
  assert.equal(history.at(NOW), undefined);
  const [calm, goal] = [{ viewers: 1 }, { viewers: 2 }];
  history.add(NOW, calm);
  history.add(NOW + 5_000, goal);
  assert.equal(history.at(NOW + 4_999), calm);
  assert.equal(history.at(NOW + 5_000), goal);
});

test("the address says how the room comes, else the room does; a server that can't say it gives a socket", async () => {
  const says = (transport) => async () => ({ ok: true, body: { transport } });
  assert.equal(await chooseTransport("?transport=segments", says("socket")), "segments");
  assert.equal(await chooseTransport("?transport=socket", says("segments")), "socket");
  assert.equal(await chooseTransport("?transport=pigeons", says("segments")), "segments");
  assert.equal(await chooseTransport("", says(undefined)), "socket");
  assert.equal(await chooseTransport("", async () => ({ ok: false })), "socket");
  mock.timers.enable();
  const choosing = chooseTransport("", () => new Promise(() => {}));
  mock.timers.tick(2_000);
  assert.equal(await choosing, "socket");
  mock.timers.reset();
});

test("how far back is said shortly, and in words", async () => {
  assert.deepEqual([0, 9.4, 187, 3_787].map(lengthOf), ["0:00", "0:09", "3:07", "1:03:07"]);
  assert.equal(english.behindLive(3_787), "1 hr 3 min 7 sec behind live");
  assert.equal(wordsOf(await textsFor("zh")).ofRecording(60, 600), "1分钟，共 10分钟");
});

test("gauges are kept for the slowest viewers, and no longer", () => {
  const history = new GaugeHistory();
  for (let i = 0; i < 1_000; i += 1) history.add(NOW + i, { viewers: i });
  assert.equal(history.at(NOW + 799), undefined);
  assert.equal(history.at(NOW + 800)?.viewers, 800);
});

test("of what is said the best is read, one's own always, and nothing piles up", () => {
  const sampler = new Sampler(2, 1_000);
  for (let i = 0; i < 100; i += 1) sampler.add({ comment: comment(`c${i}`, { weight: i % 10 }), own: false });
  sampler.add({ comment: comment("mine", { weight: 0 }), own: true });
  const taken = sampler.take(0);
  assert.deepEqual(taken.map((one) => one.comment.id), ["c99", "mine"]);
  sampler.add({ comment: comment("next"), own: false });
  assert.deepEqual(sampler.take(999), []);
  assert.deepEqual(sampler.take(1_000).map((one) => one.comment.id), ["next"]);
});

test("what was retracted before it was read is not read", () => {
  const sampler = new Sampler(2, 0);
  sampler.add({ comment: comment("1"), own: false });
  sampler.drop("1");
  assert.deepEqual(sampler.take(0), []);
});

test("all polls that run are shown, the latest first, then the last that ended", () => {
  const seen = (id, phase, opens_at, parts = {}) => ({
    poll: poll(id, { opens_at, closes_at: opens_at + 10_000, ...parts }),
    phase,
  });
  const all = [
    seen("long ago", "revealed", NOW - 600_000),
    seen("ended 1", "closed", NOW - 60_000),
    seen("ended 2", "revealed", NOW - 50_000),
    seen("ended 3", "cancelled", NOW - 40_000),
    seen("runs 1", "open", NOW - 70_000, { closes_at: NOW + 1_000 }),
    seen("runs 2", "counting", NOW - 9_000),
  ];
  const shown = pollsToShow(all, NOW).map(({ poll: { id } }) => id);
  assert.deepEqual(shown, ["runs 2", "runs 1", "ended 3"]);
  const ended = pollsToShow(all.slice(0, 4), NOW).map(({ poll: { id } }) => id);
  assert.deepEqual(ended, ["ended 3", "ended 2"]);
});

test("a result that came late is shown when it came, before those that came earlier", () => {
  const long = NOW - 3_600_000;
  const late = { poll: poll("late", { status: "revealed", opens_at: long, closes_at: long + 1 }), phase: "revealed" };
  const others = ["a", "b"].map((id) => ({ poll: poll(id, { opens_at: NOW - 9, closes_at: NOW - 5 }), phase: "closed" }));
  const changedAt = (one) => (one === late ? NOW - 1 : one.poll.closes_at);
  const shown = pollsToShow([late, ...others], NOW, changedAt).map(({ poll: { id } }) => id);
  assert.deepEqual(shown, ["late", "a"]);
});

test("a poll in which the viewer has voted stays until its reveal, however long ago it closed", () => {
  const long = { status: "closed", final: true, opens_at: NOW - 900_000, closes_at: NOW - 800_000 };
  const votes = { tally: [1, 2], voters: 3 };
  const hidden = { poll: poll("hidden", long), phase: "closed" };
  const guess = { poll: poll("guess", { ...long, kind: "prediction" }), phase: "closed", votes };
  const told = { poll: poll("told", long), phase: "closed", votes };
  const revealed = { poll: poll("revealed", { ...long, kind: "quiz" }), phase: "revealed", votes };
  const recent = ["a", "b"].map((id) => ({ poll: poll(id, { closes_at: NOW - 5 }), phase: "closed", votes }));
  const shown = (hasVoted) =>
    pollsToShow([hidden, guess, told, revealed, ...recent], NOW, undefined, hasVoted).map((one) => one.poll.id).sort();
  assert.deepEqual(shown(() => true), ["a", "b", "guess", "hidden"]);
  assert.deepEqual(shown(() => false), ["a", "b"]);
});

test("an open poll without votes says why: at live they are hidden, and a replay has only results", () => {
  const seen = (phase, parts = {}) => ({ poll: poll("p"), phase, ...parts });
  const { hiddenTally, resultFollows } = english;
  for (const phase of ["open", "counting"]) {
    assert.equal(votersText(seen(phase), false), hiddenTally);
    assert.equal(votersText(seen(phase), true), resultFollows);
    assert.equal(votersText(seen(phase, { votes: { tally: [1], voters: 1 } }), true), "1 vote cast");
  }
  assert.equal(votersText(seen("closed"), true), "");
});

test("the connection and the picture are not both called live, and the way back to live is named", async () => {
  for (const lang of Object.keys(LANGUAGES)) {
    const words = wordsOf(await textsFor(lang));
    assert.notEqual(connectionText(words, { phase: "live" }, true, 0), words.liveNow);
    assert.ok(words.behind(words.seconds(24)).includes(words.replayLive));
  }
});

test("a shut door says what happened and what one can do, in both languages, for all that the server says", async () => {
  const { device, others } = serverSays(`
from grandstand.edge.validation import ANOTHER_ROOM, BANNED
from grandstand.api.guests import DEVICE_BANNED, NO_GUESTS
from grandstand.domain.identity import GUESTS_MAY_NOT
from grandstand.tokens import GIVEN_OUT_ELSEWHERE
others = [ANOTHER_ROOM, BANNED, NO_GUESTS, GUESTS_MAY_NOT.format("watch"), GIVEN_OUT_ELSEWHERE]
said = {"device": DEVICE_BANNED, "others": others}
`);
  for (const [lang, what, next] of [["en", /device is banned/, /tomorrow/], ["zh", /此设备已被封禁/, /明天/]]) {
    const words = wordsOf(await textsFor(lang));
    assert.deepEqual(Object.keys(REFUSALS).sort(), [device, ...others].sort());
    const shut = { phase: "ended", code: 3003, reason: device };
    assert.match(connectionText(words, shut, false, 0), what);
    assert.match(adviceText(words, shut, false), next);
    const unknown = { phase: "ended", code: 3003, reason: "said by a newer server" };
    assert.equal(connectionText(words, unknown, false, 0), words.ended(words.closeReasons[3003]));
    assert.equal(adviceText(words, unknown, false), undefined);
  }
});

test("one who was in the room is told that it has ended, another that there is none", async () => {
  const gone = { phase: "ended", code: 4004, reason: "this room was deleted" };
  for (const [lang, ended, none] of [["en", /has ended/, /^There is no such room$/], ["zh", /已结束$/, /^没有这个房间$/]]) {
    const words = wordsOf(await textsFor(lang));
    assert.match(connectionText(words, gone, true, 0), ended);
    assert.match(connectionText(words, gone, false, 0), none);
    assert.equal(connectionText(words, { phase: "live" }, true, 0), words.live);
    assert.doesNotMatch(connectionText(words, { phase: "ended", code: 3503 }, true, 0), ended);
  }
});

test("the pages of a crowd ask for the fastest at moments of their own", () => {
  assert.equal(waitMs(0, 0.9), 0);
  assert.equal(waitMs(5000, 0.5), 2500);
  assert.equal(waitMs(10_000_000, 1), 30_000);
});

test("the fastest are as the server says, and nobody where it doesn't", async () => {
  const asked = [];
  const leaderboard = [{ user: "u1", name: "Ada", ms: 1 }, { user: "u2", name: "Bo", ms: 2 }];
  const says = (answer) => async (...call) => (asked.push(call), answer);
  const told = await fetchLeaders(says({ ok: true, body: { leaderboard } }), "p/1", 0, "u2");
  assert.deepEqual(told.map(({ name, mine }) => [name, mine]), [["Ada", false], ["Bo", true]]);
  assert.deepEqual(asked, [["GET", "/polls/p%2F1/leaderboard"]]);
  for (const answer of [{ ok: false, status: 409 }, { ok: true, body: undefined }, { ok: true, body: { leaderboard: 7 } }])
    assert.deepEqual(await fetchLeaders(says(answer), "p", 0, undefined), []);
});
