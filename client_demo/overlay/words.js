/** The overlay's own words, in English and Chinese. */

import { FORECAST_WORDS } from "../cards/forecast_words.js";

const en = {
  ...FORECAST_WORDS.en,
  viewers: (/** @type {number} */ count, /** @type {string} */ said) => (count === 1 ? "1 watching" : `${said} watching`),
  rate: (/** @type {string} */ said) => `${said} comments/s`,
  excitement: "Excitement",
  stirs: "Everyone is talking",
  voteNow: "Vote now",
  counting: "Counting",
  secret: "Result follows",
  writtenBy: (/** @type {string} */ name) => `Written by ${name}`,
  votes: (/** @type {number} */ count, /** @type {string} */ said) => (count === 1 ? "1 vote" : `${said} votes`),
};

/** @type {typeof en} */
const zh = {
  ...FORECAST_WORDS.zh,
  viewers: (_, said) => `${said} 人在看`,
  rate: (said) => `每秒 ${said} 条评论`,
  excitement: "热度",
  stirs: "全场热议",
  voteNow: "正在投票",
  counting: "正在计票",
  secret: "结果稍后揭晓",
  writtenBy: (name) => `由 ${name} 撰写`,
  votes: (_, said) => `${said} 人投票`,
};

export const WORDS = { en, zh };

/** @param {string} language BCP 47 @returns {typeof en} */
export function wordsFor(language) {
  return language.toLowerCase().startsWith("zh") ? zh : en;
}
