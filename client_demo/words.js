/** The words that all pages share, in English and Chinese; each page has its own words in its folder. */

/** The category, which the contract puts last in a rejection's message. @param {string} message */
const category = (message) => message.slice(message.lastIndexOf(": ") + 1).trim();

/** @type {Record<string, string>} */
const categoriesZh = {
  insult: "侮辱",
  hate: "仇恨",
  sexual: "色情",
  threat: "威胁",
  spam: "垃圾信息",
  moderation: "未通过审核",
};

const en = {
  staff: { moderator: "Moderator", producer: "Producer" },
  // connection
  connecting: "Connecting",
  live: "Connected",
  lost: "Connection lost, trying again",
  lostFor: (/** @type {number} */ seconds) => `Connection lost, trying again in ${seconds} s`,
  ended: (/** @type {string} */ reason) => `Ended: ${reason}`,
  closeReasons: /** @type {Record<number, string>} */ ({
    1007: "a message was not valid text",
    1009: "a message was too big",
    3000: "the token is not valid",
    3003: "this room does not let you in",
    3009: "too many connections of this viewer",
    3503: "you are banned from this room",
    4000: "the page and the server do not understand each other",
    4004: "there is no such room",
  }),
  // errors a viewer's message can meet
  errors: /** @type {Record<string, (seconds: number, detail: string) => string>} */ ({
    bad_message: (_, detail) => `Not sent: ${detail || "the message was not understood"}`,
    bad_time: () => "Too late: that moment of the broadcast has passed",
    unauthorized: () => "You are only watching here",
    forbidden: () => "You may not do this in this room",
    unknown_poll: () => "This poll does not exist any more",
    poll_not_open: () => "Voting is not open",
    already_voted: () => "You have voted already",
    bad_choice: () => "That choice is not possible",
    too_long: () => "Too long",
    rejected: (_, detail) => `Not shown: ${category(detail)}`,
    rate_limited: (seconds) => `Too fast. Try again in ${seconds} s`,
    muted: (seconds) => (seconds ? `You are muted for ${seconds} s more` : "You are muted"),
    shielded: () => "Only moderators may comment right now",
    overloaded: (seconds) =>
      seconds < 10 ? "Very busy. Trying again automatically" : `Not sent: too many are writing. Try again in ${seconds} s`,
    unavailable: () => "Not available for a moment. Trying again automatically",
  }),
  otherError: (/** @type {string} */ detail) => `Not sent: ${detail}`,
  // polls
  pollStates: {
    waiting: "Not open yet",
    open: "Open",
    counting: "Counting",
    closed: "Closed",
    revealed: "Result",
    cancelled: "Cancelled",
  },
  secondsLeft: (/** @type {number} */ seconds) => `${seconds} s left`,
  voters: (/** @type {number} */ count) => (count === 1 ? "1 vote cast" : `${count} votes cast`),
};

/** @type {typeof en} */
const zh = {
  staff: { moderator: "房管", producer: "导播" },
  connecting: "正在连接",
  live: "已连接",
  lost: "连接中断，正在重试",
  lostFor: (seconds) => `连接中断，${seconds} 秒后重试`,
  ended: (reason) => `已结束：${reason}`,
  closeReasons: {
    1007: "消息不是有效的文本",
    1009: "消息过大",
    3000: "令牌无效",
    3003: "你不能进入这个房间",
    3009: "同一观众的连接过多",
    3503: "你已被禁止进入这个房间",
    4000: "页面与服务器的协议不一致",
    4004: "没有这个房间",
  },
  errors: {
    bad_message: (_, detail) => `未发送：${detail || "消息无法识别"}`,
    bad_time: () => "太晚了：直播的那一刻已经过去",
    unauthorized: () => "你在这里只能观看",
    forbidden: () => "你在这个房间没有这项权限",
    unknown_poll: () => "这个投票已不存在",
    poll_not_open: () => "现在不能投票",
    already_voted: () => "你已经投过票了",
    bad_choice: () => "不能这样选择",
    too_long: () => "太长了",
    rejected: (_, detail) => `未显示：${categoriesZh[category(detail)] ?? category(detail)}`,
    rate_limited: (seconds) => `发送太快，请 ${seconds} 秒后再试`,
    muted: (seconds) => (seconds ? `你已被禁言，还剩 ${seconds} 秒` : "你已被禁言"),
    shielded: () => "现在只有管理员可以发言",
    overloaded: (seconds) => (seconds < 10 ? "人太多了，稍后自动重试" : `未发送：发言的人太多，请 ${seconds} 秒后再试`),
    unavailable: () => "暂时不可用，稍后自动重试",
  },
  otherError: (detail) => `未发送：${detail}`,
  pollStates: {
    waiting: "尚未开始",
    open: "进行中",
    counting: "正在计票",
    closed: "已结束",
    revealed: "结果",
    cancelled: "已取消",
  },
  secondsLeft: (seconds) => `还剩 ${seconds} 秒`,
  voters: (count) => `${count} 人已投票`,
};

export const WORDS = { en, zh };

/** @param {string} lang BCP 47 @returns {typeof en} */
export function wordsFor(lang) {
  return lang.toLowerCase().startsWith("zh") ? zh : en;
}

/**
 * Say to the author of a message what went wrong.
 * @param {typeof en} words
 * @param {{code: string, message: string, retry_after?: number}} error
 */
export function errorText(words, error) {
  const text = words.errors[error.code] ?? ((_, detail) => words.otherError(detail));
  return text(Math.ceil(error.retry_after ?? 0), error.message);
}

/**
 * Say the state of a connection.
 * @param {typeof en} words
 * @param {import("./sdk/connection.js").Status} status
 * @param {number} now local ms
 */
export function statusText(words, status, now) {
  if (status.phase === "ended")
    return words.ended(words.closeReasons[status.code ?? 0] ?? status.reason ?? "");
  if (status.phase !== "lost") return words[status.phase];
  const seconds = Math.ceil(((status.retryAt ?? now) - now) / 1000);
  return seconds > 0 ? words.lostFor(seconds) : words.lost;
}
