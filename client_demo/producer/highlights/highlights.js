/** What the audience stirred at, as marks to clip by, and their lists for players and editing programs. */

import { useEffect, useState } from "preact/hooks";
import { problem, roomPath } from "../../sdk/http.js";
import { Field, Select, faultsOf, input } from "../fields.js";
import { html } from "../html.js";
import { fromLocalTime } from "../times.js";
import { words } from "../words.js";
import { MarkList } from "./mark_list.js";
import { FORMATS, Marks, RATES, clipsQuery } from "./marks.js";

/** @import {AssistantDesk} from "../assistant/assistant_desk.js" */
/** @import {Desk} from "../desk.js" */
/** @import {Faults} from "../fields.js" */
/** @import {Mark} from "./marks.js" */

const say = words.highlights;
const MINUTE_MS = 60_000; // the list is the same for so long

/** @param {{desk: Desk, assistant: AssistantDesk}} props */
export function Highlights({ desk, assistant }) {
  const [kept] = useState(() => new Marks());
  const [listed, setListed] = useState(/** @type {Mark[]} */ ([]));
  const [typed, setTyped] = useState({ began: "", handles: "5", least: "0", rate: "25" });
  const [faults, setFaults] = useState(/** @type {Faults} */ ({}));
  const [done, setDone] = useState("");
  useEffect(() => {
    const ask = async () => {
      const answer = await desk.call("GET", "/highlights");
      if (answer.ok) setListed(answer.body.highlights);
    };
    void ask();
    const timer = window.setInterval(ask, MINUTE_MS);
    return () => clearInterval(timer);
  }, [desk]);

  useEffect(() => desk.live.on("retract", (id) => kept.remove(id)), [desk]);

  const marks = kept.all(listed, desk.live.overlays());
  const set = (/** @type {Partial<typeof typed>} */ change) => setTyped({ ...typed, ...change });
  const save = async (/** @type {{format: string, ending: string}} */ { format, ending }) => {
    setDone("");
    const name = `${desk.room}.${ending}`;
    const answer = await fetched(desk, clipsQuery({ ...typed, format, start: fromLocalTime(typed.began) }, marks));
    setFaults(answer instanceof Blob ? {} : faultsOf(answer, ["start", "handles", "least", "rate"]));
    if (!(answer instanceof Blob)) return;
    download(answer, name);
    setDone(say.saved(name));
  };
  return html`
    <section class="panel form" data-test="highlights">
      <${MarkList} desk=${desk} assistant=${assistant} marks=${marks} onDeleted=${(/** @type {string} */ id) => kept.remove(id)} />
      <details>
        <summary data-test="highlight-clips">${say.clips}</summary>
        <div class="clips">
        <${Field} label=${say.began} path="start" faults=${faults} hint=${say.beganHint}>
          <input type="datetime-local" step="1" value=${typed.began} onInput=${input((began) => set({ began }))} data-test="clips-began" /><//>
        <div class="pair">
          <${Field} label=${say.handles} path="handles" faults=${faults}>
            <input type="number" inputmode="decimal" min="0" max="60" value=${typed.handles} onInput=${input((handles) => set({ handles }))} data-test="clips-handles" /><//>
          <${Field} label=${say.least} path="least" faults=${faults}>
            <input type="number" inputmode="decimal" min="0" value=${typed.least} onInput=${input((least) => set({ least }))} data-test="clips-least" /><//>
          <${Field} label=${say.rate} path="rate" faults=${faults}>
            <${Select} value=${typed.rate} options=${Object.fromEntries(RATES.map((rate) => [rate, rate]))} test="clips-rate" onPick=${(/** @type {string} */ rate) => set({ rate })} /><//>
        </div>
        <div class="row">
          ${FORMATS.map((each) => html`<button key=${each.format} type="button" disabled=${marks.length === 0} onClick=${() => void save(each)}
            data-test=${`clips-${each.format}`}>${say.formats[each.format]}</button>`)}
        </div>
        <p class="done" role="status" data-test="clips-done">${done}</p>
        <p class="fault" role="alert">${faults[""] ?? ""}</p>
        </div>
      </details>
    </section>
  `;
}

/**
 * Ask for the clips: a link alone would bring no token, which a room without guests wants.
 * @param {Desk} desk
 * @param {string} query
 */
async function fetched(desk, query) {
  try {
    const headers = { Authorization: `Bearer ${desk.token}` };
    const answer = await fetch(roomPath(desk.room, `/highlights?${query}`), { headers });
    if (answer.ok) return await answer.blob();
    return problem(answer.status, await answer.json(), answer.headers.get("Retry-After"));
  } catch {
    return problem(0, undefined, null);
  }
}

/** @param {Blob} blob @param {string} name of the file */
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), MINUTE_MS);
}
