/** Receipts against the examples that the server's tests make of the contract in plain Python. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";

import { checkVote, verifyReceipt } from "../sdk/receipts.js";
import { poll } from "./rooms.js";

const EXAMPLES = JSON.parse(
  readFileSync(new URL("../../tests/domain/polls/recounts.json", import.meta.url), "utf8"),
);

/** What a page has of an example. @param {any} example @param {number} [at] */
function given(example, at = 0) {
  const { room, audit, tally, voters, weights, key, receipts } = example;
  const said = poll(example.poll, { status: "closed", final: true, tally, voters, audit, ...(weights && { weights }) });
  return structuredClone({ room, poll: said, receipt: receipts[at], keys: [key] });
}

for (const example of EXAMPLES)
  test(`every receipt of ${example.name} is good`, async () => {
    assert.equal(example.receipts.length, example.voters);
    for (const [at, { choices }] of example.receipts.entries()) {
      const check = { ...given(example, at), choices: [...choices].reverse() };
      assert.deepEqual(await verifyReceipt(check), { ok: true, signed: true });
    }
  });

/** @type {[string, string, (made: any) => void][]} */
const WRONG = [
  ["another vote than was cast", "choices", (made) => (made.choices = [1])],
  ["a vote that was changed on the way", "path", (made) => (made.receipt.choices = [1])],
  ["a path with a wrong hash", "path", (made) => (made.receipt.path[0][1] = "0".repeat(64))],
  ["a path with a side changed", "path", (made) => (made.receipt.path[0][0] = made.receipt.path[0][0] === "left" ? "right" : "left")],
  ["a path that is cut", "path", (made) => made.receipt.path.pop()],
  ["another voter", "path", (made) => (made.receipt.voter = "0".repeat(32))],
  ["a weight that the poll has not", "receipt", (made) => (made.receipt.weight = 1)],
  ["a root that isn't the poll's", "root", (made) => (made.poll.audit.root = "0".repeat(64))],
  ["a result that isn't the signed one", "signature", (made) => (made.poll.tally[0] += 1)],
  ["a signature that was changed", "signature", (made) => (made.poll.audit.signature = "0".repeat(128))],
  ["another room", "signature", (made) => (made.room = "other")],
  ["a key that isn't listed", "signature", (made) => (made.keys = [])],
  ["an algorithm that isn't known", "receipt", (made) => (made.poll.audit.algorithm = "md5")],
  ["a poll without an audit", "receipt", (made) => delete made.poll.audit],
  ["nothing", "receipt", (made) => (made.receipt = undefined)],
  ["no hashes", "receipt", (made) => (made.receipt.path = [["left", "x"]])],
  ["a hash that is too long", "receipt", (made) => (made.receipt.path[0][1] += "00")],
  ["no side", "receipt", (made) => (made.receipt.path = [["up", "00"]])],
];

const SEVERAL = EXAMPLES.find(({ name }) => name === "an odd number");

for (const [what, why, change] of WRONG)
  test(`${what} is found`, async () => {
    const at = SEVERAL.receipts.findIndex((/** @type {any} */ each) => String(each.choices) === "0");
    /** @type {any} */ const made = given(SEVERAL, at);
    change(made);
    assert.deepEqual(await verifyReceipt(made), { ok: false, why, signed: false });
  });

test("a vote that was counted by a weight, or without one, in a poll of the other sort, is found", async () => {
  for (const example of EXAMPLES.filter(({ voters }) => voters > 0)) {
    /** @type {any} */ const made = given(example);
    made.poll.weights = !made.poll.weights; // the path and the signature are as good as they were
    assert.deepEqual(await verifyReceipt(made), { ok: false, why: "receipt", signed: false });
  }
});

test("a browser without Ed25519 says that it left the signature out", async (context) => {
  context.mock.method(crypto.subtle, "importKey", () => Promise.reject(new Error("NotSupportedError")));
  assert.deepEqual(await verifyReceipt(given(SEVERAL)), { ok: true, signed: false });
});

/**
 * Ask a real server, which gives these answers by path.
 * @param {Record<string, [number, unknown]>} answers
 * @param {string | undefined} token
 */
async function checked(answers, token = "mine") {
  /** @type {(string | undefined)[]} */ const tokens = [];
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    const [status, body] = answers[request.url ?? ""] ?? [404, { code: "not_found" }];
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const { room, poll, receipt } = given(SEVERAL);
  try {
    const choices = receipt.choices;
    return { ...(await checkVote({ url: `http://127.0.0.1:${port}`, room, token, poll, choices })), tokens };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const RECEIPT = "/v1/rooms/gala/polls/p1/receipt";
const KEYS = { "/v1/keys": /** @type {[number, unknown]} */ ([200, { keys: [SEVERAL.key] }]) };

test("a vote is checked by its receipt and the server's keys", async () => {
  const { tokens, ...found } = await checked({ ...KEYS, [RECEIPT]: [200, given(SEVERAL).receipt] });
  assert.deepEqual(found, { state: "counted", signed: true });
  assert.deepEqual(tokens.sort(), ["Bearer mine", undefined]);
});

test("a vote that the server doesn't know is missing", async () => {
  const { state } = await checked({ ...KEYS, [RECEIPT]: [404, { code: "unknown_vote" }] });
  assert.equal(state, "missing");
});

test("a receipt that isn't this vote's is wrong", async () => {
  const { receipt: mine } = given(SEVERAL);
  const other = SEVERAL.receipts.find((/** @type {any} */ each) => String(each.choices) !== String(mine.choices));
  const { state, why } = await checked({ ...KEYS, [RECEIPT]: [200, other] });
  assert.deepEqual([state, why], ["wrong", "choices"]);
});

for (const [what, answers] of /** @type {[string, Record<string, [number, unknown]>][]} */ ([
  ["no receipts", { ...KEYS, [RECEIPT]: [404, { code: "not_audited" }] }],
  ["too many questions", { ...KEYS, [RECEIPT]: [429, { code: "rate_limited" }] }],
  ["no keys", { [RECEIPT]: [200, {}] }],
]))
  test(`with ${what} nothing is checked`, async () => {
    assert.equal((await checked(answers)).state, "unchecked");
  });

test("without a token nobody is asked", async () => {
  const { room, poll } = given(SEVERAL);
  const found = await checkVote({ url: "http://127.0.0.1:1", room, token: undefined, poll });
  assert.deepEqual(found, { state: "unchecked" });
});
