/** Messages as a server would send them, for the tests. */

export const NOW = 1_790_000_000_000;

/** @param {object} [parts] */
export function welcome(parts = {}) {
  return {
    type: "welcome",
    room: "gala",
    epoch: "e1",
    offset: 0,
    now: NOW,
    viewer: { id: "u1", name: "Ann", role: "viewer" },
    settings: { title: "Gala", max_latency: 60_000 },
    polls: [],
    overlays: [],
    cues: [],
    recent: [],
    viewers: 1,
    recovered: false,
    durability: "fsync",
    ...parts,
  };
}

/** @param {object} [parts] */
export function frame(parts = {}) {
  return { type: "frame", now: NOW, ...parts };
}

/** @param {string} id @param {object} [parts] */
export function comment(id, parts = {}) {
  return { id, at: NOW, user: "u2", name: "Bo", text: `text ${id}`, weight: 5, ...parts };
}

/** @param {string} id @param {object} [parts] */
export function poll(id, parts = {}) {
  return {
    id,
    kind: "single",
    question: "Which?",
    options: [{ text: "a" }, { text: "b" }],
    status: "open",
    opens_at: NOW,
    closes_at: NOW + 60_000,
    grace: 15_000,
    change: false,
    final: false,
    ...parts,
  };
}
