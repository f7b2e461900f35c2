/**
 * A viewer's connection, sans I/O. Each method takes what happened and the local time, and returns what
 * to do. The connection owns hello, resume, gaps, silence, reconnecting, and resending what was not
 * acknowledged. It knows the room only by offsets. socket.js is the thin shell around it.
 *
 * A numbered frame is passed on only if it is the next one. A later one means a gap. The server has two
 * seconds to fill the gap with a welcome; then the client reconnects with `resume`, as after a loss.
 */

import { afterClose, backoffMs } from "./backoff.js";
import { Pending } from "./pending.js";
import { readMessage } from "./reading.js";
import { Topics } from "./topics.js";

/** @import {AnsweredMessage, Frame, LangMessage, Notice, ServerMessage, Welcome} from "./wire.js" */

const GAP_MS = 2_000;
const SILENCE_MS = 30_000;
const SILENCE_SURE_MS = 2_000; // after a sleep the first tick may come before messages that wait in the socket
const WELCOME_MS = 10_000; // for opening, hello and welcome; the server waits 5 s for a hello
const STEADY_MS = 10_000; // a connection that lived this long resets the backoff
const TIME_FIRST_MS = 400; // a few round trips soon after the welcome,
const TIME_FIRST_COUNT = 4;
const TIME_LATER_MS = 30_000; // then a regular one, since clocks drift
const TIME_JUMPED_MS = 1_000; // and one after the picture has jumped

/**
 * @typedef {"connecting" | "live" | "lost" | "ended"} Phase
 * @typedef {{phase: Phase, retryAt?: number, code?: number, reason?: string, place?: number, turnAt?: number}} Status
 *   `connecting` with a `place` waits in the server's line, likely until `turnAt`
 * @typedef {{do: "token"}
 *   | {do: "open"}
 *   | {do: "send", message: object}
 *   | {do: "close"}
 *   | {do: "status", status: Status}
 *   | {do: "message", message: ServerMessage, replayed: boolean}} Effect
 */

export class Connection {
  /** @type {Status} */ status = { phase: "connecting" };
  /** @type {string | undefined} */ token;
  /** @type {{epoch: string, offset: number} | undefined} */ position;
  /** @type {"none" | "token" | "opening" | "greeting" | "live"} */ #stage = "none";
  #pending = new Pending();
  #settledOffset = -1;
  #attempt = 0;
  #retryAt = Infinity;
  #notBefore = -Infinity;
  #since = 0;
  #heardAt = 0;
  #gapAt = Infinity;
  #gapEnd = -1;
  #gapOffset = -1;
  #silentSince = Infinity;
  /** @type {{id: string, sent: number} | undefined} */ #timeAsked;
  #timeAt = Infinity;
  #timeCount = 0;
  #rewoundAt = -Infinity;
  #patience = 0;
  #patienceSaid = 0;
  /** @type {Topics} */ #topics;
  /** @type {{code: number, reason: string, reconnect: boolean} | undefined} */ #bye;
  /** @type {{token: string | undefined, code: number, reason: string} | undefined} */ #refused;

  /**
   * @param {object} options
   * @param {"asked" | "given" | "none"} options.identity where tokens come from.
   *   `asked`: from the shell, again after each refusal. `given`: one for all time. `none`: watch only
   * @param {string} [options.token]
   * @param {string} [options.lang] BCP 47
   * @param {readonly string[]} [options.follow] topics
   * @param {() => number} [options.random] 0 to 1
   * @param {() => {at?: number, sync?: number}} [options.seen] what each `time` tells of the picture
   */
  constructor({ identity, token, lang, follow = [], random = Math.random, seen = () => ({}) }) {
    this.identity = identity;
    this.token = token;
    this.lang = lang;
    this.#topics = new Topics(follow);
    this.random = random;
    this.seen = seen;
  }

  /** Messages not acknowledged yet. */
  get unacknowledged() {
    return this.#pending.messages;
  }

  /** The topics that the viewer follows. */
  get topics() {
    return this.#topics.names;
  }

  /** Whether the message still waits for an answer, and would be sent again. @param {string} id */
  isPending(id) {
    return this.#pending.has(id);
  }

  /** @param {number} now @returns {Effect[]} */
  start(now) {
    return [...this.#become({ phase: "connecting" }), ...this.#attemptNow(now)];
  }

  /**
   * The shell has a token, or knows that this viewer shall watch without one. One that was refused
   * before is no new one: the close that refused it is final.
   * @param {number} now
   * @param {string | null} token
   * @returns {Effect[]}
   */
  tokenGiven(now, token) {
    if (this.#stage !== "token") return [];
    const refused = this.#refused;
    if (token !== null && token === refused?.token) return this.#end(refused.code, refused.reason);
    this.token = token ?? undefined;
    if (token === null) return this.#open();
    return this.#attemptNow(now);
  }

  /**
   * The shell could not get a token.
   * @param {number} now
   * @param {{code?: number, reason: string, retryAfterMs?: number}} why with a final close code if
   *   it is no use to ask again
   * @returns {Effect[]}
   */
  tokenRefused(now, why) {
    if (this.#stage !== "token") return [];
    if (why.code !== undefined) return this.#end(why.code, why.reason);
    this.#notBefore = now + (why.retryAfterMs ?? 0);
    return this.#retry(now);
  }

  /** @param {number} now @returns {Effect[]} */
  opened(now) {
    this.#stage = "greeting";
    this.#heardAt = now;
    this.#topics.saidByHello();
    this.#patienceSaid = this.#patience;
    const hello = {
      type: "hello",
      ...(this.token !== undefined && { token: this.token }),
      ...(this.lang !== undefined && { lang: this.lang }),
      ...(this.topics.length > 0 && { follow: this.topics }),
      ...(this.position && { resume: { ...this.position } }),
      ...(this.#patience > 0 && { patience: this.#patience }),
      client: "grandstand-sdk/0.1",
    };
    return [send(hello)];
  }

  /** @param {number} now @param {unknown} value as decoded @returns {Effect[]} */
  received(now, value) {
    this.#heardAt = now;
    this.#silentSince = Infinity;
    const message = readMessage(value);
    switch (message?.type) {
      case "welcome":
        return this.#welcome(now, message);
      case "frame":
        return this.#frame(now, message);
      case "ack":
        this.#pending.settle(message.id);
        this.#topics.answered(message.id);
        return [pass(message), ...this.#sayTopics(now)];
      case "error":
        if (message.retry_after !== undefined && this.#stage === "greeting")
          this.#notBefore = now + message.retry_after * 1000;
        if (message.id === undefined) return [pass(message)];
        if (this.#topics.refused(now, message.id, message, this.random())) return [];
        this.#pending.refused(now, message.id, message, this.random());
        return [pass(message)];
      case "bye":
        this.#bye = message;
        this.#notBefore = now + message.after;
        return [pass(message)];
      case "time":
        return this.#isAsked(message) ? [pass(message)] : [];
      case "notice":
        return [pass(message), ...this.#wait(now, message)];
      default:
        return []; // clients ignore unknown messages
    }
  }

  /**
   * The socket has closed, or could not open.
   * @param {number} now
   * @param {number} code
   * @param {string} reason
   * @returns {Effect[]}
   */
  closed(now, code, reason) {
    if (this.#stage === "none" || this.#stage === "token") return [];
    const bye = this.#bye;
    // A proxy may turn the close code into 1006. The bye before it has the true code.
    const trueCode = code === 1006 && bye ? bye.code : code;
    const next = bye && !bye.reconnect && afterClose(trueCode) === "reconnect" ? "final" : afterClose(trueCode);
    const words = reason || bye?.reason || "";
    if (next === "final") return this.#end(trueCode, words);
    if (next === "new token") {
      if (this.identity !== "asked") return this.#end(trueCode, words);
      this.#refused = { token: this.token, code: trueCode, reason: words };
      this.token = undefined;
    }
    return this.#retry(now);
  }

  /** Call it a few times a second. @param {number} now @returns {Effect[]} */
  tick(now) {
    if (now >= this.#retryAt) return this.#attemptNow(now);
    const stuck =
      (this.#stage === "opening" || this.#stage === "greeting") && now - this.#since > WELCOME_MS;
    if (now >= this.#gapAt) this.#doubtPosition();
    if (stuck || this.#isSilent(now) || now >= this.#gapAt)
      return [{ do: "close" }, ...this.#retry(now)];
    if (this.#stage !== "live") return [];
    const effects = [...this.#resend(this.#pending.due(now)), ...this.#sayTopics(now)];
    if (now >= this.#timeAt) {
      effects.push(this.#askTime(now, this.seen()));
      this.#timeAt = now + (this.#timeCount < TIME_FIRST_COUNT ? TIME_FIRST_MS : TIME_LATER_MS);
    }
    return effects;
  }

  /**
   * The picture jumped: say soon where it is now. Of one that was moved back say at once how far it had
   * come, since its viewer has seen that.
   * @param {number} now
   * @param {number} [from] the playhead before, if the picture was moved back
   * @returns {Effect[]}
   */
  jumped(now, from) {
    if (this.#stage !== "live") return [];
    this.#timeAt = Math.min(this.#timeAt, now + TIME_JUMPED_MS);
    if (from === undefined || now - this.#rewoundAt < TIME_JUMPED_MS) return [];
    this.#rewoundAt = now;
    return [this.#askTime(now, { at: from })];
  }

  /**
   * Frames may wait for so long from now on. It is said when it changes, and with each hello.
   * @param {number} now
   * @param {number} patience in ms
   * @returns {Effect[]}
   */
  wait(now, patience) {
    this.#patience = patience;
    if (this.#stage !== "live" || patience === this.#patienceSaid) return [];
    this.#patienceSaid = patience; // first, since `seen` may come here again
    return [this.#askTime(now, { ...this.seen(), patience })];
  }

  /**
   * Submit a comment or vote. It is kept until it is answered, and resent with its id after a reconnect.
   * @param {number} now
   * @param {AnsweredMessage} message
   * @returns {Effect[]}
   */
  submit(now, message) {
    const live = this.#stage === "live";
    this.#pending.add(message, live ? now : undefined);
    return live ? [send(message)] : [];
  }

  /** Follow other topics from now on; see Topics. @param {number} now @param {string} id @param {readonly string[]} topics @returns {Effect[]} */
  follow(now, id, topics) {
    this.#topics.change(id, topics);
    return this.#stage === "live" ? this.#sayTopics(now) : [];
  }

  /** Get translations into another language from now on; "" for none. @param {string} id @param {string} lang @returns {Effect[]} */
  speak(id, lang) {
    this.lang = lang || undefined;
    /** @type {LangMessage} */ const message = { type: "lang", id, lang };
    return this.#stage === "live" ? [send(message)] : []; // else the next hello says it
  }

  /** Close the connection for good. @returns {Effect[]} */
  stop() {
    return [{ do: "close" }, ...this.#end(1000, "")];
  }

  /** @param {number} now @returns {Effect[]} */
  #sayTopics(now) {
    return this.#topics.due(now).map(send);
  }

  /** The house is being filled: as long as the server tells the place, go on waiting. @param {number} now @param {Notice} notice @returns {Effect[]} */
  #wait(now, { code, place, after = 0 }) {
    if (code !== "waiting" || this.#stage !== "greeting") return [];
    this.#since = now;
    return this.#become({ phase: "connecting", ...(place !== undefined && { place, turnAt: now + after }) });
  }

  /** @param {number} now @param {Welcome} welcome @returns {Effect[]} */
  #welcome(now, welcome) {
    const fresh = this.#stage !== "live";
    const resumed =
      welcome.recovered &&
      this.position?.epoch === welcome.epoch &&
      this.position.offset <= welcome.offset;
    const offset = resumed && this.position ? this.position.offset : welcome.offset;
    this.position = { epoch: welcome.epoch, offset };
    this.#settledOffset = welcome.offset;
    this.#gapAt = Infinity;
    /** @type {Effect[]} */ const effects = [pass(welcome)];
    if (!fresh) return effects;
    this.#stage = "live";
    this.#since = now;
    this.#timeAt = now;
    this.#timeCount = 0;
    effects.push(...this.#become({ phase: "live" }));
    return [...effects, ...this.#sayTopics(now), ...this.#resend(this.#pending.all(now))];
  }

  /** @param {number} now @param {Frame} frame @returns {Effect[]} */
  #frame(now, frame) {
    if (this.#stage !== "live" || !this.position) return [];
    if (frame.offset === undefined) {
      if (frame.head !== undefined && frame.head > this.position.offset) this.#gap(now, frame.head);
      return [pass(frame)];
    }
    if (frame.offset <= this.position.offset) return []; // a repeated frame
    if (frame.offset > this.position.offset + 1) {
      this.#gap(now, frame.offset);
      return [];
    }
    this.position.offset = frame.offset;
    if (frame.offset >= this.#gapEnd) this.#gapAt = Infinity;
    return [{ do: "message", message: frame, replayed: frame.offset <= this.#settledOffset }];
  }

  /** @param {number} now @param {number} end the offset known to exist */
  #gap(now, end) {
    this.#gapEnd = this.#gapAt === Infinity ? end : Math.max(this.#gapEnd, end);
    this.#gapAt = Math.min(this.#gapAt, now + GAP_MS);
  }

  /** Forget the position at the second gap of the same offset: what can't be read would leave it again. */
  #doubtPosition() {
    if (!this.position) return;
    if (this.#gapOffset === this.position.offset) this.position = undefined;
    this.#gapOffset = this.position?.offset ?? -1;
  }

  /** @param {number} now @param {{at?: number, sync?: number, patience?: number}} seen @returns {Effect} */
  #askTime(now, seen) {
    this.#timeCount += 1;
    this.#timeAsked = { id: `t${this.#timeCount}`, sent: now };
    return send({ type: "time", ...this.#timeAsked, ...seen });
  }

  /** @param {number} now */
  #isSilent(now) {
    if (this.#stage !== "live" || now - this.#heardAt <= SILENCE_MS) return false;
    this.#silentSince = Math.min(this.#silentSince, now);
    return now - this.#silentSince >= SILENCE_SURE_MS;
  }

  /** @param {{id: string, sent: number}} time */
  #isAsked(time) {
    const asked = this.#timeAsked;
    if (time.id !== asked?.id || time.sent !== asked.sent) return false;
    this.#timeAsked = undefined;
    return true;
  }

  /** @param {{send: AnsweredMessage[], forgotten: string[]}} due @returns {Effect[]} */
  #resend(due) {
    const given = due.forgotten.map((id) => pass({ type: "error", id, code: "unavailable", message: "" }));
    return [...given, ...due.send.map(send)];
  }

  /** @param {number} now @returns {Effect[]} */
  #attemptNow(now) {
    this.#retryAt = Infinity;
    this.#since = now;
    this.#gapAt = Infinity;
    this.#silentSince = Infinity;
    this.#bye = undefined;
    if (this.identity === "asked" && this.token === undefined) {
      this.#stage = "token";
      return [{ do: "token" }];
    }
    return this.#open();
  }

  /** @returns {Effect[]} */
  #open() {
    this.#stage = "opening";
    return [{ do: "open" }];
  }

  /** @param {number} now @returns {Effect[]} */
  #retry(now) {
    if (this.#stage === "live" && now - this.#since >= STEADY_MS) this.#attempt = 0;
    this.#stage = "none";
    this.#retryAt = Math.max(now + backoffMs(this.#attempt, this.random()), this.#notBefore);
    this.#attempt += 1;
    return this.#become({ phase: "lost", retryAt: this.#retryAt });
  }

  /** @param {number} code @param {string} reason @returns {Effect[]} */
  #end(code, reason) {
    this.#stage = "none";
    this.#retryAt = Infinity;
    return this.#become({ phase: "ended", code, reason });
  }

  /** @param {Status} status @returns {Effect[]} */
  #become(status) {
    this.status = status;
    return [{ do: "status", status }];
  }
}

/** @param {object} message @returns {Effect} */
function send(message) {
  return { do: "send", message };
}

/** @param {ServerMessage} message @returns {Effect} */
function pass(message) {
  return { do: "message", message, replayed: false };
}
