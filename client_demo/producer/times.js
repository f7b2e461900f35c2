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
