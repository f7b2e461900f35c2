/** The small plot of the audience, by uPlot, which is loaded only by a page that shows one. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { formatTime } from "../times.js";

/** @import uPlot from "uplot" */
/** @import {Columns} from "./curve.js" */

const STYLE = "/library/uplot/dist/uPlot.min.css";
const HEIGHT = 132;
const LEAST_WIDTH = 160;
const COUNT = new Intl.NumberFormat(navigator.language, { notation: "compact", maximumFractionDigits: 1 });

/** @param {{columns: Columns, label: string}} props */
export function Plot({ columns, label }) {
  const host = useRef(/** @type {HTMLDivElement | null} */ (null));
  const made = useRef(/** @type {uPlot | undefined} */ (undefined));
  const data = useRef(columns);
  data.current = columns;
  useEffect(() => {
    const root = host.current;
    if (!root) return;
    let isGone = false;
    const size = () => ({ width: Math.max(LEAST_WIDTH, root.clientWidth), height: HEIGHT });
    const observer = new ResizeObserver(() => made.current?.setSize(size()));
    addStyle();
    import("uplot").then(({ default: UPlot }) => {
      if (isGone) return;
      made.current = new UPlot({ ...size(), ...options(root) }, aligned(data.current), root);
      observer.observe(root);
    }, (error) => console.warn("Grandstand: no plot", error)); // the figures are there all the same
    return () => {
      isGone = true;
      observer.disconnect();
      made.current?.destroy();
    };
  }, []);
  useEffect(() => made.current?.setData(aligned(columns)), [columns]);
  return html`<div class="crowd-plot" ref=${host} role="img" aria-label=${label} data-test="crowd-plot"></div>`;
}

/** The library's own style, once. */
function addStyle() {
  if (document.querySelector(`link[href="${STYLE}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: STYLE }));
}

/** @param {Columns} columns */
function aligned(columns) {
  return /** @type {uPlot.AlignedData} */ (/** @type {unknown} */ (columns));
}

/** @param {HTMLElement} root @returns {Omit<uPlot.Options, "width" | "height">} */
function options(root) {
  const style = getComputedStyle(root);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const [text, line, quiet, ahead] = ["--text", "--line", "--quiet", "--accent"].map(colour);
  const axis = { stroke: quiet ?? "", font: "11.5px system-ui, sans-serif", ticks: { show: false }, gap: 4 };
  const bound = { stroke: "transparent", points: { show: false } };
  return {
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 10, 0, 0],
    scales: { y: { range: (_, least, most) => [Math.max(0, least - (most - least) / 5), most + Math.max(1, (most - least) / 5)] } },
    axes: [
      { ...axis, size: 22, space: 56, grid: { show: false }, values: (_, splits) => splits.map((at) => formatTime(at * 1000).slice(0, 5)) },
      { ...axis, size: 44, space: 30, grid: { stroke: line ?? "", width: 1 }, values: (_, splits) => splits.map((each) => COUNT.format(each)) },
    ],
    series: [
      {},
      { stroke: text ?? "", width: 2, points: { show: false } },
      bound,
      { stroke: ahead ?? "", width: 2, dash: [5, 4], points: { show: false } },
      bound,
    ],
    bands: [{ series: [4, 2], fill: `${ahead}30` }],
  };
}
