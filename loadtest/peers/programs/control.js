// What a program of ours is told on standard input, and says on standard output: control.py says
// what the lines are.

import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

/** Says the port, then does as told until standard input ends; `publish` gives every viewer a text. */
export async function obey(port, viewers, publish) {
  let payload = "";
  say({ port });
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    if ("payload" in order) {
      payload = order.payload;
      say({});
    } else if ("viewers" in order) {
      say({ viewers: viewers() });
    } else {
      const first = performance.now();
      for (let turn = 0; turn < order.publish; turn += 1) {
        await sleep(Math.max(0, first + turn * order.every_ms - performance.now()));
        publish(payload);
      }
      say({ loops: [] });
    }
  }
  process.exit();
}
