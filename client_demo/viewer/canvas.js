/** Canvases that keep the size of their box and the sharpness of the screen. */

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {{context: CanvasRenderingContext2D, size: () => {width: number, height: number}}}
 *   the context is scaled to CSS px; size is read anew for every picture
 */
export function sharpCanvas(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no 2D canvas");
  const size = { width: 0, height: 0 };
  const fit = () => {
    const box = canvas.getBoundingClientRect();
    const ratio = Math.min(2, devicePixelRatio || 1);
    size.width = box.width;
    size.height = box.height;
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  };
  new ResizeObserver(fit).observe(canvas);
  fit();
  return { context, size: () => size };
}
