/**
 * The OGraf graphic: its manifest, its data, and that a renderer can load it without our server.
 *
 * EBU publishes the manifest's JSON schema as
 * https://ograf.ebu.io/v1/specification/json-schemas/graphics/schema.json (repository ebu/ograf,
 * v1/specification/json-schemas). No npm package has it; `ograf` has the types made from it, by which
 * `npm run check` holds the graphic's methods. What the schema demands of a manifest is written here.
 */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { readData } from "../ograf/data.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MANIFEST = "grandstand.ograf.json";
const manifest = JSON.parse(readFileSync(join(ROOT, MANIFEST), "utf8"));

/** Field by field, with the type that JSON has for it. */
const FIELDS = {
  $schema: "string", id: "string", version: "string", main: "string", name: "string", description: "string",
  author: "object", customActions: "object", supportsRealTime: "boolean", supportsNonRealTime: "boolean",
  stepCount: "number", schema: "object", renderRequirements: "object", thumbnails: "object", actionDurations: "object",
};
const REQUIRED = ["$schema", "id", "name", "main", "supportsRealTime", "supportsNonRealTime"];
const DATA_TYPES = ["boolean", "string", "number", "integer", "array", "object"];

/** @param {Record<string, unknown>} object @param {string[]} must @param {string[]} may */
function has(object, must, may) {
  for (const name of must) assert.ok(name in object, `no ${name}`);
  for (const name of Object.keys(object))
    assert.ok([...must, ...may].includes(name) || name.startsWith("v_"), `${name} is no field`);
}

test("the manifest is one of version 1", () => {
  assert.match(MANIFEST, /\.ograf\.json$/);
  has(manifest, REQUIRED, Object.keys(FIELDS));
  for (const [name, type] of Object.entries(FIELDS)) if (name in manifest) assert.equal(typeof manifest[name], type, name);
  assert.equal(manifest.$schema, "https://ograf.ebu.io/v1/specification/json-schemas/graphics/schema.json");
  has(manifest.author, ["name"], ["email", "url"]);
  for (const action of manifest.customActions) has(action, ["id", "name"], ["description", "schema"]);
  assert.ok(Number.isInteger(manifest.stepCount) && manifest.stepCount >= -1);
});

test("its data have a schema with a type and a title for each field", () => {
  assert.equal(manifest.schema.type, "object");
  for (const [name, field] of Object.entries(manifest.schema.properties)) {
    assert.ok(DATA_TYPES.includes(field.type), name);
    assert.equal(typeof field.title, "string", name);
    assert.equal(typeof field.default, field.type, name);
    assert.equal(typeof field.order, "number", name);
  }
  for (const name of manifest.schema.required) assert.ok(name in manifest.schema.properties, name);
});

test("the defaults of the schema are what the graphic takes without them", () => {
  const defaults = Object.fromEntries(Object.entries(manifest.schema.properties).map(([name, field]) => [name, field.default]));
  const [all, none] = [{ ...defaults, room: "gala" }, { room: "gala" }].map((data) => readData(data, "https://show.example"));
  assert.deepEqual(all, none);
  assert.deepEqual(Object.keys(Object(all)).sort(), Object.keys(manifest.schema.properties).sort());
});

test("wrong data are told, and odd values are their defaults", () => {
  for (const wrong of [undefined, null, [], "gala", {}, { room: "" }, { room: 7 }, { room: "gala", server: "javascript:alert(1)" }, { room: "gala", server: "show" }])
    assert.equal(typeof readData(wrong, "https://show.example"), "string", JSON.stringify(wrong));
  const odd = readData({ room: "gala", behind: -1, result: "x", theme: "pink", language: "no language" }, "https://show.example");
  assert.deepEqual(odd, { ...Object(readData({ room: "gala" }, "https://show.example")), language: "en" });
  assert.equal(Object(readData({ room: "gala", server: "https://a.example/b?c" }, "https://show.example")).server, "https://a.example");
});

test("a renderer that has the folder needs nothing else: no module is named barely", () => {
  const [modules, seen] = [[manifest.main], new Set()];
  for (const module of modules) {
    if (seen.has(module)) continue;
    seen.add(module);
    const source = readFileSync(join(ROOT, module), "utf8");
    for (const [, name] of source.matchAll(/^(?:import\s|import\b[^;"]*?\bfrom\s|export\b[^;"]*?\bfrom\s)\s*"([^"]+)"/gm)) {
      assert.match(String(name), /^\.{1,2}\//, `${module} imports ${name}`);
      const path = join(dirname(module), String(name));
      assert.ok(!path.startsWith("..") && existsSync(join(ROOT, path)), path);
      modules.push(path);
    }
  }
  assert.ok(seen.size > 10);
});
