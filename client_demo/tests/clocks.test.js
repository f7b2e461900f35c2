import assert from "node:assert/strict";
import { test } from "node:test";

import { hlsClock, nativeHlsClock, roomClock, videoClock } from "../sdk/clocks.js";
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
  const details = { live: true, edge: 100, age: 1 };
  const hls = { playingDate: new Date(NOW), latency: 4.5, media: player(20), latestLevelDetails: details };
  assert.equal(hlsClock(hls).latencyMs(), 81_000);
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
