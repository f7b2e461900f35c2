import assert from "node:assert/strict";
import { test } from "node:test";

import { aheadMs, hlsClock, nativeHlsClock, roomClock, videoClock } from "../sdk/clocks.js";
import { Playhead } from "../sdk/playhead.js";
import { NOW } from "./rooms.js";

const player = (currentTime, played = 1) => ({ currentTime, played: { length: played } });
const seekable = (end) => ({ length: 1, end: () => end });

test("hls.js says the date of the picture and its latency", () => {
  const clock = hlsClock({ playingDate: new Date(NOW), latency: 4.5, media: player(3) });
  assert.deepEqual([clock.hasPicture, clock.playing(), clock.read(), clock.latencyMs()], [true, true, NOW, 4_500]);
});

test("before it plays, or without a date, hls.js has none", () => {
  const clock = hlsClock({ playingDate: null, latency: 0, media: null });
  assert.deepEqual([clock.playing(), clock.read()], [false, undefined]);
  assert.equal(hlsClock({ playingDate: new Date(NaN), latency: 0, media: player(0, 0) }).read(), undefined);
});

test("a browser's own HLS counts from its start date", () => {
  const video = { ...player(12.5), getStartDate: () => new Date(NOW), seekable: seekable(18) };
  const clock = nativeHlsClock(video);
  assert.deepEqual([clock.read(), clock.latencyMs()], [NOW + 12_500, 5_500]);
  assert.equal(nativeHlsClock({ ...video, getStartDate: () => new Date(NaN) }).read(), undefined);
  assert.equal(nativeHlsClock(player(1)).read(), undefined);
});

test("a picture that was just moved back is as far behind as it is, not as hls.js last noted", () => {
  const details = { live: true, edge: 100, age: 1, fragments: [] };
  const hls = { playingDate: new Date(NOW), latency: 4.5, media: player(20), latestLevelDetails: details };
  assert.equal(hlsClock(hls).latencyMs(), 81_000);
});

test("behind a gap of the picture one is as far behind as the playlist's dates say, and is believed", () => {
  const [gapMs, edgeS] = [90_000, 200];
  const dateOf = (atS) => NOW + atS * 1000 - (atS < 100 ? gapMs : 0);
  const fragments = Array.from({ length: 100 }, (_, i) => ({ start: 2 * i, programDateTime: dateOf(2 * i) }));
  const at = (currentTime) => {
    const latestLevelDetails = { live: true, edge: edgeS, age: 0, fragments };
    return hlsClock({ playingDate: new Date(dateOf(currentTime)), latency: 3, media: player(currentTime), latestLevelDetails });
  };
  assert.equal(at(190).latencyMs(), 10_000);
  assert.equal(at(95).latencyMs(), 105_000 + gapMs);
  const [clock, programme] = [at(95), dateOf(edgeS)];
  const playhead = new Playhead();
  const read = { local: 0, programme, hasPicture: true, playing: true, date: clock.read(), latencyMs: clock.latencyMs() };
  assert.equal(playhead.read({ ...read, maxLatencyMs: 60_000 }).value, dateOf(95));
  assert.equal(playhead.why, undefined);
  assert.equal(aheadMs({ fragments }, 95, 105), 10_000 + gapMs);
});

test("a playlist without dates has media alone to tell the time by", () => {
  const fragments = [0, 2].map((start) => ({ start, programDateTime: null }));
  assert.equal(aheadMs({ fragments }, 1, 3.5), 2_500);
  assert.equal(aheadMs({ fragments: [] }, 1, 3.5), 2_500);
});

test("of a recording, and of nothing else, a date may lie long ago", () => {
  const hls = { playingDate: new Date(NOW), latency: 0, media: player(3) };
  const certain = (details) => hlsClock({ ...hls, latestLevelDetails: details }).certain;
  assert.deepEqual([certain(null), certain({ live: true }), certain({ live: false })], [false, false, true]);
  const video = { ...player(12.5), getStartDate: () => new Date(NOW), seekable: seekable(18) };
  assert.deepEqual([Infinity, NaN, 3_600].map((duration) => nativeHlsClock({ ...video, duration }).certain), [false, false, true]);
});

test("a file counts from where the page says that it starts", () => {
  const clock = videoClock(player(2), { startsAt: NOW });
  assert.deepEqual([clock.read(), clock.certain], [NOW + 2_000, true]);
});

test("no picture is the room's clock, as far behind as wanted", () => {
  assert.deepEqual([roomClock().latencyMs(), roomClock({ behindMs: 300 }).latencyMs()], [0, 300]);
  assert.equal(roomClock().hasPicture, false);
});
