/** What is expected of the audience; to a producer of all rooms also what servers advise and did. */

import { useEffect, useState } from "preact/hooks";
import { call } from "../../sdk/grandstand.js";
import { html } from "../html.js";
import { formatTime } from "../times.js";
import { words } from "../words.js";
import { AudienceCurve, isForAllRooms } from "./curve.js";
import { Plot } from "./plot.js";

/** @import {Crowd, Expected} from "../../sdk/grandstand.js" */
/** @import {Desk} from "../desk.js" */
/** @typedef {{code: string, text: string}} Said */
/**
 * @typedef {object} Report
 * @property {{viewers: Expected[], without_forecast: number}} sum
 * @property {unknown[]} rooms
 * @property {{seats: number, here: number}} house
 * @property {(Said & {since: number})[]} advice
 * @property {(Said & {at: number})[]} done
 */

const say = words.crowd;
const LOOK_MS = 5_000;
const ASK_MS = 10_000;
const SHOWN = 5;
const COUNT = new Intl.NumberFormat(navigator.language, { maximumFractionDigits: 0 });

/** @param {{desk: Desk}} props */
export function CrowdPanel({ desk }) {
  const [curve] = useState(() => new AudienceCurve());
  const [columns, setColumns] = useState(() => curve.columns([]));
  const crowd = desk.state?.gauges.crowd;
  const report = useReport(desk);
  useEffect(() => {
    const look = () => {
      const { viewers, crowd: expected } = desk.state?.gauges ?? {};
      if (viewers !== undefined) curve.add(desk.live.now(), viewers);
      setColumns(curve.columns(expected?.viewers ?? []));
    };
    look();
    const timer = window.setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [desk, curve]);
  const known = crowd !== undefined && crowd.viewers.length > 0;
  const then = crowd?.viewers.at(-1)?.p50;
  return html`
    <section class="panel crowd" data-test="crowd">
      <h2>${say.heading}</h2>
      <${Plot} columns=${columns} label=${say.spoken(count(desk.state?.gauges.viewers), count(then))} />
      ${known ? html`<${Figures} crowd=${crowd} report=${report} />` : html`<p class="quiet-text">${say.none}</p>`}
      ${report && html`<${Acts} report=${report} />`}
    </section>
  `;
}

/** Ask for all rooms, if the token is for them. @param {Desk} desk @returns {Report | undefined} */
function useReport(desk) {
  const [report, setReport] = useState(/** @type {Report | undefined} */ (undefined));
  useEffect(() => {
    if (!isForAllRooms(desk.token)) return;
    const ask = async () => {
      const answer = await call("GET", "/v1/crowd", { token: desk.token });
      if (answer.ok) setReport(answer.body);
    };
    const timer = window.setInterval(ask, ASK_MS);
    void ask();
    return () => clearInterval(timer);
  }, [desk]);
  return report;
}

/** @param {{crowd: Crowd, report: Report | undefined}} props */
function Figures({ crowd, report }) {
  const all = report && report.rooms.length > 1 ? report.sum.viewers : [];
  const rows = /** @type {[string, Expected[]][]} */ ([[say.viewers, crowd.viewers], [say.allRooms, all], [say.comments, crowd.comments]]);
  return html`<table class="crowd-figures" title=${say.hint}>
    <thead><tr><td></td>${crowd.viewers.map((one) => html`<th key=${one.in} scope="col">${say.ahead(one.in / 60)}</th>`)}</tr></thead>
    <tbody>
      ${rows.filter(([, of]) => of.length > 0).map(([name, of]) => html`<tr key=${name}>
        <th scope="row">${name}</th>
        ${of.map((one) => html`<td key=${one.in} class="number"><b data-test=${of === crowd.viewers ? `crowd-${one.in}` : undefined}>${count(one.p50)}</b>
          <small>${say.between(count(one.p10), count(one.p90))}</small></td>`)}
      </tr>`)}
    </tbody>
  </table>`;
}

/** @param {{report: Report}} props */
function Acts({ report }) {
  const { house, advice, done, sum } = report;
  return html`
    ${sum.without_forecast > 0 && html`<p class="quiet-text number" data-test="crowd-missing">${say.missing(sum.without_forecast)}</p>`}
    ${house.seats > 0 && html`<p class="quiet-text number">${say.house(count(house.here), count(house.seats))}</p>`}
    ${advice.length > 0 && html`<h3>${say.advice}</h3>
      <ul class="crowd-acts" data-test="crowd-advice">${advice.map((one) => html`<${Act} key=${one.code} said=${one} when=${say.since(formatTime(one.since))} />`)}</ul>`}
    ${done.length > 0 && html`<h3>${say.done}</h3>
      <ul class="crowd-acts" data-test="crowd-done">${done.slice(0, SHOWN).map((one) => html`<${Act} key=${one.at + one.text} said=${one} when=${formatTime(one.at)} />`)}</ul>`}
  `;
}

/** @param {{said: Said, when: string}} props */
function Act({ said, when }) {
  return html`<li><span>${say.codes[said.code] ?? said.code}</span> <small class="number">${when}</small>
    <small lang="en">${said.text}</small></li>`;
}

/** @param {number | undefined} value */
function count(value) {
  return value === undefined ? "–" : COUNT.format(value);
}
