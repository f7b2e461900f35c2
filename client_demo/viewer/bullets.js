/** Paints the bullets on their own canvas. Where they are is lanes.js' affair. */

/** @import {Placed} from "./lanes.js" */

const FACE = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const WEIGHT = 600;
const MEASURE_PX = 100;

/** @returns {(text: string) => number} the width of a text in ems */
export function emMeasure() {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) throw new Error("this browser has no 2D canvas");
  context.font = `${WEIGHT} ${MEASURE_PX}px ${FACE}`;
  return (text) => context.measureText(text).width / MEASURE_PX;
}

/**
 * @param {CanvasRenderingContext2D} context scaled to CSS px
 * @param {readonly Placed[]} placed
 * @param {{width: number, height: number}} stage
 */
export function paintBullets(context, placed, stage) {
  context.clearRect(0, 0, stage.width, stage.height);
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (const bullet of placed) {
    const { x, y, fontPx, width } = bullet;
    context.font = `${WEIGHT} ${fontPx}px ${FACE}`;
    context.lineWidth = Math.max(2, fontPx / 8);
    context.strokeStyle = "rgb(4 6 12 / 0.75)";
    context.fillStyle = `#${bullet.color.toString(16).padStart(6, "0")}`;
    const text = bullet.count > 1 ? `${bullet.text} ×${bullet.count}` : bullet.text;
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
    if (!bullet.own) continue;
    const pad = fontPx * 0.3;
    context.lineWidth = 1.5;
    context.strokeStyle = "#8fb0ff";
    context.beginPath();
    context.roundRect(x - pad, y - fontPx * 0.72, width + 2 * pad, fontPx * 1.44, fontPx * 0.35);
    context.stroke();
  }
}
