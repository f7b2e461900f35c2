/** Where the page of a recommended room is. Pure. */

/** @import {Recommended} from "../../sdk/grandstand.js" */

const LATE_MS = 5_000; // a moment less far back is as good as live

/**
 * Return the address of a room's page, from this one; where a highlight has just begun, with the picture as
 * far back as that.
 * @param {Recommended} room
 * @param {number} now programme time, ms
 */
export function placeOf({ room, why, at }, now) {
  const query = new URLSearchParams({ room });
  const backMs = why.code === "highlight" ? now - at : 0;
  if (backMs > LATE_MS) query.set("behind", String(Math.ceil(backMs / 1000)));
  return `?${query}`;
}
