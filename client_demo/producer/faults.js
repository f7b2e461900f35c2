/** Puts a problem where it belongs: beside the field it names, the rest beneath the form. */

import { setText } from "../page.js";

/** @import {Problem} from "../sdk/http.js" */

/** @param {HTMLElement} form whose fields' fault lines carry `data-fault` with the field's path */
export function clearFaults(form) {
  for (const line of form.querySelectorAll("[data-fault]")) setText(line, "");
}

/**
 * @param {HTMLElement} form
 * @param {Problem} problem
 */
export function showFaults(form, problem) {
  clearFaults(form);
  const rest = problem.faults.filter((fault) => !beside(form, fault));
  const words = rest.map((fault) => [fault.path, fault.message].filter(Boolean).join(": "));
  const text = problem.faults.length > 0 ? words.join("; ") : problem.message;
  const line = form.querySelector('[data-fault=""]');
  if (line) setText(line, text);
}

/** @param {HTMLElement} form @param {{path: string, message: string}} fault @returns {boolean} */
function beside(form, fault) {
  // options.2.text belongs beside option 2 if that has a line of its own, else beside the options
  const parts = fault.path.split(".").filter(Boolean);
  for (let length = parts.length; length > 0; length -= 1) {
    const path = parts.slice(0, length).join(".");
    const line = form.querySelector(`[data-fault="${CSS.escape(path)}"]`);
    if (!line) continue;
    setText(line, fault.message);
    return true;
  }
  return false;
}
