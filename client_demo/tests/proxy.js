/**
 * Stands between a viewer and the server, and does to their WebSocket what networks do: cuts it at
 * any byte, delays it, loses and repeats messages. It reads just enough of the protocol to tell
 * messages apart; sockets that negotiated compression pass as well, but their messages stay closed.
 */

import { once } from "node:events";
import { connect, createServer } from "node:net";

import { decode } from "@msgpack/msgpack";

/** What becomes of a message: the bytes that go on in its place, and whether the line is cut then. */
export const PASS = (frame) => ({ bytes: [frame.bytes] });
export const TWICE = (frame) => ({ bytes: [frame.bytes, frame.bytes] });
export const LOSE = () => ({ bytes: [] });
export const CUT_BEFORE = () => ({ bytes: [], cut: true });
export const CUT_INSIDE = (frame) => ({ bytes: [frame.bytes.subarray(0, frame.bytes.length / 2)], cut: true });

/** A server's WebSocket frame, which is not masked. */
export function serverFrame(opcode, payload) {
  const { length } = payload;
  const head = length < 126 ? [length] : [126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...head]), payload]);
}

export class Proxy {
  /** Rules for messages to the client, and from it; set anew at any time. */
  toClient = PASS;
  toServer = PASS;
  delayMs = 0;
  /** WebSockets so far. */
  sockets = 0;
  #lines = new Set();
  #server = createServer((client) => this.#accept(client));

  constructor(port) {
    this.port = port;
  }

  async start() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Cuts what is open now. */
  cut() {
    for (const line of this.#lines) line();
  }

  async end() {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** The next message for which `which` holds meets `fate`, those before and after it pass. */
  once(direction, which, fate) {
    return new Promise((resolve) => {
      this[direction] = (frame) => {
        if (!which(frame.message)) return PASS(frame);
        this[direction] = PASS;
        resolve(frame.message);
        return fate(frame);
      };
    });
  }

  #accept(client) {
    const server = connect(this.port, "127.0.0.1");
    const cut = () => {
      this.#lines.delete(cut);
      client.destroy();
      server.destroy();
    };
    this.#lines.add(cut);
    this.#pipe(client, server, cut, () => this.toServer, () => (this.sockets += 1));
    this.#pipe(server, client, cut, () => this.toClient);
  }

  #pipe(from, to, cut, rule, onSocket = () => {}) {
    let held = Buffer.alloc(0);
    let greeted = false; // past the handshake
    let plain = false; // HTTP that is none
    let last = Promise.resolve();
    const write = (bytes) => {
      const waited = this.delayMs;
      const due = new Promise((wake) => setTimeout(wake, waited));
      last = waited > 0 ? Promise.all([last, due]).then(() => !to.destroyed && to.write(bytes)) : last;
      if (waited === 0) to.write(bytes);
    };
    from.on("data", (bytes) => {
      if (plain) return void write(bytes);
      held = Buffer.concat([held, bytes]);
      if (!greeted) {
        const end = held.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = held.subarray(0, end).toString("latin1");
        if (!/^upgrade: *websocket/im.test(head)) {
          plain = true;
          return void write(held);
        }
        greeted = true;
        onSocket();
        write(held.subarray(0, end + 4));
        held = held.subarray(end + 4);
      }
      for (let frame = take(held); frame && !from.destroyed; frame = take(held)) {
        held = held.subarray(frame.bytes.length);
        const { bytes: on, cut: cuts = false } = frame.isMessage ? rule()(frame) : PASS(frame);
        for (const part of on) write(part);
        if (cuts) return void setImmediate(cut);
      }
    });
    from.on("error", cut);
    from.on("close", () => void last.then(cut));
  }
}

/** The first whole frame in some bytes, decoded if it is a message that can be. */
function take(bytes) {
  if (bytes.length < 2) return undefined;
  const masked = (bytes[1] & 0x80) !== 0;
  let length = bytes[1] & 0x7f;
  let start = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    [length, start] = [bytes.readUInt16BE(2), 4];
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    [length, start] = [Number(bytes.readBigUInt64BE(2)), 10];
  }
  const mask = masked ? bytes.subarray(start, start + 4) : undefined;
  if (masked) start += 4;
  if (bytes.length < start + length) return undefined;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  if (mask) for (let i = 0; i < length; i += 1) payload[i] ^= mask[i % 4];
  const compressed = (bytes[0] & 0x40) !== 0;
  const isMessage = (bytes[0] & 0x0f) === 2;
  return {
    bytes: bytes.subarray(0, start + length),
    isMessage,
    message: isMessage && !compressed ? decode(payload) : undefined,
  };
}
