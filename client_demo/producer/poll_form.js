/** The form that opens a poll. */

import { button, element, make, words } from "../page.js";
import { clearFaults, showFaults } from "./faults.js";

/** @import {RoomCall} from "./main.js" */
/** @import {Poll} from "../sdk/wire.js" */

const FEWEST = 2;
const MOST = 20;

export class PollForm {
  /** @type {HTMLInputElement[]} */ #options = [];

  /** @param {RoomCall} call @param {(poll: Poll) => void} onOpened */
  constructor(call, onOpened) {
    this.call = call;
    this.onOpened = onOpened;
    this.form = element("poll-form", HTMLFormElement);
    this.question = element("poll-question", HTMLInputElement);
    this.kind = element("poll-kind", HTMLSelectElement);
    this.list = element("poll-options", HTMLElement);
    this.more = element("poll-add-option", HTMLButtonElement);
    this.answer = element("poll-answer", HTMLSelectElement);
    this.most = element("poll-max-choices", HTMLInputElement);
    this.duration = element("poll-duration", HTMLInputElement);
    this.grace = element("poll-grace", HTMLInputElement);
    this.change = element("poll-change", HTMLInputElement);
    this.tally = element("poll-show-tally", HTMLSelectElement);
    this.submit = element("poll-open", HTMLButtonElement);
    for (const [value, text] of Object.entries(words.pollKinds)) this.kind.append(new Option(text, value));
    for (const [value, text] of Object.entries(words.tallies)) this.tally.append(new Option(text, value));
    this.#setOptions(["", ""]);
    this.more.addEventListener("click", () => {
      this.#setOptions([...this.#texts(), ""]);
      this.#options.at(-1)?.focus();
    });
    this.kind.addEventListener("change", () => this.#refresh());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#open();
    });
    this.#refresh();
  }

  /** @returns {string[]} */
  #texts() {
    return this.#options.map((option) => option.value);
  }

  /** @param {string[]} texts */
  #setOptions(texts) {
    this.#options = texts.map((text, index) => {
      const input = make("input", { test: `poll-option-${index}` });
      input.value = text;
      input.placeholder = words.option(index + 1);
      input.setAttribute("aria-label", words.option(index + 1));
      input.addEventListener("input", () => this.#refresh());
      return input;
    });
    this.list.replaceChildren(
      ...this.#options.map((input, index) => {
        const fault = make("p", { class: "fault" });
        fault.dataset["fault"] = `options.${index}`;
        const remove = button("×", `poll-remove-option-${index}`, () => {
          this.#setOptions(this.#texts().filter((_, place) => place !== index));
        }, "quiet");
        remove.setAttribute("aria-label", words.removeOption);
        remove.disabled = this.#options.length <= FEWEST;
        return make("div", { class: "option-row" }, [input, remove, fault]);
      }),
    );
    this.#refresh();
  }

  #refresh() {
    const kind = this.kind.value;
    this.more.disabled = this.#options.length >= MOST;
    element("poll-answer-field", HTMLElement).hidden = kind !== "quiz";
    element("poll-max-choices-field", HTMLElement).hidden = kind !== "multiple";
    this.most.max = String(this.#options.length);
    const chosen = this.answer.value;
    const labels = this.#texts().map((text, index) => text || words.option(index + 1));
    this.answer.replaceChildren(...labels.map((text, index) => new Option(text, String(index))));
    this.answer.value = Number(chosen) < labels.length ? chosen || "0" : "0";
  }

  async #open() {
    clearFaults(this.form);
    const kind = this.kind.value;
    this.submit.disabled = true;
    const answer = await this.call("POST", "/polls", {
      kind,
      question: this.question.value,
      options: this.#texts().map((text) => ({ text })),
      duration: Number(this.duration.value),
      grace: Math.round(Number(this.grace.value) * 1000),
      change: this.change.checked,
      show_tally: this.tally.value,
      ...(kind === "quiz" && { answer: Number(this.answer.value) }),
      ...(kind === "multiple" && this.most.value !== "" && { max_choices: Number(this.most.value) }),
    });
    this.submit.disabled = false;
    if (!answer.ok) return showFaults(this.form, answer);
    this.question.value = "";
    this.#setOptions(["", ""]);
    this.onOpened(answer.body);
  }
}
