/** The words of the highlights' panel, in English and Chinese. */

const en = {
  heading: "Highlights",
  none: "None yet. They come by themselves when the audience stirs.",
  times: (/** @type {string} */ strength) => `×${strength}`,
  stirred: "A lively moment",
  delete: "Delete",
  deleteOf: (/** @type {string} */ title) => `Delete: ${title}`,
  deleteSure: "Delete it for everyone?",
  deleteYes: "Yes, delete",
  deleted: (/** @type {string} */ title) => `The highlight “${title}” is deleted.`,
  clips: "Clips for the edit",
  began: "When the recording began",
  beganHint: "Empty: counted from the beginning of the first clip.",
  handles: "Seconds before and behind",
  least: "Times the usual, at least",
  rate: "Frames a second",
  formats: /** @type {Record<string, string>} */ ({ webvtt: "Chapters (WebVTT)", edl: "Cuts (EDL)", otio: "Timeline (OTIO)" }),
  saved: (/** @type {string} */ name) => `${name} is saved`,
};

/** @type {typeof en} */
const zh = {
  heading: "精彩时刻",
  none: "还没有。观众热议时会自动出现。",
  times: (strength) => `×${strength}`,
  stirred: "热闹的一刻",
  delete: "删除",
  deleteOf: (title) => `删除：${title}`,
  deleteSure: "为所有人删除？",
  deleteYes: "是，删除",
  deleted: (title) => `精彩时刻“${title}”已删除。`,
  clips: "供剪辑的片段",
  began: "录制开始时间",
  beganHint: "留空则从第一个片段的开头算起。",
  handles: "前后各留秒数",
  least: "至少为平时的几倍",
  rate: "每秒帧数",
  formats: { webvtt: "章节（WebVTT）", edl: "剪辑表（EDL）", otio: "时间线（OTIO）" },
  saved: (name) => `已保存 ${name}`,
};

export const HIGHLIGHT_WORDS = { en, zh };
