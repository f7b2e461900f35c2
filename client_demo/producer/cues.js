/** Sends a cue to every viewer. */

import { element, setText, words } from "../page.js";
import { clearFaults, showFaults } from "./faults.js";

/** @import {RoomCall} from "./main.js" */

export class CuePanel {
  /** @param {RoomCall} call */
  constructor(call) {
    this.call = call;
    this.form = element("cue-form", HTMLFormElement);
    this.name = element("cue-name", HTMLInputElement);
    this.data = element("cue-data", HTMLTextAreaElement);
    this.done = element("cue-done", HTMLElement);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  async #send() {
    clearFaults(this.form);
    setText(this.done, "");
    const data = parseObject(this.data.value);
    if (!data) {
      const faults = [{ path: "data", message: words.badJson }];
      return showFaults(this.form, { ok: false, status: 0, code: "", message: "", faults });
    }
    const name = this.name.value.trim();
    const answer = await this.call("POST", "/cues", { name, data });
    if (!answer.ok) return showFaults(this.form, answer);
    setText(this.done, words.cueSent(name));
  }
}

/** @param {string} text @returns {object | undefined} */
function parseObject(text) {
  if (text.trim() === "") return {};
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
