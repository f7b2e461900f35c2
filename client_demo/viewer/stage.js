/**
 * The picture until there is a video: a night concert, drawn as a function of programme time alone,
 * so that every viewer at the same playhead sees the same light on the same beat.
 */

const BEAMS = [
  { at: 0.14, hue: 222, period: 9_000, lean: 0.5 },
  { at: 0.34, hue: 264, period: 12_000, lean: -0.35 },
  { at: 0.5, hue: 204, period: 7_000, lean: 0.22 },
  { at: 0.66, hue: 248, period: 11_000, lean: 0.35 },
  { at: 0.86, hue: 230, period: 10_000, lean: -0.5 },
];
const STARS = 60;
const HEADS = 46;

/**
 * @param {CanvasRenderingContext2D} context scaled to CSS px
 * @param {number} playhead programme time, ms
 * @param {{width: number, height: number}} stage
 */
export function paintStage(context, playhead, stage) {
  const { width, height } = stage;
  const time = Number.isFinite(playhead) ? playhead : 0;
  sky(context, time, width, height);
  floor(context, width, height);
  for (const beam of BEAMS) light(context, beam, time, width, height);
  band(context, time, width, height);
  crowd(context, time, width, height);
  if (Number.isFinite(playhead)) clock(context, playhead, width, height);
}

/**
 * Programme time as it stands in the picture, in the viewer's zone.
 * @param {number} playhead
 * @returns {{date: string, time: string}} 2026-11-24 and 20:00:00.0
 */
export function clockText(playhead) {
  const when = new Date(playhead);
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const date = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  const tenth = Math.floor(when.getMilliseconds() / 100);
  const time = `${two(when.getHours())}:${two(when.getMinutes())}:${two(when.getSeconds())}.${tenth}`;
  return { date, time };
}

/** @param {CanvasRenderingContext2D} c @param {number} t @param {number} w @param {number} h */
function sky(c, t, w, h) {
  const fill = c.createLinearGradient(0, 0, 0, h);
  fill.addColorStop(0, "#070a14");
  fill.addColorStop(0.6, "#10152b");
  fill.addColorStop(1, "#1b1a38");
  c.fillStyle = fill;
  c.fillRect(0, 0, w, h);
  c.fillStyle = "#cfd8ff";
  for (let i = 0; i < STARS; i += 1) {
    c.globalAlpha = 0.12 + 0.22 * (0.5 + 0.5 * Math.sin(t / 1_700 + i * 2.4));
    c.fillRect(spread(i, 0) * w, spread(i, 1) * h * 0.55, 1.4, 1.4);
  }
  c.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} c
 * @param {{at: number, hue: number, period: number, lean: number}} beam
 * @param {number} t @param {number} w @param {number} h
 */
function light(c, beam, t, w, h) {
  const phase = ((t % beam.period) / beam.period) * 2 * Math.PI;
  const lamp = beam.at * w;
  const floor = h * 0.84;
  const aim = w * (0.5 + (beam.at - 0.5) * 0.35 + beam.lean * 0.12 + Math.sin(phase) * 0.13);
  const wide = w * 0.075;
  const fill = c.createLinearGradient(lamp, 0, aim, floor);
  const strength = 0.34 + 0.08 * Math.sin(phase * 2);
  fill.addColorStop(0, `hsl(${beam.hue} 90% 80% / ${strength})`);
  fill.addColorStop(1, `hsl(${beam.hue} 80% 62% / 0.03)`);
  c.fillStyle = fill;
  c.beginPath();
  c.moveTo(lamp - 2, -4);
  c.lineTo(aim - wide, floor);
  c.lineTo(aim + wide, floor);
  c.lineTo(lamp + 2, -4);
  c.fill();
  c.fillStyle = `hsl(${beam.hue} 85% 78% / ${strength * 0.3})`;
  c.beginPath();
  c.ellipse(aim, floor, wide, h * 0.018, 0, 0, 2 * Math.PI);
  c.fill();
}

/** @param {CanvasRenderingContext2D} c @param {number} t @param {number} w @param {number} h */
function band(c, t, w, h) {
  const glow = c.createRadialGradient(w / 2, h * 0.8, 0, w / 2, h * 0.8, w * 0.42);
  glow.addColorStop(0, `hsl(232 70% 70% / ${0.34 + 0.06 * Math.sin(t / 900)})`);
  glow.addColorStop(1, "hsl(232 70% 70% / 0)");
  c.fillStyle = glow;
  c.fillRect(0, 0, w, h);
  c.fillStyle = "#05070f";
  const sway = Math.sin(t / 600) * w * 0.004;
  const size = h * 0.055;
  for (const [x, scale] of [[0.42, 0.92], [0.5, 1.1], [0.58, 0.92]]) {
    figure(c, (x ?? 0) * w + sway * (scale ?? 1), h * 0.825, size * (scale ?? 1));
  }
}

/** @param {CanvasRenderingContext2D} c @param {number} w @param {number} h */
function floor(c, w, h) {
  c.fillStyle = "#0c1022";
  c.beginPath();
  c.ellipse(w / 2, h * 0.86, w * 0.46, h * 0.055, 0, 0, 2 * Math.PI);
  c.fill();
}

/** Someone on the stage, seen against the light. @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {number} s */
function figure(c, x, y, s) {
  c.beginPath();
  c.arc(x, y - s * 2.1, s * 0.34, 0, 2 * Math.PI);
  c.roundRect(x - s * 0.42, y - s * 1.7, s * 0.84, s * 1.7, s * 0.3);
  c.fill();
}

/** @param {CanvasRenderingContext2D} c @param {number} t @param {number} w @param {number} h */
function crowd(c, t, w, h) {
  c.fillStyle = "#04060c";
  c.beginPath();
  for (let i = 0; i < HEADS; i += 1) {
    const x = ((i + spread(i, 2) * 0.6) / HEADS) * w;
    const bob = Math.sin(t / 420 + spread(i, 3) * 6.3) * h * 0.006;
    const r = h * (0.028 + 0.014 * spread(i, 4));
    c.moveTo(x + r, h * 0.965 + bob);
    c.arc(x, h * 0.965 + bob, r, 0, 2 * Math.PI);
  }
  c.fill();
  c.fillRect(0, h * 0.972, w, h * 0.03);
}

/** @param {CanvasRenderingContext2D} c @param {number} playhead @param {number} w @param {number} h */
function clock(c, playhead, w, h) {
  const { date, time } = clockText(playhead);
  const size = Math.max(13, Math.min(22, h * 0.045));
  c.textAlign = "right";
  c.textBaseline = "alphabetic";
  c.fillStyle = "rgb(232 236 250 / 0.92)";
  c.font = `600 ${size}px ui-monospace, "SF Mono", Menlo, Consolas, monospace`;
  const right = w - size * 0.8;
  const line = h - size * 0.8;
  c.fillText(time, right, line);
  const timeWidth = c.measureText(time).width;
  c.fillStyle = "rgb(232 236 250 / 0.6)";
  c.font = `${size * 0.7}px ui-monospace, "SF Mono", Menlo, Consolas, monospace`;
  c.fillText(date, right - timeWidth - size * 0.6, line);
  c.textAlign = "left";
}

/** A fixed scatter in [0, 1): the same for everyone. @param {number} i @param {number} seed */
function spread(i, seed) {
  const value = Math.sin((i + 1) * 127.1 + seed * 311.7) * 43_758.5453;
  return value - Math.floor(value);
}
