import assert from "node:assert/strict";
import { test } from "node:test";

import { fromBytes, toBytes } from "../sdk/codec.js";
import { readMessage } from "../sdk/reading.js";
import { comment, frame, welcome } from "./rooms.js";

const arrived = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

test("what was written is read again", () => {
  const message = welcome({ now: 1_790_000_000_123, recent: [comment("1", { text: "晚会🎉" })] });
  assert.deepEqual(fromBytes(arrived(toBytes(message))), message);
});

test("text, an empty message and bytes that are no map are nothing", () => {
  for (const data of ["{}", undefined, new ArrayBuffer(0), arrived(new Uint8Array([0xc1])), new Uint8Array([0x80])])
    assert.equal(fromBytes(data), undefined);
});

test("a frame cut or changed at any byte never raises", () => {
  const bytes = new Uint8Array(arrived(toBytes(frame({ offset: 1, comments: [comment("1"), comment("2")] }))));
  for (let i = 0; i < bytes.length; i += 1) {
    assert.equal(fromBytes(arrived(bytes.slice(0, i))), undefined);
    for (const other of [0x00, 0x80, 0x90, 0xa5, 0xc0, 0xc1, 0xc7, 0xd9, 0xdf, 0xff]) {
      const changed = bytes.slice();
      changed[i] = other;
      readMessage(fromBytes(arrived(changed)));
    }
  }
});
