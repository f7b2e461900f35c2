/** The room's gauges. A number that isn't known is a dash. */

import { viewersOf } from "../sdk/grandstand.js";
import { html } from "./html.js";
import { sparkline } from "./rates.js";
import { words } from "./words.js";

/** @import {Desk} from "./desk.js" */
/** @import {ModerationDesk} from "./moderation/moderation_desk.js" */

const WIDTH = 120;
const HEIGHT = 26;

/** @param {{desk: Desk, moderation: ModerationDesk}} props */
export function Gauges({ desk, moderation }) {
  const gauges = desk.state?.gauges;
  const { viewers, lurkers = 0, pulse, audience, refused } = gauges ?? {};
  const latency = desk.live.latency();
  const durability = desk.state?.durability ?? "";
  const waiting = moderation.held.length;
  return html`
    <section aria-label=${words.gauges}><dl class="gauges" data-test="gauges">
      <div class="gauge wide">
        <dt>${words.rate}</dt>
        <dd><span data-test="gauge-rate">${pulse ? pulse.comments_per_second.toFixed(1) : "–"}</span>
          <${Sparkline} history=${desk.rates} /></dd>
      </div>
      <${Gauge} name="viewers" text=${viewers === undefined ? "–" : viewersOf(gauges)} note=${lurkers > 0 ? words.lurkers(lurkers) : ""} />
      ${audience &&
      audience.told > 0 &&
      html`<${Gauge} name="behind" text=${seconds(audience.behind.p50)} note=${words.behindMost(seconds(audience.behind.p99))} />
        <${Gauge} name="sync" text=${formatDistance(audience.sync.p50)} note=${words.syncWorst(formatDistance(audience.sync.p99))} />`}
      <${Gauge} name="people" text=${pulse ? pulse.people : "–"} />
      <${Gauge} name="mood" text=${pulse ? formatSigned(pulse.mood) : "–"} />
      <${Gauge} name="excitement" text=${pulse ? `${Math.round(pulse.excitement * 100)} %` : "–"} />
      <${Gauge} name="latency" text=${milliseconds(latency.p50)} note=${words.latencyWorst(milliseconds(latency.worst))} />
      <${Gauge} name="durability" text=${words.durabilities[durability] ?? durability} warn=${durability === "weak"} />
      ${refused ? html`<${Gauge} name="refusals" text=${refused} warn />` : ""}
      <${Gauge} name="waiting" text=${waiting} warn=${waiting > 0} />
    </dl></section>
  `;
}

/**
 * @param {{name: "viewers" | "behind" | "sync" | "people" | "mood" | "excitement" | "latency" | "durability" | "waiting" | "refusals",
 *   text: string | number, note?: string, warn?: boolean}} props
 */
function Gauge({ name, text, note, warn = false }) {
  return html`<div class="gauge">
    <dt>${words[name]}</dt>
    <dd><span data-test=${`gauge-${name}`} class=${warn ? "warn" : ""}>${text}</span>
      ${note && html` <small>${note}</small>`}</dd>
  </div>`;
}

/** @param {{history: readonly number[]}} props */
function Sparkline({ history }) {
  const most = Math.max(0, ...history);
  const label = words.rateSpoken((history.at(-1) ?? 0).toFixed(1), most.toFixed(1));
  return html`<svg class="sparkline" viewBox=${`0 -1 ${WIDTH} ${HEIGHT + 2}`} role="img" aria-label=${label}
    preserveAspectRatio="none" data-test="sparkline">
    <polyline points=${sparkline(history, WIDTH, HEIGHT)} fill="none" vector-effect="non-scaling-stroke" />
  </svg>`;
}

/** @param {number} mood -1 to 1 */
export function formatSigned(mood) {
  const text = Math.abs(mood).toFixed(2);
  if (Number(text) === 0) return text;
  return `${mood > 0 ? "+" : "-"}${text}`;
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** 60 ms, 11.9 s. @param {number} ms */
export function formatDistance(ms) {
  return ms < 1000 ? milliseconds(ms) : seconds(ms);
}

/** @param {number} ms */
function milliseconds(ms) {
  return Number.isFinite(ms) ? `${Math.round(ms)} ms` : "–";
}
