/**
 * Grandstand in a page: the comments, polls and overlays of a room, each at the viewer's own moment of the
 * broadcast. This is the module to import. Its only dependency is `@msgpack/msgpack`.
 *
 *     import { connect, hlsClock } from "./sdk/grandstand.js";
 *     const live = connect({ room: "gala", clock: hlsClock(hls) });
 *     live.on("comment", ({ comment, own }) => fly(comment, own));
 */

import { LiveRoom } from "./live.js";

/** @import {Options} from "./live.js" */

/**
 * Enter a room, and stay in it until `close()` or until the server ends it.
 * @param {Options} options
 * @returns {LiveRoom}
 */
export function connect(options) {
  return new LiveRoom(options);
}

export { LiveRoom };
export { aheadMs, hlsClock, nativeHlsClock, roomClock, videoClock } from "./clocks.js";
export { viewersOf } from "./gauges.js";
export { call, roomCalls } from "./http.js";
export { forgetToken, keepToken, keptToken, roomFromQuery, tokenFromFragment } from "./identity.js";
export { RefusedError } from "./outbox.js";
export { isAnswer, meanOf, phaseOf, shareOf, votesFrom } from "./polls.js";
export { verifyReceipt } from "./receipts.js";
export { MOST_TOPICS, canFollow } from "./topics.js";

/**
 * @typedef {import("./clocks.js").Clock} Clock
 * @typedef {import("./connection.js").Status} Status
 * @typedef {import("./http.js").Problem} Problem
 * @typedef {import("./live.js").Events} Events
 * @typedef {import("./room.js").SeenPoll} SeenPoll
 * @typedef {import("./outbox.js").Sent} Sent
 * @typedef {import("./polls.js").PollPhase} PollPhase
 * @typedef {import("./polls.js").Votes} Votes
 * @typedef {import("./room.js").RoomState} RoomState
 * @typedef {import("./scheduler.js").DueComment} DueComment
 * @typedef {import("./wire.js").Ack} Ack
 * @typedef {import("./wire.js").Audience} Audience
 * @typedef {import("./wire.js").Bye} Bye
 * @typedef {import("./wire.js").Comment} Comment
 * @typedef {import("./wire.js").AnsweredMessage} AnsweredMessage
 * @typedef {import("./wire.js").AppealMessage} AppealMessage
 * @typedef {import("./wire.js").CommentMessage} CommentMessage
 * @typedef {import("./wire.js").Crowd} Crowd
 * @typedef {import("./wire.js").Cue} Cue
 * @typedef {import("./wire.js").Expected} Expected
 * @typedef {import("./wire.js").Gauges} Gauges
 * @typedef {import("./wire.js").HeldComment} HeldComment
 * @typedef {import("./wire.js").Mode} Mode
 * @typedef {import("./wire.js").Notice} Notice
 * @typedef {import("./wire.js").Overlay} Overlay
 * @typedef {import("./wire.js").Poll} Poll
 * @typedef {import("./wire.js").Refusal} Refusal
 * @typedef {import("./wire.js").Settings} Settings
 * @typedef {import("./wire.js").Size} Size
 * @typedef {import("./receipts.js").Receipt} Receipt
 * @typedef {import("./recommendations.js").Recommended} Recommended
 * @typedef {import("./wire.js").Translation} Translation
 * @typedef {import("./receipts.js").VoteCheck} VoteCheck
 * @typedef {import("./wire.js").VoteMessage} VoteMessage
 */
