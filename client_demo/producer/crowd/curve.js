/** The audience as the plot shows it: what was counted here, and what is expected. Pure. */

/** @import {Expected} from "../../sdk/grandstand.js" */

const EVERY_MS = 5_000;
const KEPT_MS = 30 * 60_000;

/** The rows of a plot as uPlot takes them: times in s, viewers, p10, p50, p90. @typedef {(number | null)[][]} Columns */

export class AudienceCurve {
  /** @type {{at: number, viewers: number}[]} */ #counts = [];

  /** Take a count, at most one in five seconds. A clock that was put back begins anew. @param {number} at programme time @param {number} viewers */
  add(at, viewers) {
    const last = this.#counts.at(-1)?.at ?? -Infinity;
    if (Number.isNaN(at) || (at >= last && at < last + EVERY_MS)) return;
    const kept = at < last ? [] : this.#counts.filter((count) => count.at > at - KEPT_MS);
    this.#counts = [...kept, { at, viewers }];
  }

  /** The expectation begins at the last count. @param {readonly Expected[]} expected @returns {Columns} */
  columns(expected) {
    const last = this.#counts.at(-1);
    const before = this.#counts.slice(0, -1).map(({ at, viewers }) => [at / 1000, viewers, null, null, null]);
    if (!last) return [[], [], [], [], []];
    const now = last.at / 1000;
    const ahead = expected.map((one) => [now + one.in, null, one.p10, one.p50, one.p90]);
    const here = ahead.length > 0 ? last.viewers : null;
    const rows = [...before, [now, last.viewers, here, here, here], ...ahead];
    return [0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column] ?? null));
  }
}

/** Whether a token says that it is for all rooms. The server decides; this spares a call that it would refuse. @param {string} token a JWT */
export function isForAllRooms(token) {
  try {
    const claims = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).rooms.includes("*");
  } catch {
    return false;
  }
}
