/**
 * Checks that a viewer's vote is in the count: the receipt leads from the vote to the root of its poll,
 * and the root is signed together with the result. The browser's own cryptography does the work. It needs
 * a secure page (https, or localhost).
 */

import { encode } from "@msgpack/msgpack";

import { call, roomPath } from "./http.js";

/** @import {Poll} from "./wire.js" */

const ALGORITHM = "sha256-merkle-v1";

/**
 * @typedef {object} Receipt
 * @property {string} voter stands for the viewer in this poll alone
 * @property {number[]} choices
 * @property {number} [weight] in a poll with weights
 * @property {["left" | "right", string][]} path
 * @property {string} root
 *
 * @typedef {{kid: string, kty: string, crv: string, x: string}} PublicKey
 *
 * @typedef {object} ReceiptCheck
 * @property {boolean} ok whether this vote is in the poll's root
 * @property {"receipt" | "choices" | "path" | "root" | "signature"} [why] what is wrong
 * @property {boolean} signed whether the signature was checked: some browsers know no Ed25519
 *
 * @typedef {object} VoteCheck
 * @property {"counted" | "wrong" | "missing" | "unchecked"} state `missing`: the server knows no vote of
 *   this viewer; `unchecked`: it couldn't be checked now, or not in this browser
 * @property {ReceiptCheck["why"]} [why]
 * @property {boolean} [signed]
 */

/**
 * Check a receipt without asking anybody.
 * @param {object} given
 * @param {string} given.room
 * @param {Poll} given.poll as it is public, with its `audit`
 * @param {Receipt} given.receipt
 * @param {readonly PublicKey[]} given.keys of `/v1/keys`
 * @param {readonly number[]} [given.choices] what the viewer voted, as far as this page knows
 * @returns {Promise<ReceiptCheck>}
 * @throws {TypeError} where the browser has no Web Crypto
 */
export async function verifyReceipt({ room, poll, receipt, keys, choices }) {
  const { audit } = poll;
  const wrong = (/** @type {ReceiptCheck["why"]} */ why) => ({ ok: false, why, signed: false });
  if (audit?.algorithm !== ALGORITHM || !isReceipt(receipt)) return wrong("receipt");
  if ((receipt.weight !== undefined) !== (poll.weights === true)) return wrong("receipt");
  if (choices && String(ascending(choices)) !== String(ascending(receipt.choices))) return wrong("choices");
  const said = ascending(receipt.choices);
  const content = encode(receipt.weight === undefined ? said : [said, receipt.weight]);
  let hash = await sha256(joined(Uint8Array.of(0), fromHex(receipt.voter), content));
  for (const [side, other] of receipt.path) {
    const pair = side === "left" ? [fromHex(other), hash] : [hash, fromHex(other)];
    hash = await sha256(joined(Uint8Array.of(1), ...pair));
  }
  if (toHex(hash) !== receipt.root) return wrong("path");
  if (receipt.root !== audit.root) return wrong("root");
  const signed = await isSigned(room, poll, keys);
  return signed === false ? wrong("signature") : { ok: true, signed: signed === true };
}

/**
 * Fetch the viewer's receipt and the keys, and check both.
 * @param {object} given
 * @param {string} given.url of the server
 * @param {string} given.room
 * @param {string | undefined} given.token the viewer's
 * @param {Poll} given.poll
 * @param {readonly number[]} [given.choices]
 * @returns {Promise<VoteCheck>}
 */
export async function checkVote({ url, room, token, poll, choices }) {
  if (token === undefined || !globalThis.crypto?.subtle) return { state: "unchecked" };
  const path = roomPath(room, `/polls/${encodeURIComponent(poll.id)}/receipt`);
  const [receipt, keys] = await Promise.all([
    call("GET", `${url}${path}`, { token }),
    call("GET", `${url}/v1/keys`),
  ]);
  if (!receipt.ok) return { state: receipt.code === "unknown_vote" ? "missing" : "unchecked" };
  if (!keys.ok || !Array.isArray(keys.body?.keys)) return { state: "unchecked" };
  const check = { room, poll, receipt: receipt.body, keys: keys.body.keys };
  const { ok, why, signed } = await verifyReceipt({ ...check, ...(choices && { choices }) });
  return ok ? { state: "counted", signed } : { state: "wrong", ...(why && { why }) };
}

/**
 * @param {string} room @param {Poll} poll @param {readonly PublicKey[]} keys
 * @returns {Promise<boolean | undefined>} undefined where the browser can't tell
 */
async function isSigned(room, { id, audit, tally }, keys) {
  const key = keys.find(({ kid }) => kid === audit?.key);
  if (!audit || !key) return false;
  /** @type {CryptoKey} */ let imported;
  try {
    const jwk = { kty: key.kty, crv: key.crv, x: key.x };
    imported = await crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return undefined;
  }
  const text = (/** @type {string} */ value) => new TextEncoder().encode(`${value}\0`);
  const message = joined(text(room), text(id), fromHex(audit.root), encode(tally ?? []));
  return crypto.subtle.verify({ name: "Ed25519" }, imported, fromHex(audit.signature), message);
}

/** @param {any} value */
function isReceipt(value) {
  const isHex = (/** @type {unknown} */ text, /** @type {number} */ bytes) =>
    typeof text === "string" && text.length === 2 * bytes && /^[0-9a-f]+$/.test(text);
  return (
    isHex(value?.voter, 16) &&
    isHex(value.root, 32) &&
    Array.isArray(value.choices) &&
    value.choices.every(Number.isInteger) &&
    Array.isArray(value.path) &&
    value.path.every((/** @type {any} */ step) => ["left", "right"].includes(step?.[0]) && isHex(step[1], 32))
  );
}

/** @param {readonly number[]} numbers */
function ascending(numbers) {
  return [...numbers].sort((a, b) => a - b);
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** @param {Uint8Array[]} parts @returns {Uint8Array<ArrayBuffer>} */
function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
function fromHex(text) {
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

/** @param {Uint8Array} bytes */
function toHex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
