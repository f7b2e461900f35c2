/**
 * Hours in minutes: puts the page's clocks, timers and animation frames under a measure's hand, and
 * a broadcast of its own behind the page's WebSocket. All else is the real page in the real browser:
 * SDK, scheduler, renderer, lists. `virtual.run(ms)` lets time pass.
 *
 * The broadcast keeps nothing but counters, so that what grows is the page's.
 */
(() => {
  const FRAME_MS = 100;
  const TICK_MS = 200;
  const YIELD_EVERY = 5; // frames between two breaths of the browser: to paint, to collect
  const EPOCH_MS = 1_790_000_000_000;
  const THROTTLED_MS = 1_000; // how often a hidden page's timers run,
  const INTENSELY_MS = 60_000; // and how often after
  const INTENSELY_AFTER_MS = 300_000;
  let now = 0;
  let hiddenSince = Infinity;
  let serial = 0;
  const timers = new Map();
  let frames = new Map();

  // --- clocks and timers -------------------------------------------------------------------------

  performance.now = () => now;
  const RealDate = Date;
  window.Date = class extends RealDate {
    constructor(...given) {
      if (given.length === 0) super(EPOCH_MS + now);
      else super(...given);
    }
    static now() {
      return EPOCH_MS + now;
    }
  };
  const start = (handler, ms, every, given) => {
    const wait = Math.max(Number(ms) || 0, every ? 1 : 0);
    timers.set(++serial, { at: now + wait, every: every ? wait : 0, run: () => handler(...given) });
    return serial;
  };
  window.setTimeout = (handler, ms, ...given) => start(handler, ms, false, given);
  window.setInterval = (handler, ms, ...given) => start(handler, ms, true, given);
  window.clearTimeout = window.clearInterval = (id) => void timers.delete(id);
  window.requestAnimationFrame = (handler) => (frames.set(++serial, handler), serial);
  window.cancelAnimationFrame = (id) => void frames.delete(id);
  const isHidden = () => now >= hiddenSince;
  Object.defineProperty(document, "hidden", { get: isHidden });
  Object.defineProperty(document, "visibilityState", { get: () => (isHidden() ? "hidden" : "visible") });

  const runTimers = () => {
    for (const [id, timer] of [...timers].sort(([, a], [, b]) => a.at - b.at)) {
      if (timer.at > now || !timers.has(id)) continue;
      if (timer.every) timer.at = Math.max(timer.at + timer.every, now);
      else timers.delete(id);
      timer.run();
    }
  };

  const timersMayRun = () => {
    const hiddenMs = now - hiddenSince;
    if (!(hiddenMs >= 0)) return true;
    return now % (hiddenMs < INTENSELY_AFTER_MS ? THROTTLED_MS : INTENSELY_MS) === 0;
  };

  // --- the broadcast -----------------------------------------------------------------------------

  const WORDS = "what a show tonight the lights are great song wow 好看 太美了 这首歌 我爱 加油 哈哈哈 来了".split(" ");
  const COLOURS = [0xffffff, 0xffffff, 0xffffff, 0xffd166, 0x7ad7f0, 0xff7aa2];
  const COMMENTS_PER_TICK = 6; // 30 a second
  let codec;
  const loaded = import("/library/@msgpack/msgpack/dist.esm/index.mjs").then((found) => (codec = found));
  const sockets = new Set();
  const said = { comments: 0, offset: 0 };
  let ticked = 0;
  let drawn = 1;
  const chance = () => (drawn = (Math.imul(drawn, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const text = () =>
    Array.from({ length: 1 + Math.floor(chance() * 6) }, () => WORDS[Math.floor(chance() * WORDS.length)]).join(" ");

  const comment = () => {
    said.comments += 1;
    return {
      id: said.comments.toString(36),
      at: EPOCH_MS + now - Math.floor(chance() * 3_000),
      user: `u${Math.floor(chance() * 5_000)}`,
      name: `viewer ${Math.floor(chance() * 5_000)}`,
      text: text(),
      weight: Math.floor(chance() * 100) / 10,
      color: COLOURS[Math.floor(chance() * COLOURS.length)],
      ...(chance() < 0.03 && { mode: chance() < 0.5 ? "top" : "bottom" }),
      ...(chance() < 0.05 && { count: 2 + Math.floor(chance() * 40) }),
    };
  };

  const POLL_EVERY_MS = 600_000;
  const POLL_MS = 60_000;
  const poll = (number, closed) => ({
    id: `p${number % 20}`,
    kind: "single",
    question: `What next, ${number}?`,
    options: [{ text: "this" }, { text: "that" }, { text: "neither" }],
    status: closed ? "closed" : "open",
    opens_at: EPOCH_MS + number * POLL_EVERY_MS,
    closes_at: EPOCH_MS + number * POLL_EVERY_MS + POLL_MS,
    grace: 15_000,
    change: true,
    final: closed,
    ...(closed && { tally: [900, 300, 100], voters: 1_300 }),
  });
  const CARDS = 10;
  const card = (number) => ({
    id: `c${number % CARDS}`,
    kind: "stats",
    at: EPOCH_MS + now,
    topic: `athlete:${number % CARDS}`,
    expires_at: EPOCH_MS + now + 40_000,
    data: { entity: `athlete:${number % CARDS}`, name: `Athlete ${number % CARDS}`, values: { speed: number, points: now } },
  });

  const welcome = () => ({
    type: "welcome",
    room: "gala",
    epoch: "e",
    offset: said.offset,
    now: EPOCH_MS + now,
    viewer: { id: "me", name: "Me", role: "viewer" },
    settings: { title: "Three hours", stream: "", guests: "vote", max_text: 100, max_latency: 60_000, shield: false },
    polls: [],
    overlays: [],
    cues: [],
    recent: [],
    viewers: 5_000,
    recovered: false,
    durability: "fsync",
  });

  const tick = () => {
    const frame = { type: "frame", now: EPOCH_MS + now, offset: ++said.offset };
    frame.comments = Array.from({ length: COMMENTS_PER_TICK }, comment);
    const beat = now / TICK_MS;
    if (beat % 500 === 0) frame.retract = [(said.comments - 3).toString(36)];
    if (now % POLL_EVERY_MS === 0) frame.polls = [poll(now / POLL_EVERY_MS, false)];
    if ((now - POLL_MS - 15_000) % POLL_EVERY_MS === 0)
      frame.polls = [poll(Math.floor(now / POLL_EVERY_MS), true)];
    if (now % 5_000 === 0) frame.overlays = [card(now / 5_000)];
    if (now % 5_000 === 2_000) frame.drop = [`c${((now - 2_000) / 5_000 + 1) % CARDS}`];
    if (now % 30_000 === 0) frame.cues = [{ id: `q${now}`, name: "confetti", at: EPOCH_MS + now, data: {} }];
    frame.overflow = 3;
    for (const socket of sockets) socket.bring(frame);
    if (now % 1_000 !== 0) return;
    const open = now % POLL_EVERY_MS < POLL_MS;
    const tallies = [{ poll: `p${Math.floor(now / POLL_EVERY_MS) % 20}`, tally: [beat, 300, 100], voters: beat + 400 }];
    const pulse = { comments_per_second: 30, people: 900, mood: chance() - 0.5, excitement: chance() };
    const gauges = { viewers: 5_000 + Math.floor(chance() * 100), pulse };
    const latest = { type: "frame", now: EPOCH_MS + now, head: said.offset, gauges, ...(open && { tallies }) };
    for (const socket of sockets) socket.bring(latest);
  };

  window.WebSocket = class extends EventTarget {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSING = 2;
    static CLOSED = 3;
    binaryType = "blob";
    bufferedAmount = 0;
    extensions = "";
    readyState = 0;
    constructor(url, protocols) {
      super();
      this.url = String(url);
      this.protocol = [protocols].flat()[0] ?? "";
      for (const name of ["open", "message", "close", "error"])
        this.addEventListener(name, (event) => this[`on${name}`]?.(event));
      loaded.then(() => {
        this.readyState = 1;
        sockets.add(this);
        this.dispatchEvent(new Event("open"));
      });
    }
    bring(message) {
      if (this.readyState !== 1) return;
      const data = codec.encode(message).slice().buffer;
      this.dispatchEvent(new MessageEvent("message", { data }));
    }
    send(data) {
      const message = codec.decode(data);
      if (message.type === "hello") this.bring(welcome());
      else if (message.type === "time")
        this.bring({ type: "time", id: message.id, sent: message.sent, now: EPOCH_MS + now });
      else if (message.type === "comment") {
        said.comments += 1;
        this.bring({ type: "ack", id: message.id, status: "accepted", comment: said.comments.toString(36) });
      } else this.bring({ type: "ack", id: message.id, status: "accepted" });
    }
    close(code = 1000, reason = "") {
      if (this.readyState === 3) return;
      this.readyState = 3;
      sockets.delete(this);
      this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: true }));
    }
  };

  // --- the hand ----------------------------------------------------------------------------------

  // Not by a timer, which browsers slow down when one starts the next.
  const channel = new MessageChannel();
  let breathed;
  channel.port1.onmessage = () => breathed();
  const breathe = () =>
    new Promise((done) => {
      breathed = done;
      channel.port2.postMessage(0);
    });
  window.virtual = {
    said,
    now: () => now,
    painted: 0,
    hide: () => {
      hiddenSince = now;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    show: () => {
      hiddenSince = Infinity;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    /** Lets time pass. `sample`, if given, is called after each animation frame. */
    run: async (ms, sample) => {
      const until = now + ms;
      for (let step = 0; now < until; step += 1) {
        now += FRAME_MS;
        if (timersMayRun()) runTimers();
        if (sockets.size > 0 && now - ticked >= TICK_MS) {
          ticked = now;
          tick();
        }
        if (!isHidden()) {
          const due = frames;
          frames = new Map();
          for (const handler of due.values()) handler(now);
          window.virtual.painted += 1;
          sample?.();
        }
        if (step % YIELD_EVERY === 0) await breathe();
      }
    },
  };
})();
