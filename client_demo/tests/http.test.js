import assert from "node:assert/strict";
import { test } from "node:test";

import { problem } from "../sdk/http.js";

test("a problem document keeps its code, words and the field of each fault", () => {
  const document = {
    code: "bad_message",
    title: "Unprocessable",
    detail: "the body has a fault",
    errors: [{ path: "$.options[1].text", message: "too long" }, { pointer: "#/question", detail: "empty" }],
  };
  assert.deepEqual(problem(422, document, null), {
    ok: false,
    status: 422,
    code: "bad_message",
    message: "the body has a fault",
    faults: [
      { path: "options.1.text", message: "too long" },
      { path: "question", message: "empty" },
    ],
  });
});

test("Retry-After is in seconds", () => {
  assert.equal(problem(429, { code: "rate_limited" }, "3").retryAfterMs, 3_000);
});

test("an answer that is no problem document still is a problem", () => {
  assert.deepEqual(problem(502, undefined, null), { ok: false, status: 502, code: "", message: "", faults: [] });
});
