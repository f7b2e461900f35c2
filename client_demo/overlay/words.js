/** What goes on air beside the producers' own words, in English and Chinese. */

const en = {
  viewers: (/** @type {number} */ count, /** @type {string} */ said) => (count === 1 ? "1 watching" : `${said} watching`),
  rate: (/** @type {string} */ said) => `${said} comments/s`,
  excitement: "Excitement",
  kinds: { single: "Poll", multiple: "Poll", quiz: "Quiz" },
  voteNow: "Vote now",
  counting: "Counting",
  result: "Result",
  answer: "Answer",
  draw: "A tie",
  secret: "Result follows",
  nobody: "No votes",
  votes: (/** @type {number} */ count, /** @type {string} */ said) => (count === 1 ? "1 vote" : `${said} votes`),
};

/** @type {typeof en} */
const zh = {
  viewers: (_, said) => `${said} 人在看`,
  rate: (said) => `每秒 ${said} 条评论`,
  excitement: "热度",
  kinds: { single: "投票", multiple: "投票", quiz: "竞答" },
  voteNow: "正在投票",
  counting: "正在计票",
  result: "结果",
  answer: "答案",
  draw: "平局",
  secret: "结果稍后揭晓",
  nobody: "没有投票",
  votes: (_, said) => `${said} 人投票`,
};

export const WORDS = { en, zh };

/** @param {string} language BCP 47 @returns {typeof en} */
export function wordsFor(language) {
  return language.toLowerCase().startsWith("zh") ? zh : en;
}
