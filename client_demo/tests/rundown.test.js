import assert from "node:assert/strict";
import { test } from "node:test";

import { applied, difference, moveBy, plain, same } from "../producer/rundown/edits.js";
import { bodyOf, titleOf, typedBody } from "../producer/rundown/bodies.js";
import { tardiness } from "../producer/rundown/bar.js";
import { fromLocalTime, localTime } from "../producer/times.js";

const item = (id, more = {}) => ({ id, kind: "note", title: id.toUpperCase(), status: "waiting", ...more });
const ITEMS = [..."abcd"].map((id) => item(id));
const ids = ({ items }) => items.map(({ id }) => id).join("");

test("an edit means the same in whatever another producer left", () => {
  const others = [ITEMS[3], item("x"), ITEMS[0], ITEMS[1]]; // c is gone, x is new, d is first
  assert.equal(ids(applied(others, { does: "add", item: item("n"), after: "a" })), "dxanb");
  assert.equal(ids(applied(others, { does: "add", item: item("n"), after: "c" })), "dxabn");
  assert.equal(ids(applied(others, { does: "add", item: item("n") })), "dxabn");
  assert.equal(ids(applied(others, { does: "remove", id: "a" })), "dxb");
  assert.equal(ids(applied(others, { does: "move", id: "b", before: "x" })), "dbxa");
  assert.equal(ids(applied(others, { does: "move", id: "d", before: "c" })), "xabd");
  assert.equal(ids(applied(others, { does: "move", id: "c", before: "a" })), "dxab");
  const told = applied(others, { does: "replace", item: item("a", { title: "New" }), was: item("a") });
  assert.deepEqual([ids(told), told.items[2].title, told.conflict], ["dxab", "New", undefined]);
});

test("an edit that came through already changes nothing more", () => {
  const added = applied(ITEMS, { does: "add", item: item("n") }).items;
  assert.equal(ids(applied(added, { does: "add", item: item("n") })), "abcdn");
  assert.equal(ids(applied(ITEMS, { does: "remove", id: "n" })), "abcd");
  const edit = { does: "replace", item: item("a", { title: "New" }), was: item("a") };
  assert.equal(applied(applied(ITEMS, edit).items, edit).conflict, undefined);
});

test("two edits of one item exclude each other, and nothing is lost", () => {
  const others = [item("a", { title: "Theirs" }), ...ITEMS.slice(1)];
  const mine = { does: "replace", item: item("a", { title: "Mine" }), was: item("a") };
  assert.deepEqual(applied(others, mine), { items: others, conflict: "changed" });
  assert.deepEqual(applied(ITEMS.slice(1), mine), { items: ITEMS.slice(1), conflict: "removed" });
  const gone = [item("a", { status: "on_air", poll: "p" }), ...ITEMS.slice(1)];
  const [edited] = applied(gone, mine).items; // what became of it is no change of its own
  assert.deepEqual([edited.title, edited.status, edited.poll], ["Mine", "on_air", "p"]);
});

test("what is sent is what a producer wrote", () => {
  const all = item("a", { expected_at: 5, body: { b: 1, a: 2 }, status: "done", poll: "p" });
  assert.deepEqual(plain(all), { id: "a", kind: "note", title: "A", expected_at: 5, body: { b: 1, a: 2 } });
  assert.ok(same(all, { ...all, status: "waiting", body: { a: 2, b: 1 } }));
  assert.ok(!same(all, { ...all, expected_at: 6 }));
});

test("an item moves by places, and no further than the ends", () => {
  const moved = (id, by) => {
    const edit = moveBy(ITEMS, id, by);
    return edit && ids(applied(ITEMS, edit));
  };
  assert.deepEqual([moved("b", 1), moved("b", -1), moved("c", 1)], ["acbd", "bacd", "abdc"]);
  assert.deepEqual([moved("a", -1), moved("d", 1), moved("x", 1)], [undefined, undefined, undefined]);
  assert.deepEqual([moved("c", -Infinity), moved("b", Infinity)], ["cabd", "acdb"]);
});

test("what another producer did is told", () => {
  const before = { version: 1, items: ITEMS };
  const told = (items) => difference(before, { version: 2, items });
  assert.equal(told(ITEMS), undefined);
  assert.deepEqual(told([item("a", { status: "on_air" }), ...ITEMS.slice(1)]), { what: "went", title: "A" });
  assert.deepEqual(told([...ITEMS, item("n")]), { what: "added", title: "N" });
  assert.deepEqual(told(ITEMS.slice(1)), { what: "removed", title: "A" });
  assert.deepEqual(told([ITEMS[1], ITEMS[0], ...ITEMS.slice(2)]), { what: "moved", title: "B" });
  assert.deepEqual(told([item("a", { title: "New" }), ...ITEMS.slice(1)]), { what: "changed", title: "New" });
  const done = { version: 1, items: [item("a", { status: "done" })] };
  assert.deepEqual(difference(done, { version: 2, items: [item("a")] }), { what: "reset", title: "A" });
});

test("a form keeps all of a body, or leaves it to be edited as it is", () => {
  const poll = { kind: "single", question: "Who?", options: ["A", { text: "B" }], duration: 30 };
  /** @type {[string, any, boolean][]} */ const bodies = [
    ["poll", poll, true],
    ["poll", { ...poll, grace: 500, change: true, show_tally: "voted", tag: "who" }, true],
    ["poll", { ...poll, kind: "quiz", answer: 1 }, true],
    ["poll", { kind: "rating", question: "How?", scale: 7, duration: 30 }, true],
    ["poll", { ...poll, translations: [{ lang: "es", question: "¿Quién?", options: ["A", "be"] }] }, true],
    ["poll", { ...poll, translations: [{ lang: "es", question: "¿Quién?", options: ["A", "be"], by: "apertium" }] }, true],
    ["poll", { ...poll, translations: [{ lang: "es", question: "¿Quién?", options: ["A"] }] }, false],
    ["poll", { ...poll, duration: undefined, opens_at: 1, closes_at: 2 }, false],
    ["poll", { ...poll, kind: "of_tomorrow" }, false],
    ["cue", { name: "goal" }, true],
    ["cue", { name: "goal", data: { by: [7, null] } }, true],
    ["cue", { name: "goal", at: 5 }, false],
    ["card", { entity: "e", name: "N", values: { Goals: 2, "": 1 } }, false],
    ["card", { entity: "e", name: "N", values: { Goals: 2, By: "Ann" }, duration: 0 }, true],
    ["card", { entity: "e", name: "N", values: null }, false],
    ["note", "Smile.", true],
    ["break", undefined, true],
  ];
  for (const [kind, body, isWhole] of bodies) {
    const given = JSON.parse(JSON.stringify(item("a", { kind, body })));
    const typed = typedBody(given);
    assert.equal(typed.json === undefined, isWhole, JSON.stringify(body));
    if (!isWhole) assert.deepEqual(bodyOf(kind, typed), given.body);
    assert.equal(typedBody({ ...given, body: bodyOf(kind, typed) }).json === undefined, isWhole);
  }
  assert.equal(bodyOf("cue", { ...typedBody(undefined), json: "{" }), undefined);
});

test("an item without a title has what it does", () => {
  assert.deepEqual(
    [titleOf("poll", { question: "Who?" }), titleOf("cue", { name: "goal" }), titleOf("note", "One\nTwo"), titleOf("break", undefined)],
    ["Who?", "goal", "One", ""],
  );
});

test("how late it is", () => {
  assert.deepEqual([tardiness(61_000), tardiness(-61_000), tardiness(999)], ["1:01 late", "in 1:01", "in 0:00"]);
});

test("a time is read as it was filled in", () => {
  for (const at of [0, 1_790_000_000_000]) assert.equal(fromLocalTime(localTime(at)), at);
  assert.equal(localTime(undefined), "");
  assert.equal(fromLocalTime(""), undefined);
});
