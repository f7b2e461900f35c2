/**
 * The programme feed (`GET …/program`) as the state of a room, folded as a viewer's frames are. For
 * graphics, which show what happens and say nothing. It needs no library.
 */

import { NO_TIME, readMessage } from "./reading.js";
import { enter, fold } from "./room.js";

/** @import {RoomState} from "./room.js" */

const AGAIN_MS = 5_000; // an EventSource that was refused doesn't come back by itself

/** The events, and where a frame has what they say. @type {ReadonlyMap<string, string>} */
const LISTS = new Map([
  ["poll", "polls"],
  ["overlay", "overlays"],
  ["drop", "drop"],
  ["cue", "cues"],
  ["tally", "tallies"],
]);

/**
 * Return the state after an event; the same one if the event can't be read. Pure.
 * @param {RoomState | undefined} state
 * @param {string} name
 * @param {unknown} data
 * @param {number} now programme time
 * @returns {RoomState | undefined}
 */
export function take(state, name, data, now) {
  if (name === "reset") {
    const known = { viewer: { role: "viewer" }, recent: [], viewers: 0, recovered: false };
    const welcome = readMessage({ .../** @type {object} */ (data), ...known, type: "welcome" });
    return welcome?.type === "welcome" ? enter(welcome, state) : state;
  }
  const list = LISTS.get(name);
  const said = name === "settings" ? { settings: data } : list ? { [list]: [data] } : undefined;
  if (!state || !said) return state;
  const frame = readMessage({ type: "frame", now: now || NO_TIME, ...said });
  return frame?.type === "frame" ? fold(state, frame) : state;
}

/** A room's feed, for as long as it isn't closed. */
export class ProgramFeed {
  /** @type {RoomState | undefined} */ state;
  #url;
  /** @type {EventSource | undefined} */ #source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #again;
  /** Programme time less this page's own. */ #ahead = NaN;

  /** @param {string} server like "https://show.example" @param {string} room its id */
  constructor(server, room) {
    this.#url = new URL(`/v1/rooms/${encodeURIComponent(room)}/program`, server).href;
    this.#open();
  }

  /** Programme time now; NaN before the first state. */
  now() {
    return performance.now() + this.#ahead;
  }

  close() {
    clearTimeout(this.#again);
    this.#source?.close();
  }

  #open() {
    const source = new EventSource(this.#url);
    this.#source = source;
    for (const name of ["reset", "settings", ...LISTS.keys()])
      source.addEventListener(name, (event) => this.#take(name, event.data));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED)
        this.#again = setTimeout(() => this.#open(), AGAIN_MS * (0.5 + Math.random()));
    });
  }

  /** @param {string} name @param {string} text */
  #take(name, text) {
    /** @type {unknown} */ let data;
    try {
      data = JSON.parse(text);
    } catch {
      return;
    }
    this.state = take(this.state, name, data, this.now());
    if (name === "reset" && this.state) this.#ahead = this.state.now - performance.now();
  }
}
