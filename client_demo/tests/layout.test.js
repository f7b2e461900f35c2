/** Where things stand: imports go one way, and no two modules need each other. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { KINDS } from "../polls/registry.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODULES = readdirSync(ROOT, { recursive: true })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".js") && !path.startsWith("node_modules/"))
  .sort();

/** Each imports only from those below it; the pages know nothing of each other. */
const FROM_THE_TOP = [
  ["tests"],
  ["ograf"],
  ["viewer", "producer", "overlay"],
  ["cards"],
  ["page.js", "words.js", "nomodule.js"],
  ["polls"],
  ["sdk"],
  ["languages"],
];

/**
 * The relative paths that a source imports: static, dynamic, exported again, or named in a comment
 * for their types.
 * @param {string} source
 */
function relativeImports(source) {
  const found = source.matchAll(/\b(?:from|import)\s*(?:\(\s*)?(["'`])(\.{1,2}\/[^"'`]*)\1/g);
  return [...found].map(([, , path]) => path);
}

/** The modules that a module imports; a path where none lies is an example's. @param {string} module */
function importsOf(module) {
  const source = readFileSync(join(ROOT, module), "utf8");
  const paths = relativeImports(source).map((path) => posix.join(posix.dirname(module), path));
  return paths.filter((path) => MODULES.includes(path));
}

/**
 * The first way that leads from a module back to itself.
 * @param {Map<string, string[]>} graph
 * @returns {string[] | undefined}
 */
function cycleIn(graph) {
  const done = new Set();
  /** @type {(module: string, way: string[]) => string[] | undefined} */
  const search = (module, way) => {
    if (way.includes(module)) return [...way.slice(way.indexOf(module)), module];
    if (done.has(module)) return undefined;
    for (const next of graph.get(module) ?? []) {
      const cycle = search(next, [...way, module]);
      if (cycle) return cycle;
    }
    done.add(module);
    return undefined;
  };
  for (const module of graph.keys()) {
    const cycle = search(module, []);
    if (cycle) return cycle;
  }
  return undefined;
}

test("an import is found however it is written", () => {
  const source = `
    import { a,
      b } from "./static.js";
    import './bare.js';
    export * from "../again.js";
    const late = await import(
      "./dynamic.js");
    /** @import {C} from "./types.js" */
    /** @type {import("./inline.js").D} */
    import { render } from "preact";
  `;
  const found = ["./static.js", "./bare.js", "../again.js", "./dynamic.js", "./types.js", "./inline.js"];
  assert.deepEqual(relativeImports(source), found);
});

test("a cycle is found however long it is", () => {
  const graph = new Map([["a", ["b", "d"]], ["b", ["c"]], ["c", ["b"]], ["d", []]]);
  assert.deepEqual(cycleIn(graph), ["b", "c", "b"]);
  assert.deepEqual(cycleIn(new Map([["a", ["a"]]])), ["a", "a"]);
  assert.equal(cycleIn(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]])), undefined);
});

test("no module imports one that needs it, for its types neither", () => {
  const cycle = cycleIn(new Map(MODULES.map((module) => [module, importsOf(module)])));
  assert.equal(cycle?.join(" -> "), undefined);
});

test("imports go down, and a page imports no other page", () => {
  const depthOf = (/** @type {string} */ path) => {
    const depth = FROM_THE_TOP.findIndex((names) => names.includes(path.split("/")[0] ?? ""));
    assert.notEqual(depth, -1, `${path} has no place in the layers`);
    return depth;
  };
  for (const module of MODULES)
    for (const imported of importsOf(module)) {
      const isNear = module.includes("/") && module.split("/")[0] === imported.split("/")[0];
      assert.ok(isNear || depthOf(module) < depthOf(imported), `${module} imports ${imported}`);
    }
});

/**
 * The places of a source that ask whether something is a certain kind of poll, or list what each
 * kind has.
 * @param {string} source
 */
function kindBranches(source) {
  const name = `"(?:${KINDS.map((kind) => kind.name).join("|")})"`;
  const compared = `\\bkind\\b[^\\n;]*(?:[!=]==?|\\bcase)\\s*${name}|${name}\\s*[!=]==?[^\\n;]*\\bkind\\b`;
  const switched = `\\bcase\\s+${name}\\s*:`;
  const listed = `\\[[^\\]]*${name}[^\\]]*\\]\\s*\\.includes\\([^)]*\\bkind\\b`;
  const bare = `(?:${KINDS.map((kind) => kind.name).join("|")})`;
  const keyed = `\\b(?:${bare}|${name})\\s*:[^:{}]*,\\s*(?:${bare}|${name})\\s*:`;
  return [...source.matchAll(new RegExp([compared, switched, listed, keyed].join("|"), "g"))].map(([found]) => found);
}

test("what a kind of poll does stands in its file", () => {
  for (const module of MODULES)
    if (!/^(polls\/kinds|languages|tests)\//.test(module))
      assert.deepEqual(kindBranches(readFileSync(join(ROOT, module), "utf8")), [], module);
});

test("a branch on a kind of poll is found however it is written", () => {
  for (const wrong of [
    'if (poll.kind === "quiz") return;',
    'const several = "multiple" != draft.kind;',
    'switch (kind) { case "single": }',
    '["single", "quiz"].includes(String(draft.kind))',
    'const words = { single: "Poll", quiz: "Quiz" };',
  ])
    assert.equal(kindBranches(wrong).length, 1, wrong);
  for (const right of ['open({ kind: "quiz", answer: 1 })', 'if (overlay.kind === "stats") show();', '{ quiz: "Quiz, A to D" }'])
    assert.deepEqual(kindBranches(right), [], right);
});
