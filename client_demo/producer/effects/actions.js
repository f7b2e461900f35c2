/**
 * Actions of effects as a form has them: the fields of each kind, as texts, and back. Pure.
 *
 * Secrets come empty from the server. What is left empty is left out, and the server keeps it.
 */

/**
 * A field of a kind. `read` takes one line, or throws a `RangeError` if it can't be read; `write`
 * makes the line again.
 * @typedef {object} ActionField
 * @property {string} name its path in the action
 * @property {"text" | "secret" | "choice" | "body" | "lines" | "headers"} sort
 * @property {string} [example]
 * @property {boolean} [isNeeded]
 * @property {readonly string[]} [choices]
 * @property {(line: string) => unknown} [read]
 * @property {(value: any) => string} [write]
 *
 * @typedef {{kind: string, fields: readonly ActionField[]}} ActionKind
 * @typedef {{kind: string, values: Readonly<Record<string, string>>}} TypedAction
 */

/** @type {readonly ActionKind[]} */
export const ACTION_KINDS = [
  {
    kind: "obs",
    fields: [
      { name: "url", sort: "text", example: "ws://obs.studio.example:4455", isNeeded: true },
      { name: "password", sort: "secret" },
      {
        name: "requests",
        sort: "lines",
        example: 'SetCurrentProgramScene {"sceneName": "{winner}"}',
        read: readRequest,
        write: ({ type, data }) => (data === undefined ? type : `${type} ${JSON.stringify(data, null, 1).replace(/\n */g, " ")}`),
      },
    ],
  },
  {
    kind: "vmix",
    fields: [
      { name: "url", sort: "text", example: "http://mixer:8088/API/", isNeeded: true },
      {
        name: "functions",
        sort: "lines",
        example: "Function=SetText&Input=1&Value={winner}",
        read: (line) => Object.fromEntries(new URLSearchParams(line.replace(/^\?/, ""))),
        write: (parameters) =>
          Object.entries(parameters).map(([name, value]) => `${name}=${String(value).replace(/[%&+#]/g, encodeURIComponent)}`).join("&"),
      },
    ],
  },
  {
    kind: "caspar",
    fields: [
      { name: "address", sort: "text", example: "caspar.studio.example:5250", isNeeded: true },
      { name: "commands", sort: "lines", example: 'CG 1-10 UPDATE 1 "<b>{winner}</b>"', read: (line) => line, write: String },
    ],
  },
  {
    kind: "webhook",
    fields: [
      { name: "url", sort: "text", example: "https://studio.example/hook", isNeeded: true },
      { name: "secret", sort: "secret", example: "whsec_…" },
    ],
  },
  {
    kind: "http",
    fields: [
      { name: "method", sort: "choice", choices: ["POST", "GET", "PUT", "PATCH", "DELETE"], isNeeded: true },
      { name: "url", sort: "text", example: "https://studio.example/lights?song={winner}", isNeeded: true },
      { name: "headers", sort: "headers", example: "Content-Type: application/json" },
      { name: "body", sort: "body", example: '{"song": "{winner}"}' },
    ],
  },
];

/** @param {string} kind */
export function fieldsOf(kind) {
  return ACTION_KINDS.find((one) => one.kind === kind)?.fields ?? [];
}

/** @param {any} action as the server shows it @returns {TypedAction} */
export function typedAction(action) {
  const values = fieldsOf(action.kind).map((field) => [field.name, written(field, action[field.name])]);
  return { kind: action.kind, values: Object.fromEntries(values) };
}

/** @param {ActionField} field @param {any} value */
function written({ sort, write = String }, value) {
  if (value === undefined) return "";
  if (sort === "lines") return value.map(write).join("\n");
  if (sort === "headers") return Object.entries(value).map(([name, text]) => `${name}: ${text}`).join("\n");
  return String(value);
}

/**
 * Make an action of what was typed. The faults of lines that can't be read are by their paths.
 * @param {TypedAction} typed
 * @param {(line: number) => string} badLine
 * @returns {{action: Record<string, unknown>, faults: Record<string, string>}}
 */
export function readAction({ kind, values }, badLine) {
  /** @type {Record<string, unknown>} */ const action = { kind };
  /** @type {Record<string, string>} */ const faults = {};
  for (const field of fieldsOf(kind)) {
    const text = values[field.name] ?? field.choices?.[0] ?? "";
    if (field.sort === "lines" || field.sort === "headers") {
      const lines = text.split("\n");
      const bad = lines.findIndex((line) => line.trim() && !isReadable(field, line.trim()));
      if (bad >= 0) faults[field.name] = badLine(bad + 1);
      else action[field.name] = readLines(field, lines.map((line) => line.trim()).filter(Boolean));
    } else if (text !== "" || field.isNeeded) {
      action[field.name] = field.sort === "body" ? text : text.trim();
    }
    const value = action[field.name];
    if (field.sort === "headers" && value && Object.keys(value).length === 0) delete action[field.name];
  }
  return { action, faults };
}

/** @param {ActionField} field @param {string[]} lines */
function readLines({ sort, read = String }, lines) {
  return sort === "headers" ? Object.fromEntries(lines.map(readHeader)) : lines.map(read);
}

/** @param {ActionField} field @param {string} line */
function isReadable({ sort, read = String }, line) {
  try {
    if (sort === "headers") readHeader(line);
    else read(line);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} line @returns {[string, string]} */
function readHeader(line) {
  const [, name, value = ""] = /^([^:\s]+)\s*:\s*(.*)$/.exec(line) ?? [];
  if (name === undefined) throw new RangeError("no colon");
  return [name, value];
}

/** @param {string} line a request's type, and its data as a JSON object */
function readRequest(line) {
  const [, type = "", data = ""] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
  if (data === "") return { type };
  const value = JSON.parse(data);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new RangeError("no object");
  return { type, data: value };
}
