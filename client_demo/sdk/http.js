/** Calls of the HTTP contract. A problem document becomes a value, never an exception. */

/** @import {Poll} from "./wire.js" */

/**
 * @typedef {object} Problem
 * @property {false} ok
 * @property {number} status 0 when the server could not be reached
 * @property {string} code the contract's word, or ""
 * @property {string} message for a person
 * @property {{path: string, message: string}[]} faults of 422, each with the path of its field
 * @property {any} [rundown] the present one, if what was sent is outdated
 * @property {number} [retryAfterMs]
 * @property {Poll} [poll] as it is, if a step with it was impossible
 */

/**
 * @param {string} method
 * @param {string} path
 * @param {{token?: string, body?: unknown}} [options]
 * @returns {Promise<{ok: true, body: any} | Problem>}
 */
export async function call(method, path, { token, body } = {}) {
  /** @type {Record<string, string>} */ const headers = {};
  if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(path, { method, headers, body: JSON.stringify(body) });
    const answer = parsed(await response.text());
    if (response.ok) return { ok: true, body: answer };
    return problem(response.status, answer, response.headers.get("Retry-After"));
  } catch {
    return { ok: false, status: 0, code: "", message: "", faults: [] };
  }
}

/** @param {string} text @returns {any} undefined when it is no JSON: a gateway's page, or nothing */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Read an RFC 9457 problem document.
 * @param {number} status
 * @param {any} document
 * @param {string | null} retryAfter
 * @returns {Problem}
 */
export function problem(status, document, retryAfter) {
  const faults = Array.isArray(document?.errors) ? document.errors : [];
  const seconds = Number(retryAfter ?? document?.retry_after ?? NaN);
  return {
    ok: false,
    status,
    code: String(document?.code ?? ""),
    message: String(document?.detail ?? document?.title ?? ""),
    faults: faults.map((/** @type {any} */ fault) => ({
      path: fieldPath(String(fault?.path ?? fault?.pointer ?? "")),
      message: String(fault?.detail ?? fault?.message ?? ""),
    })),
    ...(document?.rundown && { rundown: document.rundown }),
    ...(Number.isFinite(seconds) && { retryAfterMs: seconds * 1000 }),
    ...(typeof document?.poll?.id === "string" && { poll: document.poll }),
  };
}

/**
 * `$.options[2].text`, `#/options/2/text` and `options.2.text` all name the same field.
 * @param {string} path
 */
function fieldPath(path) {
  return path.replace(/^[#$]/, "").split(/[./[\]]+/).filter(Boolean).join(".");
}

/** @param {string} room @param {string} path */
export function roomPath(room, path) {
  return `/v1/rooms/${encodeURIComponent(room)}${path}`;
}

/**
 * Make calls inside one room, for a producer's or moderator's page.
 * @param {object} options
 * @param {string} [options.url] of the server; this page's when absent
 * @param {string} options.room
 * @param {string} [options.token]
 * @returns {(method: string, path: string, body?: unknown) => Promise<{ok: true, body: any} | Problem>}
 */
export function roomCalls({ url, room, token }) {
  const base = (url ?? location.origin).replace(/\/+$/, "");
  return (method, path, body) => call(method, `${base}${roomPath(room, path)}`, { token, body });
}
