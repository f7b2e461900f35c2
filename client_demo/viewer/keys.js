/** Single-key shortcuts. They are off while the viewer types, and where the viewer has switched them off. */

const TEXT_FIELDS = "input, textarea, select, [contenteditable]";
const OWN_USE = "button, summary, a, video, input, label";

/**
 * @param {Record<string, () => void>} acts by key
 * @param {() => boolean} wanted
 */
export function listenForKeys(acts, wanted) {
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (!(target instanceof Element) || event.defaultPrevented || event.isComposing) return;
    if (key === "Escape" && target.matches("input") && target instanceof HTMLElement) target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !wanted()) return;
    if (target.closest(TEXT_FIELDS) || target.closest("dialog")) return;
    if (key === " " && target.closest(OWN_USE)) return; // the key presses the focused button
    const act = acts[key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
