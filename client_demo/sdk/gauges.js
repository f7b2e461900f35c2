/** What a room's gauges say. Pure. */

/** @import {Gauges} from "./wire.js" */

/**
 * Return how many watch: `viewers` are those with a socket alone, `lurkers` about how many have none. 0 as long as the
 * room hasn't said it.
 * @param {Pick<Gauges, "viewers" | "lurkers"> | undefined} gauges
 */
export function viewersOf(gauges) {
  return (gauges?.viewers ?? 0) + (gauges?.lurkers ?? 0);
}
