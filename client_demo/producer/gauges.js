/** The room's gauges as numbers; a value not known is a dash. */

import { element, setText } from "../page.js";

/** @import {Gauges} from "../sdk/wire.js" */

/** @param {Gauges} gauges */
export function showGauges(gauges) {
  const { viewers, pulse } = gauges;
  put("viewers", String(viewers));
  put("rate", pulse ? pulse.comments_per_second.toFixed(1) : "–");
  put("people", pulse ? String(pulse.people) : "–");
  put("mood", pulse ? signed(pulse.mood) : "–");
  put("excitement", pulse ? `${Math.round(pulse.excitement * 100)} %` : "–");
}

/** @param {string} name @param {string} text */
function put(name, text) {
  setText(element(`gauge-${name}`, HTMLElement), text);
}

/** @param {number} mood -1 to 1 */
function signed(mood) {
  const text = mood.toFixed(2);
  return mood > 0 ? `+${text}` : text;
}
