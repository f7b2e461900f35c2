/**
 * The state of a room, as a pure fold of what the server sends: state plus frames equals state. It knows
 * nothing of sockets, clocks or pages. A state is never changed, only replaced.
 */

import { phaseOf, votesFrom } from "./polls.js";

/** @import {PollPhase, Votes} from "./polls.js" */
/** @import {Comment, Cue, Frame, Gauges, Overlay, Poll, Settings, Tally, Viewer, Welcome} from "./wire.js" */

const RECENT = 50; // as many as a welcome has
const MOST_VERSIONS = 200; // of one overlay: a card that changes three times a second for a minute
const MAX_LATENCY_MS = 60_000; // the contract's default

/**
 * When a poll's result was final and when it was revealed, and what was known of the poll before.
 * @typedef {{closed?: {at: number, before: Poll}, revealed?: {at: number, before: Poll}}} PollSteps
 */

/**
 * @typedef {object} RoomState
 * @property {string} room
 * @property {string} epoch
 * @property {number} offset of the last numbered frame folded in
 * @property {number} settledOffset frames up to this one bring comments, retractions and cues alone
 * @property {number} now
 * @property {Viewer} viewer
 * @property {Settings} settings
 * @property {ReadonlyMap<string, Poll>} polls
 * @property {ReadonlyMap<string, Overlay>} overlays as last said, until the server drops them
 * @property {ReadonlyMap<string, readonly Overlay[]>} versions of each overlay that some viewer may
 *   still have before them, by `at`
 * @property {ReadonlyMap<string, readonly Overlay[]>} followed versions of the cards that this viewer alone gets,
 *   of the entities that it follows
 * @property {ReadonlyMap<string, PollSteps>} steps of polls that ended, by their ids
 * @property {ReadonlyMap<string, Cue>} cues
 * @property {readonly Comment[]} recent oldest first
 * @property {ReadonlyMap<string, Tally>} tallies latest values, of polls that aren't final
 * @property {Gauges} gauges
 * @property {number} gaugesAt programme time at which they were so
 * @property {string} durability
 *
 * @typedef {{poll: Poll, phase: PollPhase, votes?: Votes}} SeenPoll
 */

/**
 * Return the state that a welcome sets. If the welcome continues `before` (`recovered`), the comments
 * shown so far stay, and the frames between are still to come. Everything else is the welcome's.
 * @param {Welcome} welcome
 * @param {RoomState} [before]
 * @returns {RoomState}
 */
export function enter(welcome, before) {
  const resumed = recovers(welcome, before) ? before : undefined;
  const state = {
    room: welcome.room,
    epoch: welcome.epoch,
    offset: resumed ? resumed.offset : welcome.offset,
    settledOffset: welcome.offset,
    now: welcome.now,
    viewer: welcome.viewer,
    settings: welcome.settings,
    polls: byId(welcome.polls),
    overlays: byId(welcome.overlays),
    versions: withVersions(sameEpoch(welcome, before) ? keptVersions(welcome, before) : new Map(), welcome.overlays),
    followed: sameEpoch(welcome, before) ? keptFollowed(welcome, before) : new Map(),
    steps: withSteps(sameEpoch(welcome, before) ? before : undefined, welcome.polls, welcome.now),
    cues: byId(welcome.cues),
    recent: resumed ? resumed.recent : welcome.recent.slice(-RECENT),
    tallies: new Map(),
    gauges: { ...before?.gauges, viewers: welcome.viewers },
    gaugesAt: welcome.now,
    durability: welcome.durability,
  };
  return expire(state);
}

/**
 * Whether the welcome continues that state.
 * @param {Welcome} welcome
 * @param {RoomState} [before]
 */
export function recovers(welcome, before) {
  return (
    welcome.recovered &&
    before !== undefined &&
    before.epoch === welcome.epoch &&
    before.offset <= welcome.offset
  );
}

/**
 * @param {Welcome} welcome
 * @param {RoomState | undefined} before
 * @returns {before is RoomState}
 */
function sameEpoch(welcome, before) {
  return before?.epoch === welcome.epoch;
}

/** Versions of overlays that still are. @param {Welcome} welcome @param {RoomState} before */
function keptVersions(welcome, before) {
  const there = new Set(welcome.overlays.map((overlay) => overlay.id));
  return new Map([...before.versions].filter(([id]) => there.has(id)));
}

/**
 * Cards of entities come again after each welcome, but for what was removed meanwhile. So those go that show
 * what viewers within `max_latency` have passed; the others keep what this viewer has yet to see.
 * @param {Welcome} welcome
 * @param {RoomState} before
 */
function keptFollowed({ now, settings }, before) {
  const oldest = now - (settings.max_latency ?? MAX_LATENCY_MS);
  return withoutPast(new Map([...before.followed].filter(([, all]) => all.some(({ at }) => at >= oldest))), oldest);
}

/**
 * Return the state after cards of followed entities.
 * @param {RoomState} state
 * @param {readonly Overlay[]} cards
 * @returns {RoomState}
 */
export function foldFollowed(state, cards) {
  return expire({ ...state, followed: withVersions(state.followed, cards) });
}

/**
 * Return the state after a frame. Numbered frames must come in order; the caller looks for gaps.
 * @param {RoomState} state
 * @param {Frame} frame
 * @returns {RoomState}
 */
export function fold(state, frame) {
  const settled = frame.offset !== undefined && frame.offset <= state.settledOffset;
  const next = { ...state, now: Math.max(state.now, frame.now) };
  if (frame.offset !== undefined) next.offset = frame.offset;
  if (frame.comments) next.recent = [...state.recent, ...frame.comments].slice(-RECENT);
  if (frame.retract) {
    const gone = new Set(frame.retract);
    next.recent = next.recent.filter((comment) => !gone.has(comment.id));
  }
  if (frame.cues) next.cues = withAll(state.cues, frame.cues);
  const tallies = new Map(state.tallies);
  if (!settled) {
    if (frame.settings) next.settings = frame.settings;
    if (frame.polls) {
      next.steps = withSteps(state, frame.polls, frame.now);
      next.polls = withAll(state.polls, frame.polls);
      for (const poll of frame.polls) if (poll.tally || poll.final) tallies.delete(poll.id);
    }
    const overlays = withAll(state.overlays, frame.overlays ?? []);
    const versions = withVersions(state.versions, frame.overlays ?? []);
    for (const id of frame.drop ?? []) {
      overlays.delete(id);
      versions.delete(id);
    }
    next.overlays = overlays;
    next.versions = versions;
  }
  // A final tally never changes, so a late value of before must not replace it.
  for (const tally of frame.tallies ?? [])
    if (next.polls.get(tally.poll)?.final === false) tallies.set(tally.poll, tally);
  next.tallies = tallies;
  if (frame.gauges) {
    next.gauges = { ...state.gauges, ...frame.gauges };
    next.gaugesAt = frame.now;
  }
  return expire(next);
}

/**
 * Return the part of the state that numbered frames decide. It is the same whether a viewer enters now
 * or has folded all frames.
 * @param {RoomState} state
 */
export function numberedPart(state) {
  const { room, epoch, offset, settings, recent } = state;
  const parts = { polls: state.polls, overlays: state.overlays, cues: state.cues };
  const lists = Object.entries(parts).map(([name, map]) => [name, [...map.values()]]);
  return { room, epoch, offset, settings, recent: [...recent], ...Object.fromEntries(lists) };
}

/**
 * Return the votes of a poll, by option, and its voters; nothing where they are hidden.
 * @param {RoomState} state
 * @param {Poll} poll
 * @returns {Votes | undefined}
 */
export function votesOf(state, poll) {
  const known = state.tallies.get(poll.id) ?? poll;
  return known.tally && votesFrom(poll, known.tally, known.voters);
}

/**
 * Return the overlays at a playhead: of each the newest version that the playhead reached, unless it has
 * expired there.
 * @param {RoomState} state
 * @param {number} playhead
 * @returns {Overlay[]} by `at`
 */
export function overlaysAt(state, playhead) {
  return reachedAt(state.versions, playhead);
}

/**
 * Return the cards of these topics at a playhead: of each the newest version that the playhead reached.
 * @param {RoomState} state
 * @param {number} playhead
 * @param {readonly string[]} topics
 * @returns {Overlay[]} by `at`
 */
export function followedAt(state, playhead, topics) {
  return reachedAt(state.followed, playhead).filter(({ topic }) => topic !== undefined && topics.includes(topic));
}

/** @param {ReadonlyMap<string, readonly Overlay[]>} versions @param {number} playhead */
function reachedAt(versions, playhead) {
  return [...versions.values()]
    .map((versions) => versions.findLast((one) => one.at <= playhead))
    .filter((one) => one !== undefined)
    .filter((one) => playhead < (one.expires_at ?? Infinity))
    .sort((a, b) => a.at - b.at);
}

/**
 * Return a poll as known at that playhead: open until its result was final there, and without an answer
 * until it was revealed there.
 * @param {RoomState} state
 * @param {Poll} poll
 * @param {number} playhead
 */
export function pollAt(state, poll, playhead) {
  if (poll.status === "open" || poll.status === "cancelled") return poll;
  const { closed, revealed } = state.steps.get(poll.id) ?? {};
  if (closed && !(playhead >= closed.at)) return closed.before;
  return revealed && poll.status === "revealed" && !(playhead >= revealed.at) ? revealed.before : poll;
}

/**
 * Return the polls that the playhead has reached, as known there.
 * @param {RoomState} state
 * @param {number} playhead
 * @returns {SeenPoll[]}
 */
export function pollsAt(state, playhead) {
  return [...state.polls.values()].flatMap((said) => {
    if (!(playhead >= said.opens_at)) return [];
    const poll = pollAt(state, said, playhead);
    const votes = votesOf(state, poll);
    // Where the result isn't final yet for this viewer, no vote counts any more nevertheless.
    const phase = said.final && !poll.final ? "counting" : phaseOf(poll, playhead);
    return [{ poll, phase, ...(votes && { votes }) }];
  });
}

/**
 * Note when polls were closed and revealed, and what was known of them before. Of one that was closed
 * before the viewer came in there is nothing to hold back. When one was revealed before that is not known:
 * it is taken for the first moment that the rules allow.
 * @param {RoomState | undefined} state
 * @param {readonly Poll[]} polls
 * @param {number} now
 * @returns {Map<string, PollSteps>}
 */
function withSteps(state, polls, now) {
  const steps = new Map(state?.steps);
  for (const poll of polls) {
    const known = state?.polls.get(poll.id);
    const made = { ...steps.get(poll.id) };
    if (poll.final && known && !known.final && poll.status !== "cancelled") {
      const last = state?.tallies.get(poll.id);
      const votes = last && { tally: last.tally, voters: last.voters };
      made.closed ??= { at: now, before: { ...known, ...votes } };
    }
    if (poll.status === "revealed") {
      const { answer: _answer, tally: _tally, voters: _voters, audit: _audit, ...bare } = poll;
      const at = known ? now : Math.min(now, poll.closes_at + poll.grace);
      made.revealed ??= { at, before: { ...(known ?? bare), status: "closed" } };
    }
    if (made.closed || made.revealed) steps.set(poll.id, made);
  }
  return steps;
}

/**
 * @param {ReadonlyMap<string, readonly Overlay[]>} versions
 * @param {readonly Overlay[]} said
 * @returns {Map<string, readonly Overlay[]>}
 */
function withVersions(versions, said) {
  const next = new Map(versions);
  for (const overlay of said) {
    const others = (next.get(overlay.id) ?? []).filter((one) => one.at !== overlay.at);
    next.set(overlay.id, [...others, overlay].sort((a, b) => a.at - b.at).slice(-MOST_VERSIONS));
  }
  return next;
}

/**
 * Drop the versions that no viewer within `max_latency` sees any more.
 * @param {ReadonlyMap<string, readonly Overlay[]>} versions
 * @param {number} oldest
 */
function withoutPast(versions, oldest) {
  const next = new Map();
  let same = true;
  for (const [id, all] of versions) {
    const first = Math.max(0, all.findLastIndex((one) => one.at <= oldest));
    const kept = first > 0 ? all.slice(first) : all;
    next.set(id, kept);
    same &&= kept === all;
  }
  return same ? versions : next;
}

/** Without cards that ended at `oldest` or before: no frame says that they go. @param {ReadonlyMap<string, readonly Overlay[]>} versions @param {number} oldest */
function withoutOver(versions, oldest) {
  const lasts = [...versions].filter(([, all]) => (all.at(-1)?.expires_at ?? Infinity) > oldest);
  return lasts.length < versions.size ? new Map(lasts) : versions;
}

/** @template {{id: string}} T @param {readonly T[]} items @returns {Map<string, T>} */
function byId(items) {
  return new Map(items.map((item) => [item.id, item]));
}

/** @template {{id: string}} T @param {ReadonlyMap<string, T>} map @param {readonly T[]} items */
function withAll(map, items) {
  return new Map([...map, ...byId(items)]);
}

/** Drop the cues and versions that no viewer within `max_latency` sees any more. @param {RoomState} state */
function expire(state) {
  const oldest = state.now - (state.settings.max_latency ?? MAX_LATENCY_MS);
  const cues = [...state.cues].filter(([, cue]) => cue.at >= oldest);
  return {
    ...state,
    versions: withoutPast(state.versions, oldest),
    followed: withoutPast(withoutOver(state.followed, oldest), oldest),
    cues: cues.length < state.cues.size ? new Map(cues) : state.cues,
  };
}
