/** A canvas that keeps the size of its box and the sharpness of the screen. */

const MOST_RATIO = 2; // nobody sees more, and each pixel is cleared for each frame

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {{context: CanvasRenderingContext2D, size: {width: number, height: number}, ratio: () => number}}
 *   size in CSS px, kept up to date; ratio: device px per CSS px
 */
export function sharpCanvas(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no 2D canvas");
  const size = { width: 0, height: 0 };
  let ratio = 1;
  const fit = () => {
    const box = canvas.getBoundingClientRect();
    ratio = Math.min(MOST_RATIO, devicePixelRatio || 1);
    size.width = box.width;
    size.height = box.height;
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
  };
  new ResizeObserver(fit).observe(canvas);
  fit();
  return { context, size, ratio: () => ratio };
}
