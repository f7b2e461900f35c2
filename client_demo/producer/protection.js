/** The room's shield and how strictly it is moderated. */

import { element, setText, words } from "../page.js";

/** @import {RoomCall} from "./main.js" */
/** @import {Settings} from "../sdk/wire.js" */

export class ProtectionPanel {
  /** @type {Settings} */ #settings = {};

  /** @param {RoomCall} call */
  constructor(call) {
    this.call = call;
    this.shield = element("shield", HTMLInputElement);
    this.level = element("level", HTMLSelectElement);
    this.fault = element("protection-fault", HTMLElement);
    words.levels.forEach((text, value) => this.level.append(new Option(text, String(value))));
    this.shield.addEventListener("change", () => void this.#change({ shield: this.shield.checked }));
    this.level.addEventListener("change", () => {
      void this.#change({ moderation: { level: Number(this.level.value) } });
    });
  }

  /** @param {Settings} settings */
  show(settings) {
    this.#settings = settings;
    this.shield.checked = settings.shield ?? false;
    if (settings.moderation?.level !== undefined) this.level.value = String(settings.moderation.level);
  }

  /** @param {object} change */
  async #change(change) {
    const answer = await this.call("PATCH", "", change);
    setText(this.fault, answer.ok ? "" : answer.message);
    if (!answer.ok) this.show(this.#settings);
  }
}
