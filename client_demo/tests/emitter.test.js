import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Emitter } from "../sdk/emitter.js";

test("handlers hear their event in their order, until they are taken off", () => {
  const emitter = new Emitter();
  const heard = [];
  const off = emitter.on("a", (payload) => heard.push(["first", payload]));
  emitter.on("a", (payload) => heard.push(["second", payload]));
  emitter.on("b", () => heard.push("never"));
  emitter.emit("a", 1);
  off();
  emitter.emit("a", 2);
  assert.deepEqual(heard, [["first", 1], ["second", 1], ["second", 2]]);
});

test("one that takes itself off while it hears doesn't deafen the next", () => {
  const emitter = new Emitter();
  let heard = 0;
  const off = emitter.on("a", () => off());
  emitter.on("a", () => (heard += 1));
  emitter.emit("a");
  assert.equal(heard, 1);
});

test("one that begins to listen while an event is told hears the next", () => {
  const emitter = new Emitter();
  let heard = 0;
  emitter.on("a", () => emitter.on("a", () => (heard += 1)));
  emitter.emit("a");
  assert.equal(heard, 0);
});

test("what one throws is reported, and the others hear all the same", () => {
  const reported = mock.method(console, "error", () => {});
  const emitter = new Emitter();
  const fault = new Error("a page's fault");
  let heard = 0;
  emitter.on("a", () => {
    throw fault;
  });
  emitter.on("a", () => (heard += 1));
  emitter.emit("a");
  mock.restoreAll();
  assert.deepEqual([heard, reported.mock.calls[0].arguments], [1, [fault]]);
});
