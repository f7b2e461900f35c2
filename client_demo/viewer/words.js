/** The words of the viewer's page, in English and Chinese, besides those that all pages share. */

import { statusText, wordsFor as sharedFor } from "../words.js";
import { FOLLOW_WORDS } from "./follow/words.js";
import { VIEWER_FORECAST_WORDS } from "./forecast/words.js";

const NO_SUCH_ROOM = 4004;
/** 3:07, or 1:03:07. @param {number} seconds */
export function lengthOf(seconds) {
  const [h, m, s] = partsOf(seconds);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** @param {number} seconds @returns {[hours: number, minutes: number, seconds: number]} */
function partsOf(seconds) {
  const all = Math.max(0, Math.round(seconds));
  return [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
}

/** @param {number} seconds */
function inWords(seconds) {
  const [h, m, s] = partsOf(seconds);
  return [h > 0 ? `${h} h` : "", m > 0 ? `${m} min` : "", s > 0 || h + m === 0 ? `${s} s` : ""].filter(Boolean).join(" ");
}

/** @param {number} seconds */
function inWordsZh(seconds) {
  const [h, m, s] = partsOf(seconds);
  return [h > 0 ? `${h} 小时` : "", m > 0 ? `${m} 分` : "", s > 0 || h + m === 0 ? `${s} 秒` : ""].filter(Boolean).join(" ");
}

const SIGN_IN = "Only viewers who have signed in can watch here. Sign in on the site that brought you here.";
const SIGN_IN_ZH = "登录后才能观看。请从带你来这里的网站登录。";

const en = {
  ...FOLLOW_WORDS.en,
  ...VIEWER_FORECAST_WORDS.en,
  // page
  viewers: (/** @type {number} */ count) => (count === 1 ? "1 viewer" : `${count} viewers`),
  youAre: (/** @type {string} */ name) => `You are ${name}`,
  watching: "You are watching",
  stage: "The picture, with the comments flying over it",
  picture: "The broadcast",
  side: "Polls and comments",
  comments: "Comments",
  quiet: "Nobody has said anything yet",
  back: "Connected again",
  roomEnded: "This room has ended",
  noSuchRoom: "There is no such room",
  roomEndedNote: "This room has ended. Nothing more will come here, and you can close this page.",
  /** What a viewer who may not enter reads, by the server's message. */
  refusals: /** @type {Record<string, {what: string, next: string}>} */ ({
    "a viewer of this device was banned from this room: sign in, or come another day": {
      what: "this device is banned",
      next:
        "A guest was banned from this room on this device. For up to a day it lets no other guest in from here. " +
        "With an account you can come in: sign in on the site that brought you here. Or come again tomorrow. " +
        "If you think it is a mistake, tell the people who run the show: the ban can be undone.",
    },
    "you are banned from this room": {
      what: "you are banned from this room",
      next: "A moderator has banned you from this room. If you think it is a mistake, tell the people who run the show: the ban can be undone.",
    },
    "this room lets no guests in: sign in": {
      what: "this room lets no guests in",
      next: SIGN_IN,
    },
    "guests may not watch in this room: sign in": {
      what: "this room lets no guests in any more",
      next: SIGN_IN,
    },
    "tokens are given out elsewhere: sign in there": {
      what: "this room lets no guests in",
      next: SIGN_IN,
    },
    "the token is for another room": {
      what: "you are signed in for another room",
      next: "The link that you used is for another room. Open this room from the site that brought you here.",
    },
  }),
  // player
  play: "Play",
  pause: "Pause",
  soundOn: "Sound on",
  soundOff: "Sound off",
  fullOn: "Full screen",
  fullOff: "Leave full screen",
  bulletsOn: "Show flying comments",
  bulletsOff: "Hide flying comments",
  liveNow: "Live",
  behind: (/** @type {number} */ seconds) => `${seconds} s behind · Go to live`,
  goLive: (/** @type {number} */ seconds) => `${seconds} s behind live. Go to live`,
  pictureStates: {
    none: "",
    loading: "The picture is coming",
    playing: "",
    paused: "",
    buffering: "Waiting for the picture",
    failed: "The picture cannot be reached. Trying again",
    ended: "The broadcast is over",
  },
  clockNotes: {
    "no-date": "This stream does not say what time it shows. Comments may be off by a few seconds.",
    "date-off": "The stream's clock is off. Comments may be off by a few seconds.",
  },
  seek: "Look back",
  behindLive: (/** @type {number} */ seconds) => `${inWords(seconds)} behind live`,
  ofRecording: (/** @type {number} */ seconds, /** @type {number} */ all) => `${inWords(seconds)} of ${inWords(all)}`,
  chapters: "What the audience stirred at",
  chapter: (/** @type {number} */ strength) => `${strength} times as many comments as usual`,
  stirred: "A lively moment",
  replay: "Replay",
  replayLive: "Go to live",
  replayBegins: "You are watching a replay",
  replayEnds: "You are at live again",
  replayWrite: "Go to live to take part",
  replayVote: "A replay: votes can't be cast any more",
  understood: "All right",
  // pulse
  pulse: "Pulse of the room",
  rate: "Comments / s",
  mood: "Mood",
  excitement: "Excitement",
  percent: (/** @type {number} */ share) => `${Math.round(share * 100)} %`,
  moods: ["Angry", "Tense", "Even", "Good", "Joyful"],
  // composer
  say: "Say something",
  send: "Send",
  looks: "How your comment looks",
  mode: "Where it shows",
  size: "Size",
  colour: "Colour",
  modes: { scroll: "Scroll", top: "Top", bottom: "Bottom" },
  sizes: { small: "Small", normal: "Normal", large: "Large" },
  colours: /** @type {Record<string, string>} */ ({
    "16777215": "White",
    "16765286": "Yellow",
    "16746889": "Coral",
    "8314111": "Sky",
    "9236636": "Green",
  }),
  charactersLeft: (/** @type {number} */ count) =>
    count >= 0 ? `${count} characters left` : `${-count} characters too many`,
  sending: "Sending",
  waiting: "Will be sent when the connection is back",
  accepted: "Sent",
  held: "A moderator will look at it first",
  approved: "Approved by a moderator",
  noticeRejected: "Rejected by a moderator",
  retracted: "Removed by a moderator",
  muted: "You have been muted",
  mutedFor: (/** @type {string} */ time) => `You are muted for ${time} more`,
  restored: "You may comment again",
  waitFor: (/** @type {number} */ seconds) => `Too fast. ${seconds} s more`,
  // polls
  upTo: (/** @type {number} */ count) => `Choose up to ${count}`,
  won: "Won",
  tied: "Tied",
  wins: (/** @type {string} */ what, /** @type {string} */ share, /** @type {number} */ ahead) =>
    `${what} wins: ${share}, ${ahead === 1 ? "1 vote" : `${ahead} votes`} ahead`,
  tie: (/** @type {string[]} */ names, /** @type {number} */ votes) =>
    `A tie: ${names.join(", ")} with ${votes === 1 ? "1 vote" : `${votes} votes`} each`,
  vote: "Vote",
  pollOpened: (/** @type {string} */ question) => `A poll has opened: ${question}`,
  voteChange: "Change my vote",
  voting: "Sending your vote",
  voted: "Your vote counts",
  voteAgain: "Your vote counts. You may change it",
  voteChecks: {
    counted: "Checked: your vote is in the count",
    missing: "The server knows no vote of yours in this poll",
    wrong: "Your vote is not in the count as you cast it. Tell the people who run the show",
    unchecked: "Whether your vote is in the count can't be checked here",
  },
  yours: "Your choice",
  right: "Right answer",
  hiddenTally: "The result stays hidden for now",
  resultFollows: "The result follows at the end of the poll",
  dismiss: "Put away",
  seconds: (/** @type {string} */ count) => `${count} s`,
  // settings
  settings: "Settings",
  close: "Close",
  preferenceBullets: "Flying comments",
  preferenceList: "List of comments",
  preferenceSize: "Text size",
  preferenceSpeed: "Speed",
  preferenceOpacity: "Opacity",
  preferenceArea: "Part of the picture",
  areas: { quarter: "Top quarter", half: "Top half", full: "All of it" },
  preferenceDensity: "How many",
  densities: { few: "Few", normal: "Many", many: "All" },
  preferenceMinWeight: "Only the best",
  weight: (/** @type {number} */ weight) => (weight === 0 ? "All" : `${weight} and up`),
  preferenceKeys: "Single-key shortcuts",
  reset: "Back to the defaults",
  shortcuts: "Keyboard",
  keys: {
    d: "Flying comments on or off",
    m: "Sound on or off",
    " ": "Play or pause",
    l: "Go to live",
    ArrowLeft: "10 seconds back",
    ArrowRight: "10 seconds ahead",
    f: "Full screen",
    c: "Write a comment",
    a: "Find athletes and teams",
    s: "Settings",
    Escape: "Close, or leave the text field",
  },
  space: "Space",
};

/** @type {typeof en} */
const zh = {
  ...FOLLOW_WORDS.zh,
  ...VIEWER_FORECAST_WORDS.zh,
  viewers: (count) => `${count} 人在看`,
  youAre: (name) => `你是 ${name}`,
  watching: "你正在观看",
  stage: "直播画面与弹幕",
  picture: "直播画面",
  side: "投票与评论",
  comments: "评论",
  quiet: "还没有人发言",
  back: "已重新连接",
  roomEnded: "这个房间已结束",
  noSuchRoom: "没有这个房间",
  roomEndedNote: "这个房间已结束，不会再有新内容，可以关闭此页面了。",
  refusals: {
    "a viewer of this device was banned from this room: sign in, or come another day": {
      what: "此设备已被封禁",
      next:
        "这台设备上有一位访客被本房间封禁，因此一天之内不再接受来自这台设备的访客。" +
        "有账号的可以进入：请从带你来这里的网站登录。或者明天再来。如果认为是误封，请联系节目方，封禁可以撤销。",
    },
    "you are banned from this room": {
      what: "你已被禁止进入这个房间",
      next: "管理员把你封禁在这个房间之外。如果认为是误封，请联系节目方，封禁可以撤销。",
    },
    "this room lets no guests in: sign in": {
      what: "这个房间不接受访客",
      next: SIGN_IN_ZH,
    },
    "guests may not watch in this room: sign in": {
      what: "这个房间不再接受访客",
      next: SIGN_IN_ZH,
    },
    "tokens are given out elsewhere: sign in there": {
      what: "这个房间不接受访客",
      next: SIGN_IN_ZH,
    },
    "the token is for another room": {
      what: "你的登录只对另一个房间有效",
      next: "你打开的链接属于另一个房间。请从带你来这里的网站打开这个房间。",
    },
  },
  play: "播放",
  pause: "暂停",
  soundOn: "打开声音",
  soundOff: "静音",
  fullOn: "全屏",
  fullOff: "退出全屏",
  bulletsOn: "显示弹幕",
  bulletsOff: "隐藏弹幕",
  liveNow: "直播",
  behind: (seconds) => `落后 ${seconds} 秒 · 回到直播`,
  goLive: (seconds) => `落后直播 ${seconds} 秒，回到直播`,
  pictureStates: {
    none: "",
    loading: "画面马上就来",
    playing: "",
    paused: "",
    buffering: "正在缓冲",
    failed: "无法获取画面，正在重试",
    ended: "直播已结束",
  },
  clockNotes: {
    "no-date": "该直播流没有时间信息，弹幕可能有几秒偏差。",
    "date-off": "该直播流的时钟不准，弹幕可能有几秒偏差。",
  },
  seek: "回看",
  behindLive: (seconds) => `落后直播 ${inWordsZh(seconds)}`,
  ofRecording: (seconds, all) => `${inWordsZh(seconds)}，共 ${inWordsZh(all)}`,
  chapters: "全场热议的时刻",
  chapter: (strength) => `评论是平时的 ${strength} 倍`,
  stirred: "热闹的一刻",
  replay: "回放",
  replayLive: "回到直播",
  replayBegins: "正在观看回放",
  replayEnds: "已回到直播",
  replayWrite: "回到直播才能参与",
  replayVote: "正在回放，不能再投票",
  understood: "知道了",
  pulse: "现场热度",
  rate: "评论／秒",
  mood: "情绪",
  excitement: "热度",
  percent: (share) => `${Math.round(share * 100)}%`,
  moods: ["愤怒", "紧张", "平静", "愉快", "欢乐"],
  say: "说点什么",
  send: "发送",
  looks: "弹幕样式",
  mode: "显示位置",
  size: "字号",
  colour: "颜色",
  modes: { scroll: "滚动", top: "顶部", bottom: "底部" },
  sizes: { small: "小", normal: "中", large: "大" },
  colours: {
    "16777215": "白色",
    "16765286": "黄色",
    "16746889": "珊瑚色",
    "8314111": "天蓝",
    "9236636": "绿色",
  },
  charactersLeft: (count) => (count >= 0 ? `还可输入 ${count} 字` : `超出 ${-count} 字`),
  sending: "正在发送",
  waiting: "连接恢复后发送",
  accepted: "已发送",
  held: "等待管理员审核",
  approved: "管理员已通过",
  noticeRejected: "管理员未通过",
  retracted: "已被管理员撤回",
  muted: "你已被禁言",
  mutedFor: (time) => `你已被禁言，还剩 ${time}`,
  restored: "你可以继续发言了",
  waitFor: (seconds) => `发送太快，请等 ${seconds} 秒`,
  upTo: (count) => `最多选 ${count} 项`,
  won: "胜出",
  tied: "并列",
  wins: (/** @type {string} */ what, /** @type {string} */ share, /** @type {number} */ ahead) =>
    `${what} 胜出：${share}，领先 ${ahead} 票`,
  tie: (/** @type {string[]} */ names, /** @type {number} */ votes) => `平局：${names.join("、")}，各 ${votes} 票`,
  vote: "投票",
  pollOpened: (question) => `投票开始：${question}`,
  voteChange: "修改投票",
  voting: "正在提交",
  voted: "你的票已计入",
  voteAgain: "你的票已计入，可以修改",
  voteChecks: {
    counted: "已核对：你的票在计票结果中",
    missing: "服务器上没有你在这次投票中的票",
    wrong: "计票结果与你投的票不一致，请告知节目方",
    unchecked: "此处无法核对你的票是否计入",
  },
  yours: "你的选择",
  right: "正确答案",
  hiddenTally: "结果暂不公开",
  resultFollows: "投票结束后显示结果",
  dismiss: "收起",
  seconds: (count) => `${count} 秒`,
  settings: "设置",
  close: "关闭",
  preferenceBullets: "弹幕",
  preferenceList: "评论列表",
  preferenceSize: "字号",
  preferenceSpeed: "速度",
  preferenceOpacity: "不透明度",
  preferenceArea: "显示区域",
  areas: { quarter: "上方四分之一", half: "上半屏", full: "全屏" },
  preferenceDensity: "密度",
  densities: { few: "少量", normal: "较多", many: "全部" },
  preferenceMinWeight: "只看精选",
  weight: (weight) => (weight === 0 ? "全部" : `${weight} 分以上`),
  preferenceKeys: "单键快捷键",
  reset: "恢复默认",
  shortcuts: "键盘",
  keys: {
    d: "显示或隐藏弹幕",
    m: "打开或关闭声音",
    " ": "播放或暂停",
    l: "回到直播",
    ArrowLeft: "后退 10 秒",
    ArrowRight: "前进 10 秒",
    f: "全屏",
    c: "写评论",
    a: "查找选手和队伍",
    s: "设置",
    Escape: "关闭，或离开输入框",
  },
  space: "空格",
};

export const WORDS = { en, zh };

/** @param {string} lang BCP 47 */
export function wordsFor(lang) {
  return { ...sharedFor(lang), ...(lang.toLowerCase().startsWith("zh") ? zh : en) };
}

/**
 * Whether the room that this viewer was in is no more; one that never was is another matter.
 * @param {import("../sdk/connection.js").Status} status
 * @param {boolean} wasIn
 */
export function hasEnded(status, wasIn) {
  return status.phase === "ended" && status.code === NO_SUCH_ROOM && wasIn;
}

/**
 * The state of the connection, for the viewer of a room.
 * @param {ReturnType<typeof wordsFor>} words
 * @param {import("../sdk/connection.js").Status} status
 * @param {boolean} wasIn
 * @param {number} now local ms
 */
export function connectionText(words, status, wasIn, now) {
  if (status.phase === "ended" && status.code === NO_SUCH_ROOM) return wasIn ? words.roomEnded : words.noSuchRoom;
  const refusal = refusalOf(words, status);
  return refusal ? words.ended(refusal.what) : statusText(words, status, now);
}

/**
 * What one can do about the end of the connection, where there is something to say.
 * @param {ReturnType<typeof wordsFor>} words
 * @param {import("../sdk/connection.js").Status} status
 * @param {boolean} wasIn
 * @returns {string | undefined}
 */
export function adviceText(words, status, wasIn) {
  return hasEnded(status, wasIn) ? words.roomEndedNote : refusalOf(words, status)?.next;
}

/** @param {ReturnType<typeof wordsFor>} words @param {import("../sdk/connection.js").Status} status */
function refusalOf(words, status) {
  return status.phase === "ended" ? words.refusals[status.reason ?? ""] : undefined;
}

export const words = wordsFor(globalThis.navigator?.language ?? "en");
