/** The field in which a viewer writes, how the comment shall fly, and what became of it. */

import { button, element, make, setText } from "../page.js";
import { RefusedError } from "../sdk/grandstand.js";
import { errorText } from "../words.js";
import { segmentedControl } from "./settings.js";
import { words } from "./words.js";

/** @import {Mode, Notice, Sent, Settings, Size} from "../sdk/grandstand.js" */
/** @typedef {{mode: Mode, size: Size, color: number}} Look */
/** @typedef {string | {comment: string}} Refused a comment of one's own, by its message or, if it was held first, its id */

const ROOMY = "(min-width: 821px) and (min-height: 800px)";
const PERSON = "person";
const MOST_WORD = 500; // characters of what is said to an appeal
const REMEMBERED = 50; // own comments that a notice can still name
/** Red, green and blue in 24 bits. */
const COLOURS = { white: 0xffffff, yellow: 0xffd166, coral: 0xff8989, sky: 0x7edcff, green: 0x8cf09c };
const GIVEN_BACK = ["rate_limited", "too_long", "bad_message", "muted", "shielded", "overloaded"];

export class Composer {
  /** @type {Map<string, string>} texts of own comments by their ids, for what moderators decide */
  #known = new Map();
  /** @type {Set<string>} ids of comments that are appeals */ #appealed = new Set();
  #max = 100;
  #live = false;
  #closed = ""; // why nobody may write here, or this viewer may not
  #isReplay = false;
  #mutedUntil = -Infinity; // local ms, as are the two below
  #waitUntil = -Infinity;
  #waiting = 0;
  /** @type {Look} */ #look = { mode: "scroll", size: "normal", color: 0xffffff };

  /**
   * @param {(text: string, look: Look) => Sent} onSend
   * @param {(refused: Refused, word: string) => Sent} onAppeal
   */
  constructor(onSend, onAppeal) {
    this.onSend = onSend;
    this.onAppeal = onAppeal;
    this.form = element("composer", HTMLFormElement);
    this.field = element("text", HTMLInputElement);
    this.button = element("send", HTMLButtonElement);
    this.counter = element("counter", HTMLOutputElement);
    this.status = element("own-status", HTMLElement);
    this.appeal = element("own-appeal", HTMLElement);
    this.#offerLooks();
    this.field.addEventListener("input", () => this.show());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.show();
  }

  focus() {
    this.field.focus();
  }

  /**
   * Apply the room's rules to this viewer.
   * @param {Settings} settings
   * @param {string} role
   * @param {"guest" | "known" | "nobody"} who
   */
  applyRules(settings, role, who) {
    this.#max = settings.max_text ?? 100;
    const mayAlways = role === "moderator" || role === "producer";
    const onlyWatches = who === "nobody" || (who === "guest" && settings.guests === "watch");
    if (onlyWatches) this.#closed = words.watching;
    else this.#closed = settings.shield && !mayAlways ? errorText(words, { code: "shielded", message: "" }) : "";
    this.show();
  }

  /** Note whether the page is connected. What was written meanwhile is sent once it is back. @param {boolean} live */
  onConnection(live) {
    this.#live = live;
    if (!live && this.#waiting > 0) this.showStatus("waiting", words.waiting);
  }

  /** Nobody can write into the past. @param {boolean} isReplay */
  lookBack(isReplay) {
    this.#isReplay = isReplay;
    this.show();
  }

  /** Close the field for good. @param {string} why */
  end(why) {
    this.#closed = why;
    this.show();
  }

  /** @param {Notice} notice @param {number} now programme time */
  onNotice(notice, now) {
    if (notice.code === "muted") {
      this.#mute(notice.until === undefined ? Infinity : notice.until - now);
      return this.showStatus("muted", words.muted);
    }
    const text = /** @type {Record<string, string>} */ ({
      approved: words.approved,
      rejected: words.noticeRejected,
      retracted: words.retracted,
      restored: words.restored,
    })[notice.code];
    if (notice.code === "restored") this.#mutedUntil = -Infinity;
    const { comment, by } = notice;
    const own = this.#known.get(comment ?? "");
    if (text !== undefined) this.showStatus(notice.code, text, own);
    if (by !== undefined) this.#showAnswer(notice.message, by);
    const mayAsk = notice.code === "rejected" && comment !== undefined && own !== undefined && !this.#appealed.has(comment);
    if (mayAsk) this.#offerAppeal({ comment }, own);
    this.show();
  }

  /** @param {string} code @param {string} text @param {string} [about] what was said */
  showStatus(code, text, about) {
    this.status.dataset["code"] = code;
    this.appeal.replaceChildren(); // it was about what stood here before
    this.status.replaceChildren(make("strong", { text }));
    if (about !== undefined) this.status.append(make("bdi", { text: about, class: "quote" }));
  }

  /** Show what a moderator says to it, or had a model say. @param {string} text @param {string} by */
  #showAnswer(text, by) {
    this.status.append(make("bdi", { text, class: "answer", test: "answer" }));
    if (by !== PERSON) this.status.append(make("small", { text: words.writtenBy(by), test: "answer-by" }));
  }

  /** Let the author of what was refused ask a moderator, with a word if they like. @param {Refused} refused @param {string} own */
  #offerAppeal(refused, own) {
    const write = () => {
      const word = make("input", { test: "appeal-word", class: "appeal-word" });
      word.maxLength = MOST_WORD;
      word.placeholder = words.appealWord;
      word.setAttribute("aria-label", words.appealWord);
      const send = () => void this.#appeal(refused, own, word.value.trim());
      word.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        event.preventDefault(); // it isn't the comment that is sent
        send();
      });
      this.appeal.replaceChildren(word, button(words.send, "appeal-send", send, "quiet"));
      word.focus();
    };
    this.appeal.replaceChildren(button(words.appeal, "appeal", write, "quiet"));
  }

  /** @param {Refused} refused @param {string} own @param {string} word */
  async #appeal(refused, own, word) {
    this.showStatus("sending", words.sending, own);
    this.focus();
    try {
      const ack = await this.onAppeal(refused, word).answer;
      if (ack.comment !== undefined) {
        remember(this.#known, ack.comment, own);
        this.#appealed.add(ack.comment); // there is no appeal against its answer
      }
      this.showStatus("held", words.appealed, own);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const { code, message, retryAfter } = error;
      this.showStatus(code, errorText(words, { code, message, retry_after: retryAfter }), own);
    }
  }

  /** Show what may be done now. Call it regularly, since waits and mutes pass. */
  show() {
    const now = performance.now();
    const left = this.#max - [...this.field.value].length;
    setText(this.counter, this.field.value ? String(left) : "");
    this.counter.setAttribute("aria-label", left >= 0 ? words.charactersLeft(left) : words.charactersOver(-left));
    this.counter.classList.toggle("over", left < 0);
    const mutedMs = this.#mutedUntil - now;
    const waitS = Math.ceil((this.#waitUntil - now) / 1000);
    const muted = mutedMs > 0 ? (mutedMs < Infinity ? words.mutedFor(clockOf(mutedMs)) : words.muted) : "";
    const blocked = this.#closed || muted || (this.#isReplay ? words.replayWrite : "");
    this.button.disabled = left < 0 || this.field.value.trim() === "" || blocked !== "" || waitS > 0;
    setText(this.button, waitS > 0 && blocked === "" ? String(waitS) : words.send);
    if (this.field.disabled !== (blocked !== "")) this.field.disabled = blocked !== "";
    const hint = blocked || words.say;
    if (this.field.placeholder !== hint) this.field.placeholder = hint;
    this.form.dataset["blocked"] = this.#closed ? "closed" : muted ? "muted" : "";
  }

  #send() {
    const text = this.field.value.trim();
    if (text === "" || this.button.disabled) return;
    const sent = this.onSend(text, this.#look);
    this.#waiting += 1;
    this.field.value = "";
    if (this.#live) this.showStatus("sending", words.sending, text);
    else this.showStatus("waiting", words.waiting, text);
    this.show();
    void this.#follow(sent, text);
  }

  /** @param {Sent} sent @param {string} text */
  async #follow(sent, text) {
    try {
      const ack = await sent.answer;
      if (ack.comment !== undefined) remember(this.#known, ack.comment, text);
      this.showStatus(ack.status, words[ack.status], text);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#refused(error, text);
      if (error.code === "rejected") this.#offerAppeal(sent.id, text);
    } finally {
      this.#waiting -= 1;
      this.show();
    }
  }

  /** @param {RefusedError} error @param {string} text */
  #refused(error, text) {
    const { code, message, retryAfter } = error;
    this.showStatus(code, errorText(words, { code, message, retry_after: retryAfter }), text);
    if (code === "muted") this.#mute(retryAfter === undefined ? Infinity : retryAfter * 1000);
    if (code === "rate_limited" || code === "overloaded") this.#waitUntil = performance.now() + (retryAfter ?? 1) * 1000;
    // After a temporary refusal the text comes back, so that it can be sent again.
    if (GIVEN_BACK.includes(code) && this.field.value === "") this.field.value = text;
  }

  /** @param {number} forMs */
  #mute(forMs) {
    this.#mutedUntil = performance.now() + forMs;
    this.show();
  }

  #offerLooks() {
    const open = element("looks-open", HTMLButtonElement);
    const looks = element("looks", HTMLElement);
    const show = (/** @type {boolean} */ shown) => {
      looks.hidden = !shown;
      open.setAttribute("aria-expanded", String(shown));
    };
    open.addEventListener("click", () => show(looks.hidden !== false));
    show(matchMedia(ROOMY).matches);
    /** @type {[id: "mode" | "size" | "colour", label: string, texts: Record<string, string>, chosen: string][]} */
    const offers = [
      ["mode", words.mode, words.modes, "scroll"],
      ["size", words.size, words.sizes, "normal"],
      ["colour", words.colour, coloursOf(words.colours), String(COLOURS.white)],
    ];
    for (const [id, label, texts, chosen] of offers) {
      const set = element(id, HTMLFieldSetElement);
      // Numeric keys of an object are sorted, but white shall come first.
      const values = Object.keys(texts).sort((a, b) => Number(b === chosen && id === "colour") - Number(a === chosen && id === "colour"));
      set.append(make("legend", { text: label, class: "unseen" }));
      set.append(segmentedControl(id, values, texts, (value) => this.#choose(id, value)));
      for (const input of set.querySelectorAll("input")) {
        input.checked = input.value === chosen;
        if (id !== "colour") continue;
        const swatch = input.nextElementSibling;
        if (!(swatch instanceof HTMLElement)) continue;
        swatch.style.setProperty("--swatch", cssColour(Number(input.value)));
        swatch.title = texts[input.value] ?? "";
      }
    }
  }

  /** @param {"mode" | "size" | "colour"} part @param {string} value */
  #choose(part, value) {
    if (part === "mode") this.#look.mode = /** @type {Mode} */ (value);
    else if (part === "size") this.#look.size = /** @type {Size} */ (value);
    else {
      this.#look.color = Number(value);
      this.field.style.color = cssColour(this.#look.color);
    }
  }
}

/** @param {number} rgb */
function cssColour(rgb) {
  return `#${rgb.toString(16).padStart(6, "0")}`;
}

/** The names of colours by their values, as the form has them. @param {Record<keyof typeof COLOURS, string>} names */
function coloursOf(names) {
  const all = /** @type {(keyof typeof COLOURS)[]} */ (Object.keys(COLOURS));
  return Object.fromEntries(all.map((name) => [String(COLOURS[name]), names[name]]));
}

/** 4:05 @param {number} ms */
function clockOf(ms) {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** @template T @param {Map<string, T>} map @param {string} id @param {T} value */
function remember(map, id, value) {
  map.set(id, value);
  for (const oldest of map.keys()) {
    if (map.size <= REMEMBERED) break;
    map.delete(oldest);
  }
}
