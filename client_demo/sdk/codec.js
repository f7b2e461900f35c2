/** The bytes on the wire: one MessagePack map to a binary message. */

import { decode, encode } from "@msgpack/msgpack";

export const SUBPROTOCOL = "grandstand.v1.msgpack";

/** @param {object} message @returns {Uint8Array<ArrayBuffer>} */
export function toBytes(message) {
  return encode(message);
}

/**
 * @param {unknown} data of a WebSocket's message
 * @returns {unknown} undefined when it is nothing of this contract: the gap or the silence that it
 *   leaves is mended like any other
 */
export function fromBytes(data) {
  if (!(data instanceof ArrayBuffer)) return undefined;
  try {
    return decode(data);
  } catch {
    return undefined;
  }
}
