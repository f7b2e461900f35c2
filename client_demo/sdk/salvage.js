/**
 * Reads what it can of a message that can't be read as a whole. A decoder refuses the whole message for one
 * odd key deep inside. Here each item of a list is decoded by itself, and an odd one is left out.
 */

import { decode } from "@msgpack/msgpack";

/** How many bytes follow the head byte, for types of a fixed size. */
const FIXED = new Map([
  [0xc0, 0], [0xc2, 0], [0xc3, 0], [0xca, 4], [0xcb, 8],
  [0xcc, 1], [0xcd, 2], [0xce, 4], [0xcf, 8], [0xd0, 1], [0xd1, 2], [0xd2, 4], [0xd3, 8],
  [0xd4, 2], [0xd5, 3], [0xd6, 5], [0xd7, 9], [0xd8, 17],
]); // prettier-ignore
/** How many bytes the length takes after the head byte, for text, bytes and extensions. */
const BLOBS = new Map([
  [0xc4, 1], [0xc5, 2], [0xc6, 4], [0xc7, 1], [0xc8, 2], [0xc9, 4], [0xd9, 1], [0xda, 2], [0xdb, 4],
]); // prettier-ignore

/**
 * @typedef {{items: number, next: number}} Head how many values follow within this one, and where
 */

/**
 * @param {Uint8Array} bytes a MessagePack map, as far as heads and lengths go
 * @returns {Record<string, unknown> | undefined} the map without what can't be read; undefined when
 *   it is cut short or no map
 */
export function salvage(bytes) {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!isMap(view.getUint8(0))) return undefined;
    /** @type {Record<string, unknown>} */
    const read = {};
    let { items, next } = head(view, 0);
    for (; items > 0; items -= 2) {
      const value = end(view, next);
      const after = end(view, value);
      const name = attempt(bytes.subarray(next, value));
      const part = isArray(view.getUint8(value)) ? list(bytes, view, value) : attempt(bytes.subarray(value, after));
      if (typeof name === "string" && name !== "__proto__" && part !== undefined) read[name] = part;
      next = after;
    }
    return next === bytes.byteLength ? read : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** @param {Uint8Array} bytes @param {DataView} view @param {number} at @returns {unknown[]} */
function list(bytes, view, at) {
  const read = [];
  let { items, next } = head(view, at);
  for (; items > 0; items -= 1) {
    const after = end(view, next);
    const item = attempt(bytes.subarray(next, after));
    if (item !== undefined) read.push(item);
    next = after;
  }
  return read;
}

/** @param {Uint8Array} bytes @returns {unknown} undefined when it can't be read */
function attempt(bytes) {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** Return where the value at `at` ends. It uses no recursion, since values may be deep. @param {DataView} view @param {number} at */
function end(view, at) {
  let open = 1;
  while (open > 0) {
    const { items, next } = head(view, at);
    if (next > view.byteLength) throw new RangeError("cut short");
    open += items - 1;
    at = next;
  }
  return at;
}

/** @param {DataView} view @param {number} at @returns {Head} */
function head(view, at) {
  const byte = view.getUint8(at);
  const next = at + 1;
  if (byte <= 0x7f || byte >= 0xe0) return { items: 0, next };
  if (byte <= 0x8f) return { items: 2 * (byte & 0x0f), next };
  if (byte <= 0x9f) return { items: byte & 0x0f, next };
  if (byte <= 0xbf) return { items: 0, next: next + (byte & 0x1f) };
  const fixed = FIXED.get(byte);
  if (fixed !== undefined) return { items: 0, next: next + fixed };
  const sized = BLOBS.get(byte);
  if (sized !== undefined) {
    const type = byte >= 0xc7 && byte <= 0xc9 ? 1 : 0;
    return { items: 0, next: next + sized + type + unsigned(view, next, sized) };
  }
  if (byte === 0xdc || byte === 0xde) return { items: unsigned(view, next, 2) * (isMap(byte) ? 2 : 1), next: next + 2 };
  if (byte === 0xdd || byte === 0xdf) return { items: unsigned(view, next, 4) * (isMap(byte) ? 2 : 1), next: next + 4 };
  throw new RangeError("no value begins so");
}

/** @param {DataView} view @param {number} at @param {number} size of 1, 2 or 4 bytes */
function unsigned(view, at, size) {
  if (size === 1) return view.getUint8(at);
  return size === 2 ? view.getUint16(at) : view.getUint32(at);
}

/** @param {number} byte */
function isMap(byte) {
  return (byte & 0xf0) === 0x80 || byte === 0xde || byte === 0xdf;
}

/** @param {number} byte */
function isArray(byte) {
  return (byte & 0xf0) === 0x90 || byte === 0xdc || byte === 0xdd;
}
