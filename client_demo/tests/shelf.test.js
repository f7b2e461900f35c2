/** What else is on: what is asked, what is believed of the answer, and where a room's page is. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { recommendations } from "../sdk/recommendations.js";
import { placeOf } from "../viewer/shelf/place.js";

const RACE = { room: "race", title: "Race", viewers: 40, excitement: 0.2, at: 1000, why: { code: "rising", text: "x" } };

/** @type {{url: string, token: string | undefined}[]} */ const asked = [];
let answer = JSON.stringify({ rooms: [RACE] });
let status = 200;
const server = createServer((request, response) => {
  asked.push({ url: request.url, token: request.headers.authorization });
  response.writeHead(status, { "Content-Type": "application/json" }).end(answer);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
after(() => server.close());
const url = `http://127.0.0.1:${server.address().port}`;
const question = { url, room: "gala & co", lang: "zh-CN", limit: 3 };

test("it is asked for a room, a language and so many, with a token where there is one", async () => {
  assert.deepEqual(await recommendations(question), [RACE]);
  assert.deepEqual(await recommendations({ ...question, token: "t" }), [RACE]);
  const path = "/v1/recommendations?limit=3&lang=zh-CN&room=gala+%26+co";
  assert.deepEqual(asked, [
    { url: path, token: undefined },
    { url: path, token: "Bearer t" },
  ]);
});

test("what makes no sense is left out, and a server that doesn't say recommends nothing", async () => {
  const odd = [null, 7, { ...RACE, room: 7 }, { ...RACE, viewers: "many" }, { ...RACE, why: {} }, { ...RACE, more: 1 }];
  answer = JSON.stringify({ rooms: odd });
  assert.deepEqual(await recommendations(question), [{ ...RACE, more: 1 }]);
  for (answer of ["", "{", "[]", "{}", '{"rooms": 7}']) assert.deepEqual(await recommendations(question), []);
  [status, answer] = [404, JSON.stringify({ code: "not_found" })];
  assert.deepEqual(await recommendations(question), []);
});

test("a room's page shows it live, or as far back as its highlight began", () => {
  assert.equal(placeOf(RACE, 60_000), "?room=race");
  const begun = { ...RACE, room: "a b", why: { code: "highlight", text: "x" } };
  assert.equal(placeOf(begun, 31_500), "?room=a+b&behind=31");
  assert.equal(placeOf(begun, 3_000), "?room=a+b");
  assert.equal(placeOf(begun, Number.NaN), "?room=a+b");
});
