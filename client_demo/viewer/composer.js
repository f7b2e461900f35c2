/** Where a viewer writes: the text, how it flies, and what became of it. */

import { element, make, setText, words } from "../page.js";
import { errorText } from "../words.js";

/** @import {Ack, CommentMessage, Mode, Notice, Refusal, Settings, Size} from "../sdk/wire.js" */

const REMEMBERED = 50; // own comments whose fate can still be told

/** Own comments by message id, until their answer; then by comment id, for what moderators decide. */
export class Composer {
  /** @type {Map<string, CommentMessage>} */ #sent = new Map();
  /** @type {Map<string, CommentMessage>} */ #known = new Map();
  #max = 100;
  #blocked = "";
  #live = false;

  /** @param {(text: string, look: {mode: Mode, size: Size, color: number}) => CommentMessage} onSend */
  constructor(onSend) {
    this.onSend = onSend;
    this.form = element("composer", HTMLFormElement);
    this.field = element("text", HTMLInputElement);
    this.button = element("send", HTMLButtonElement);
    this.counter = element("counter", HTMLElement);
    this.status = element("own-status", HTMLElement);
    this.mode = element("mode", HTMLSelectElement);
    this.size = element("size", HTMLSelectElement);
    this.colour = element("colour", HTMLSelectElement);
    fill(this.mode, words.modes);
    fill(this.size, words.sizes);
    this.size.value = "normal";
    fill(this.colour, words.colours);
    this.colour.value = "16777215";
    this.field.addEventListener("input", () => this.#refresh());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#refresh();
  }

  /**
   * The room's rules changed.
   * @param {Settings} settings
   * @param {string} role
   */
  rule(settings, role) {
    this.#max = settings.max_text ?? 100;
    const mayAlways = role === "moderator" || role === "producer";
    this.#blocked = settings.shield && !mayAlways ? words.errors["shielded"]?.(0, "") ?? "" : "";
    this.#refresh();
  }

  /** Whether the connection is there; what was sent without one goes when it is back. @param {boolean} live */
  connected(live) {
    this.#live = live;
    if (!live && this.#sent.size > 0) this.#tell("waiting", words.waiting);
  }

  /** @param {Ack} ack @returns {CommentMessage | undefined} the own comment it answers */
  acknowledged(ack) {
    const message = this.#sent.get(ack.id);
    if (!message) return undefined;
    this.#sent.delete(ack.id);
    if (ack.comment !== undefined) remember(this.#known, ack.comment, message);
    this.#tell(ack.status, words[ack.status], message);
    return message;
  }

  /** @param {Refusal} error @returns {boolean} whether it was about an own comment */
  refused(error) {
    const message = this.#sent.get(error.id ?? "");
    if (!message) return false;
    const again = error.code === "overloaded" || error.code === "unavailable";
    if (!again) this.#sent.delete(message.id);
    this.#tell(error.code, errorText(words, error), message);
    // A refusal that passes gives the text back, to be sent once more.
    if (["rate_limited", "too_long", "bad_message"].includes(error.code) && this.field.value === "")
      this.field.value = message.text;
    this.#refresh();
    return true;
  }

  /** @param {Notice} notice */
  noticed(notice) {
    const message = this.#known.get(notice.comment ?? "");
    const texts = /** @type {Record<string, string>} */ ({
      approved: words.approved,
      rejected: words.noticeRejected,
      retracted: words.retracted,
      muted: words.muted,
      restored: words.restored,
    });
    const text = texts[notice.code];
    if (text !== undefined) this.#tell(notice.code, text, message);
  }

  #send() {
    const text = this.field.value.trim();
    if (text === "" || this.button.disabled) return;
    const look = {
      mode: /** @type {Mode} */ (this.mode.value),
      size: /** @type {Size} */ (this.size.value),
      color: Number(this.colour.value),
    };
    const message = this.onSend(text, look);
    remember(this.#sent, message.id, message);
    this.field.value = "";
    if (this.#live) this.#tell("sending", words.sending, message);
    else this.#tell("waiting", words.waiting, message);
    this.#refresh();
  }

  #refresh() {
    const left = this.#max - [...this.field.value].length;
    setText(this.counter, String(left));
    this.counter.classList.toggle("over", left < 0);
    this.counter.hidden = left > this.#max / 2;
    this.button.disabled = left < 0 || this.field.value.trim() === "" || this.#blocked !== "";
    this.field.disabled = this.#blocked !== "";
    this.field.placeholder = this.#blocked || words.say;
  }

  /** @param {string} code @param {string} text @param {CommentMessage} [about] */
  #tell(code, text, about) {
    this.status.dataset["code"] = code;
    this.status.replaceChildren(make("strong", { text }));
    if (about) this.status.append(make("span", { text: about.text, class: "quote" }));
  }
}

/** @param {HTMLSelectElement} select @param {Record<string, string>} options */
function fill(select, options) {
  for (const [value, text] of Object.entries(options)) select.append(new Option(text, value));
}

/** @template T @param {Map<string, T>} map @param {string} id @param {T} value */
function remember(map, id, value) {
  map.set(id, value);
  for (const oldest of map.keys()) {
    if (map.size <= REMEMBERED) break;
    map.delete(oldest);
  }
}
