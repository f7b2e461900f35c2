/** When the viewer's page checks votes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { VoteChecks } from "../viewer/vote_checks.js";
import { poll } from "./rooms.js";

const AUDIT = { root: "", leaves: 1, algorithm: "", signature: "", key: "", receipts: true };
/** @type {import("../viewer/ballots.js").Ballot} */ const CAST = { choices: [1], state: "accepted", text: "" };

/** @param {number} voters @param {object} [audit] @returns {any} */
function seen(voters, audit = AUDIT) {
  return { poll: poll("p", { status: "closed", audit }), phase: "closed", votes: { tally: [], voters } };
}

/** Checks that answer these states in turn. @param {any[]} states */
function checks(...states) {
  /** @type {{run: () => void, delayMs: number}[]} */ const waiting = [];
  /** @type {any[]} */ const asked = [];
  const made = new VoteChecks(
    async (...question) => {
      asked.push(question);
      return { state: states.shift() };
    },
    (run, delayMs) => waiting.push({ run, delayMs }),
    () => 0.5,
  );
  const turn = async () => {
    const next = waiting.shift();
    next?.run();
    await new Promise((done) => setImmediate(done));
    return next?.delayMs;
  };
  return { made, asked, turn };
}

test("a vote is checked once, and the answer stays", async () => {
  const { made, asked, turn } = checks("counted");
  assert.equal(made.of(seen(100), CAST), undefined);
  assert.equal(made.of(seen(100), CAST), undefined);
  assert.equal(await turn(), 50);
  assert.deepEqual(asked, [["p", [1]]]);
  assert.deepEqual(made.of(seen(100), CAST), { state: "counted" });
  assert.equal(await turn(), undefined);
});

test("ten million voters don't ask at once, and all while the card is there", async () => {
  const { made, turn } = checks("counted");
  made.of(seen(10_000_000), CAST);
  assert.equal(await turn(), 120_000);
});

test("what couldn't be checked is tried again, and then told so", async () => {
  const { made, asked, turn } = checks("unchecked", "unchecked", "unchecked");
  made.of(seen(2), CAST);
  assert.deepEqual([await turn(), await turn()], [1, 30_000]);
  assert.equal(made.of(seen(2), CAST), undefined);
  assert.equal(await turn(), 30_000);
  assert.deepEqual(made.of(seen(2), CAST), { state: "unchecked" });
  assert.equal(asked.length, 3);
});

test("nobody asks without an accepted vote, an audit, or receipts", async () => {
  const { made, turn } = checks();
  made.of(seen(1), undefined);
  made.of(seen(1), { ...CAST, state: "refused" });
  made.of(seen(1), { ...CAST, choices: [] });
  made.of(seen(1, { ...AUDIT, receipts: undefined }), CAST);
  made.of({ ...seen(1), poll: poll("p") }, CAST);
  assert.equal(await turn(), undefined);
});
