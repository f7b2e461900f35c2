/**
 * The wire contract as types: what the pages may rely on, version 1. Nothing runs here.
 * `at`, `now`, `opens_at` and their like are programme time: integer ms since the Unix epoch.
 */

/**
 * @typedef {"scroll" | "top" | "bottom"} Mode
 * @typedef {"small" | "normal" | "large"} Size
 *
 * @typedef {object} Comment
 * @property {string} id
 * @property {number} at
 * @property {string} user
 * @property {string} name
 * @property {string} text
 * @property {number} weight 0 to 10
 * @property {Mode} [mode] scroll when absent
 * @property {number} [color] red, green and blue in 24 bits; white when absent
 * @property {Size} [size] normal when absent
 * @property {number} [count] this many alike, merged into it
 * @property {"moderator" | "producer"} [role] of its author, where that is one of the staff
 * @property {string} [lang] BCP 47: the server's guess, where the room is translated and it isn't the room's
 * @property {Translation} [translation] put here by the SDK, in the language that the viewer gets
 *
 * @typedef {object} Translation beside the original, never in its place
 * @property {string} by `phrasebook`, `person`, or the engine's name: then a machine made it
 * @property {string} [lang] BCP 47
 * @property {string} [text] of a comment, or a title
 * @property {string} [question] of a poll
 * @property {{text: string}[]} [options] of a poll, in their order
 * @property {Record<string, unknown>} [data] of an overlay or a cue: what of their data is text
 *
 * @typedef {Comment & {categories?: string[] | Record<string, number>, reason?: string, appeal?: string}} HeldComment
 *
 * @typedef {object} Audit
 * @property {string} root
 * @property {number} leaves voters
 * @property {string} algorithm
 * @property {string} signature
 * @property {string} key a `kid` in `/v1/keys`
 * @property {boolean} [receipts] whether each voter can ask for a receipt
 *
 * @typedef {object} Poll
 * @property {string} id
 * @property {string} kind `single`, `multiple`, `quiz`, `rating`, `prediction`, or one that a newer server knows
 * @property {string} question
 * @property {{text: string}[]} options
 * @property {number} [max_choices]
 * @property {"open" | "closed" | "revealed" | "cancelled"} status
 * @property {number} opens_at
 * @property {number} closes_at
 * @property {number} grace ms
 * @property {boolean} change
 * @property {boolean} [weights] each vote counts as much as its token says
 * @property {number[]} [tally] votes per option; with weights their sums
 * @property {number} [voters]
 * @property {boolean} final
 * @property {number | number[]} [answer]
 * @property {string} [tag] a name to prepare effects by, told to producers and moderators alone
 * @property {string} [by] the model that wrote the question and the options: it must be shown
 * @property {Translation} [translation] put here by the SDK
 * @property {Audit} [audit] by what anyone can recount it, once final and public
 *
 * @typedef {object} Overlay
 * @property {string} id
 * @property {string} kind
 * @property {number} at
 * @property {Record<string, unknown>} data
 * @property {string} [topic]
 * @property {number} [expires_at]
 * @property {Translation} [translation] put here by the SDK
 *
 * @typedef {object} Cue
 * @property {string} id
 * @property {string} name
 * @property {number} at
 * @property {Record<string, unknown>} data
 * @property {Translation} [translation] put here by the SDK
 *
 * @typedef {{id: string, text: string, by: string}} TranslatedComment
 *
 * @typedef {object} Translations
 * @property {string} lang BCP 47: one of the room's `languages`
 * @property {TranslatedComment[]} [comments]
 * @property {{id: string, question: string, options: {text: string}[], by: string}[]} [polls]
 * @property {{id: string, at: number, data: Record<string, unknown>, by: string}[]} [overlays] each of the
 *   version of that `at`
 * @property {{id: string, data: Record<string, unknown>, by: string}[]} [cues]
 * @property {{source: string, text: string, by: string}} [title]
 *
 * @typedef {object} Settings
 * @property {string} [title]
 * @property {string} [stream] an HLS playlist's URL, or its path on the server; "" when there is none
 * @property {"none" | "watch" | "comment" | "vote"} [guests]
 * @property {number} [max_text] code points
 * @property {number} [max_latency] ms
 * @property {number} [programme_offset] ms: the store's clock less the programme's
 * @property {number} [patience] ms: for how long frames may wait at most, for viewers who let them
 * @property {string} [lang] BCP 47: what is mostly spoken
 * @property {Record<string, boolean>} [assistant] what a model may suggest: each has a switch
 * @property {string[]} [languages] BCP 47: into which the room is translated
 * @property {{level?: number}} [moderation]
 * @property {boolean} [shield]
 *
 * @typedef {object} Pulse
 * @property {number} comments_per_second
 * @property {number} people
 * @property {number} mood -1 to 1
 * @property {number} excitement 0 to 1
 *
 * @typedef {object} Audience where the viewers are who told their playhead; for staff alone
 * @property {number} told
 * @property {{p10: number, p50: number, p90: number, p99: number}} behind ms behind live
 * @property {{p50: number, p99: number}} sync ms
 * @property {{poll: string, seen: number, ended: number, last_in: number, in_time?: number}[]} polls
 *   shares whose playhead has passed `opens_at` and `closes_at`; ms until 99 % are past the end; the share
 *   that is at most `grace` behind live
 *
 * @typedef {{in: number, p10: number, p50: number, p90: number}} Expected `in` so many seconds, in eight
 *   of ten cases between p10 and p90
 * @typedef {{viewers: Expected[], comments: Expected[]}} Crowd the audience foreseen, and its comments a
 *   minute; for staff alone
 *
 * @typedef {object} Gauges
 * @property {number} viewers who have a socket
 * @property {number} [lurkers] about how many have none
 * @property {Pulse} [pulse]
 * @property {number} [refused] how many comments were refused because more was said than the room can take
 * @property {Audience} [audience]
 * @property {{version: number}} [rundown] for staff
 * @property {Crowd} [crowd]
 *
 * @typedef {{poll: string, tally: number[], voters: number}} Tally
 * @typedef {{id?: string, name?: string, role: string}} Viewer
 */

/**
 * @typedef {object} Welcome
 * @property {"welcome"} type
 * @property {string} room
 * @property {string} epoch
 * @property {number} offset
 * @property {number} now
 * @property {Viewer} viewer
 * @property {Settings} settings
 * @property {Poll[]} polls
 * @property {Overlay[]} overlays
 * @property {Cue[]} cues
 * @property {Comment[]} recent
 * @property {number} viewers
 * @property {boolean} recovered
 * @property {string} durability
 * @property {Translations} [translations]
 *
 * @typedef {object} Frame
 * @property {"frame"} type
 * @property {number} now
 * @property {number} [offset] there on numbered frames alone
 * @property {number} [head] the last offset, on frames without one
 * @property {Comment[]} [comments]
 * @property {number} [overflow]
 * @property {string[]} [retract]
 * @property {Poll[]} [polls]
 * @property {Overlay[]} [overlays]
 * @property {string[]} [drop]
 * @property {Cue[]} [cues]
 * @property {Settings} [settings]
 * @property {Tally[]} [tallies]
 * @property {Gauges} [gauges]
 * @property {Translations} [translations] of what this frame or an earlier one brought
 *
 * @typedef {{type: "ack", id: string, status: "accepted" | "held", comment?: string}} Ack
 * @typedef {{type: "error", id?: string, code: string, message: string, retry_after?: number, category?: string,
 *   rule?: string, model?: string}} Refusal
 * @typedef {{type: "time", id: string, sent: number, now: number}} Time
 * @typedef {{type: "notice", code: string, message: string, comment?: string, until?: number, category?: string, held?: HeldComment[],
 *   place?: number, after?: number, rule?: string, model?: string, by?: string}} Notice
 * @typedef {{type: "bye", code: number, reason: string, reconnect: boolean, after: number}} Bye
 * @typedef {Welcome | Frame | Ack | Refusal | Time | Notice | Bye} ServerMessage
 */

/**
 * @typedef {object} SegmentEntry
 * @property {string} epoch
 * @property {number} n
 * @property {number} from programme time
 * @property {number} until
 * @property {[first: number, last: number]} offsets
 * @property {string} url a path from the root, as all of these are
 *
 * @typedef {object} SegmentIndex
 * @property {string} epoch
 * @property {number} now
 * @property {number} duration ms
 * @property {string} snapshot
 * @property {SegmentEntry[]} segments
 * @property {{n: number, url: string}} next
 * @property {Frame} latest gauges and tallies, for playheads that have passed `now`
 *
 * @typedef {{from: number, until: number, frames: Frame[], next?: string, translations?: Translations}} SegmentFile
 * @typedef {Welcome & {segment: string}} Snapshot
 */

/**
 * @typedef {{type: "comment", id: string, text: string, at?: number, mode?: Mode, color?: number, size?: Size}} CommentMessage
 * @typedef {{type: "vote", id: string, poll: string, choices: number[], at?: number}} VoteMessage
 * @typedef {{type: "appeal", id: string, message?: string, comment?: string, text?: string, at?: undefined}} AppealMessage
 * @typedef {CommentMessage | VoteMessage | AppealMessage} AnsweredMessage sent again until it is answered
 * @typedef {{type: "follow", id: string, topics: string[]}} FollowMessage
 * @typedef {{type: "lang", id: string, lang: string}} LangMessage
 */

export {};
