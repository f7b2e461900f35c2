import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { CLOSES, afterClose, afterStatus, backoffMs } from "../sdk/backoff.js";
import { LANGUAGES, textsFor } from "../languages/languages.js";
import { serverSays } from "./server.js";

test("the bound doubles from half a second to thirty", () => {
  const bounds = [0, 1, 2, 5, 6, 7, 100].map((attempt) => backoffMs(attempt, 1));
  assert.deepEqual(bounds, [500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
});

test("jitter is full: from nothing to the bound", () => {
  assert.equal(backoffMs(3, 0), 0);
  assert.equal(backoffMs(3, 0.5), 2_000);
});

const SERVED = serverSays(`
from grandstand.api.documents import asyncapi
said = asyncapi()["channels"]["live"]["x-close-codes"]`);

test("close codes ask the same of the SDK as of every client", () => {
  const served = Object.fromEntries(SERVED.codes.map(({ code, client }) => [code, client]));
  assert.deepEqual(CLOSES, served);
  assert.deepEqual(new Set(Object.values(CLOSES)), new Set(Object.keys(SERVED.clients)));
});

test("a code that the table does not have asks what the server says of others", () => {
  for (const code of [1000, 1005, 3999, 4999]) assert.equal(afterClose(code), SERVED.others);
});

test("an HTTP status asks the same of the SDK as of every client", () => {
  const says = serverSays(`
from grandstand.wire.codes import after_status
said = {status: after_status(status) for status in range(600)}`);
  const own = Object.keys(says).map((status) => [status, afterStatus(Number(status))]);
  assert.deepEqual(Object.fromEntries(own), says);
  assert.deepEqual([0, 401, 404, 429, 503].map(afterStatus), [
    "reconnect", "new token", "final", "reconnect", "reconnect",
  ]);
});

test("a close that can end a viewer's stay has words in each language and in the guide", async () => {
  const guide = readFileSync(new URL("../../docs/sdk.md", import.meta.url), "utf8");
  const ends = Object.keys(CLOSES).filter((code) => afterClose(Number(code)) !== "reconnect");
  for (const { closeReasons } of await Promise.all(Object.keys(LANGUAGES).map(async (code) => (await textsFor(code)).shared))) assert.deepEqual(Object.keys(closeReasons), ends);
  const [, told] = guide.match(/^\| `ended` \|(.*)\|$/m) ?? [];
  assert.deepEqual(told?.match(/\d{4}(?=:)/g), ends);
});
