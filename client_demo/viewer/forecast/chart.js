/**
 * The line of a forecast, as uPlot draws it: a step for each point, a mark for each event, up to the
 * viewer's playhead. Outcomes differ by colour and by dashes. Made only where a match is forecast, and only
 * then is the library loaded.
 */

/** @import uPlot from "uplot" */
/** @import {Forecast} from "../../cards/forecast.js" */

const STYLE = "/library/uplot/dist/uPlot.min.css";
const HEIGHT = 6.75; // rem, as in forecast.css
const LEAST_MS = 60_000; // of the axis: the first minute isn't stretched
const MARK = 0.28; // rem
export const STROKES = ["#8fb0ff", "#b9c0d4", "#f0c674", "#7fd6a8", "#ff9a9a"];
export const DASHES = [[], [2, 4], [9, 5], [12, 4, 2, 4], [5, 3]];

/** @type {Promise<{default: typeof import("uplot")}> | undefined} */ let loading;

/** In px: a television has larger type. */
function rem() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/** Without `await` before it, so that the page doesn't fetch it beforehand: most rooms have no match. */
function load() {
  if (!loading) {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = STYLE;
    document.head.append(style);
    const module = import("uplot");
    module.catch(() => (loading = undefined)); // it is tried again with the next forecast
    loading = module;
  }
  return loading;
}

export class Chart {
  root = document.createElement("div");
  #language;
  /** @type {uPlot | undefined} */ #plot;
  /** @type {Forecast | undefined} */ #forecast;
  #until = NaN;
  #isLoading = false;
  #gone = false;

  /** @param {string} language BCP 47 */
  constructor(language) {
    this.#language = language;
    this.root.className = "forecast-chart";
    this.root.setAttribute("role", "img");
    new ResizeObserver(() => this.#plot?.setSize(this.#size)).observe(this.root);
  }

  /** @param {Forecast} forecast @param {number} playhead */
  show(forecast, playhead) {
    const isNew = forecast !== this.#forecast;
    const pixelMs = (playhead - (forecast.line[0]?.[0] ?? playhead)) / (this.root.clientWidth || 1);
    if (!isNew && Math.abs(playhead - this.#until) < Math.max(1000, pixelMs)) return;
    this.#forecast = forecast;
    this.#until = playhead;
    if (this.#plot && this.#plot.series.length !== forecast.outcomes.length + 1) {
      this.#plot.destroy(); // another model: uPlot takes other numbers for the same series alone
      this.#plot = undefined;
    }
    if (!this.#plot) return void this.#make();
    this.#plot.setData(this.#data, false);
    this.#plot.setScale("x", this.#span);
  }

  /** What there is to draw: each outcome's shares, the last one drawn on to the playhead. @returns {uPlot.AlignedData} */
  get #data() {
    const { line = [], outcomes = [] } = this.#forecast ?? {};
    const last = line.at(-1);
    const points = last ? [...line, [Math.max(this.#until, last[0] ?? 0), ...last.slice(1)]] : [];
    const columns = [0, ...outcomes].map((_, column) => points.map((point) => point[column] ?? 0));
    return /** @type {uPlot.AlignedData} */ (/** @type {unknown} */ (columns));
  }

  get #span() {
    const min = this.#forecast?.line[0]?.[0] ?? 0;
    return { min, max: Math.max(this.#until, min + LEAST_MS) };
  }

  get #size() {
    return { width: Math.max(160, this.root.clientWidth), height: HEIGHT * rem() };
  }

  async #make() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      const { default: UPlot } = await load();
      if (this.#gone || this.#plot || !this.#forecast) return;
      this.#plot = new UPlot(this.#options(UPlot), this.#data, this.root);
      for (const canvas of this.root.querySelectorAll("canvas")) canvas.setAttribute("aria-hidden", "true");
    } catch (error) {
      console.warn("Grandstand: no chart", error); // the figures are there all the same
    } finally {
      this.#isLoading = false;
    }
  }

  /** @param {typeof uPlot} UPlot @returns {uPlot.Options} */
  #options(UPlot) {
    const stepped = /** @type {uPlot.Series.PathBuilder} */ (UPlot.paths.stepped?.({ align: 1 }));
    const outcomes = this.#forecast?.outcomes ?? [];
    const axis = { stroke: "#a0a7bc", font: `${0.75 * rem()}px system-ui, sans-serif`, ticks: { show: false }, gap: 4 };
    const percent = new Intl.NumberFormat(this.#language, { style: "percent" });
    return {
      ...this.#size,
      ms: 1,
      legend: { show: false },
      cursor: { show: false },
      padding: [12, 1.4 * rem(), 0, 0],
      scales: { x: { time: true, range: () => [this.#span.min, this.#span.max] }, y: { range: [0, 1] } },
      axes: [
        { ...axis, size: 1.4 * rem(), space: 4.5 * rem(), grid: { show: false }, values: (_, splits) => splits.map((at) => this.#timeOf(at)) },
        { ...axis, size: 2.7 * rem(), grid: { stroke: "#232839" }, splits: [0, 0.5, 1], values: (_, splits) => splits.map((each) => percent.format(each)) },
      ],
      series: [
        {},
        ...outcomes.map((_, place) => ({
          stroke: STROKES[place % STROKES.length] ?? "",
          dash: DASHES[place % DASHES.length] ?? [],
          width: 2,
          paths: stepped,
          points: { show: false },
        })),
      ],
      hooks: { draw: [(plot) => this.#mark(plot)] },
    };
  }

  /** Mark what moved the line: a disc for what counts, a cross for what was taken back, a square for the end. @param {uPlot} plot */
  #mark(plot) {
    const { events = [], outcomes = [], line = [] } = this.#forecast ?? {};
    const { ctx } = plot;
    const size = MARK * rem() * devicePixelRatio;
    ctx.save();
    ctx.lineWidth = size / 2;
    for (const { at, what, label, isVoid } of events) {
      const place = outcomes.findIndex((one) => one.label === label);
      const point = line.findLast(([when = 0]) => when <= at);
      const share = point?.[Math.max(0, place) + 1];
      if (share === undefined || at > this.#until) continue;
      const [x, y] = [plot.valToPos(at, "x", true), plot.valToPos(share, "y", true)];
      ctx.fillStyle = ctx.strokeStyle = place < 0 ? "#e8eaf2" : (STROKES[place % STROKES.length] ?? "");
      ctx.beginPath();
      if (isVoid || what === "correction") {
        ctx.moveTo(x - size, y - size);
        ctx.lineTo(x + size, y + size);
        ctx.moveTo(x + size, y - size);
        ctx.lineTo(x - size, y + size);
        ctx.stroke();
      } else {
        if (what === "end") ctx.rect(x - size, y - size, 2 * size, 2 * size);
        else ctx.arc(x, y, size, 0, 2 * Math.PI);
        ctx.fill();
      }
    }
    ctx.restore();
  }

  /** @param {number} at */
  #timeOf(at) {
    const span = this.#span;
    const second = span.max - span.min < 600_000 ? /** @type {const} */ ({ second: "2-digit" }) : {};
    return new Intl.DateTimeFormat(this.#language, { hour: "numeric", minute: "2-digit", ...second, hourCycle: "h23" }).format(at);
  }

  remove() {
    this.#gone = true;
    this.#plot?.destroy();
    this.root.remove();
  }
}
