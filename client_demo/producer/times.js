/** Times as a control room reads them. Pure. */

/** 0:12, 1:05, 1:00:00. @param {number} ms */
export function formatDuration(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
}

/** 21:04:37 in this machine's time zone. @param {number} at ms since the epoch */
export function formatTime(at) {
  if (!Number.isFinite(at)) return "--:--:--";
  const day = new Date(at);
  return `${two(day.getHours())}:${two(day.getMinutes())}:${two(day.getSeconds())}`;
}

/** As an input of date and time has it, in this machine's time zone. @param {number | undefined} at ms since the epoch */
export function localTime(at) {
  if (at === undefined) return "";
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** Read what an input of date and time has. @param {string} text @returns {number | undefined} ms since the epoch */
export function fromLocalTime(text) {
  const at = new Date(text).getTime();
  return Number.isFinite(at) ? at : undefined;
}

/** Sort by time: first those to come, the next one first; then the past ones, the newest first. @template {{at: number}} T @param {readonly T[]} all @param {number} now */
export function upcomingFirst(all, now) {
  const ahead = all.filter((one) => one.at > now).sort((a, b) => a.at - b.at);
  const given = all.filter((one) => one.at <= now).sort((a, b) => b.at - a.at);
  return [...ahead, ...given];
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, "0");
}
