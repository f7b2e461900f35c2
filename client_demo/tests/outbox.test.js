import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox, RefusedError } from "../sdk/outbox.js";

const COMMENT = { type: "comment", id: "c1", text: "hello", at: 5 };
const ACK = { type: "ack", id: "c1", status: "accepted", comment: "x" };

test("an ack keeps the promise, and the same ack again finds nothing", async () => {
  const outbox = new Outbox();
  const sent = outbox.add(COMMENT);
  assert.deepEqual([sent.id, sent.at], ["c1", 5]);
  assert.equal(outbox.acknowledge(ACK), COMMENT);
  assert.equal(outbox.acknowledge(ACK), undefined);
  assert.deepEqual(await sent.answer, ACK);
});

test("a refusal breaks it, with code, words and when to come again", async () => {
  const outbox = new Outbox();
  const { answer } = outbox.add(COMMENT);
  const why = { type: "error", id: "c1", code: "muted", message: "for an hour", retry_after: 9 };
  assert.deepEqual([outbox.refuse(why), outbox.refuse(why), outbox.refuse({ ...why, id: undefined })], [true, false, false]);
  const told = await answer.catch((error) => error);
  assert.ok(told instanceof RefusedError);
  assert.deepEqual([told.code, told.message, told.retryAfter], ["muted", "for an hour", 9]);
});

test("once it is over, what has no answer is told so", async () => {
  const outbox = new Outbox();
  const { answer } = outbox.add(COMMENT);
  outbox.end({ phase: "ended", code: 3503, reason: "banned" });
  await assert.rejects(answer, { code: "closed", message: "banned" });
});
