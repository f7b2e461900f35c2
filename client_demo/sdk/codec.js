/** The bytes on the wire: one MessagePack map to a binary message. */

import { decode, encode } from "@msgpack/msgpack";

import { salvage } from "./salvage.js";

export const SUBPROTOCOL = "grandstand.v1.msgpack";

/** @param {object} message @returns {Uint8Array<ArrayBuffer>} */
export function toBytes(message) {
  return encode(message);
}

/**
 * @param {unknown} data of a WebSocket's message
 * @returns {unknown} without the items that can't be read; undefined when it is nothing of this
 *   contract: the gap or silence that it leaves is handled as any other
 */
export function fromBytes(data) {
  if (!(data instanceof ArrayBuffer)) return undefined;
  try {
    return decode(data);
  } catch {
    return salvage(new Uint8Array(data));
  }
}
