/** The room's shield and moderation level. Moderators see them; producers change them. */

import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { reasonOf } from "../problems.js";
import { words } from "../words.js";

/** @import {Desk} from "../desk.js" */

/** @param {{desk: Desk}} props */
export function Protection({ desk }) {
  const [fault, setFault] = useState("");
  const [wanted, setWanted] = useState(/** @type {boolean | undefined} the switch, until the room agrees */ (undefined));
  const { settings } = desk;
  const isUp = settings.shield ?? false;
  useEffect(() => {
    if (wanted === isUp) setWanted(undefined);
  }, [wanted, isUp]);
  const level = settings.moderation?.level ?? 2;
  const change = async (/** @type {string} */ what, /** @type {object} */ changes) => {
    const answer = await desk.patch(what, changes);
    setFault(answer.ok ? "" : reasonOf(answer));
    if (!answer.ok) setWanted(undefined); // it goes back to what the room says
  };
  const shield = (/** @type {Event} */ event) => {
    const up = /** @type {HTMLInputElement} */ (event.currentTarget).checked;
    setWanted(up);
    void change(words.moderation.shieldChange(up), { shield: up });
  };
  return html`
    <section class="panel form" aria-label=${words.moderation.protection}>
      <h2>${words.moderation.protection}</h2>
      <label class="check switch">
        <input type="checkbox" role="switch" checked=${wanted ?? isUp} disabled=${!desk.isProducer}
          onChange=${shield} data-test="shield" />
        ${words.moderation.shield}
      </label>
      <label class="field"><span>${words.moderation.level}</span>
        <select value=${level} disabled=${!desk.isProducer} data-test="level"
          onChange=${(/** @type {any} */ event) => change(words.moderation.level, { moderation: { level: Number(event.currentTarget.value) } })}>
          ${words.moderation.levels.map((text, value) => html`<option key=${value} value=${value}>${text}</option>`)}
        </select>
        <small>${words.moderation.levelTells[level]} ${!desk.isProducer && words.moderation.readOnly}</small>
      </label>
      <p class="fault" role="alert" data-test="protection-fault">${fault}</p>
    </section>
  `;
}
