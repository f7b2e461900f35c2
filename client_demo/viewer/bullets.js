/**
 * Paints the bullets on their own canvas. Each has a sprite that is drawn once: to stroke text is
 * expensive, to copy it to a whole pixel is cheap (see docs/decisions.md). lanes.js decides where they are.
 */

import { withCount } from "./lanes.js";

/** @import {Placed} from "./lanes.js" */

const FACE = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const WEIGHT = 600;
const MEASURE_PX = 100;
const PAD_EM = 0.45; // around the text: its outline, and the frame of the viewer's own
const LINE_EM = 1.5;
const MOST_SPRITE_PX = 4_096; // what every browser's canvas can be wide
const RTL = /^[^\p{L}]*[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;

/** @returns {(text: string) => number} the width of a text in ems */
export function emMeasurer() {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) throw new Error("this browser has no 2D canvas");
  context.font = `${WEIGHT} ${MEASURE_PX}px ${FACE}`;
  return (text) => context.measureText(text).width / MEASURE_PX;
}

/** @typedef {{canvas: HTMLCanvasElement, ratio: number, pad: number, used: number}} Sprite */

export class BulletPainter {
  /** @type {Map<string, Sprite>} only of what flies: nothing is kept for later */ #sprites = new Map();
  #pictures = 0;
  #empty = true;

  /** How many sprites are kept. */
  get spriteCount() {
    return this.#sprites.size;
  }

  /**
   * @param {CanvasRenderingContext2D} context in device px
   * @param {readonly Placed[]} placed
   * @param {number} ratio device px per CSS px
   */
  paint(context, placed, ratio) {
    if (this.#empty && placed.length === 0) return;
    this.#empty = placed.length === 0;
    this.#pictures += 1;
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    for (const bullet of placed) {
      const sprite = this.#sprite(bullet, ratio);
      const scale = ratio / sprite.ratio;
      const { width, height } = sprite.canvas;
      const x = Math.round((bullet.x - sprite.pad) * ratio);
      const y = Math.round(bullet.y * ratio - (height * scale) / 2);
      if (scale === 1) context.drawImage(sprite.canvas, x, y);
      else context.drawImage(sprite.canvas, x, y, width * scale, height * scale);
    }
    for (const [key, sprite] of this.#sprites)
      if (sprite.used !== this.#pictures) this.#sprites.delete(key);
  }

  /** @param {Placed} bullet @param {number} ratio @returns {Sprite} */
  #sprite(bullet, ratio) {
    const { text, count, own, staff, color, fontPx } = bullet;
    const key = `${fontPx} ${ratio} ${color} ${own} ${staff} ${count} ${text}`;
    const sprite = this.#sprites.get(key) ?? draw(bullet, ratio);
    sprite.used = this.#pictures;
    this.#sprites.set(key, sprite);
    return sprite;
  }
}

/** @param {Placed} bullet @param {number} wanted ratio @returns {Sprite} */
function draw({ text, count, own, staff, color, width, fontPx }, wanted) {
  const pad = fontPx * PAD_EM;
  const ratio = Math.min(wanted, MOST_SPRITE_PX / (width + 2 * pad));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((width + 2 * pad) * ratio);
  canvas.height = Math.ceil(fontPx * LINE_EM * ratio);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no 2D canvas");
  context.scale(ratio, ratio);
  context.font = `${WEIGHT} ${fontPx}px ${FACE}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.direction = RTL.test(text) ? "rtl" : "ltr";
  context.lineJoin = "round";
  const middle = (fontPx * LINE_EM) / 2;
  const shown = withCount(text, count);
  if (staff) {
    // A plate behind what staff say; no text and no colour of a viewer can imitate it.
    context.fillStyle = "rgb(31 79 196 / 0.9)";
    context.beginPath();
    context.roundRect(0, 0, width + 2 * pad, fontPx * LINE_EM, fontPx * 0.4);
    context.fill();
  }
  context.lineWidth = Math.max(2, fontPx / 7);
  context.strokeStyle = "rgb(4 6 12 / 0.8)";
  context.strokeText(shown, pad, middle);
  context.fillStyle = `#${color.toString(16).padStart(6, "0")}`;
  context.fillText(shown, pad, middle);
  if (own) {
    context.lineWidth = Math.max(1.5, fontPx / 16);
    context.strokeStyle = "#8fb0ff";
    context.beginPath();
    const inset = context.lineWidth;
    context.roundRect(inset, inset, width + 2 * pad - 2 * inset, fontPx * LINE_EM - 2 * inset, fontPx * 0.4);
    context.stroke();
  }
  return { canvas, ratio, pad, used: 0 };
}
