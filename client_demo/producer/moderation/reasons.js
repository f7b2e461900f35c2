/**
 * Why a comment is held, in the page's language. The server says it in English: `rule` with the name
 * of a rule or a word of its list, `scored` with a probability, or a sentence. A reason that isn't
 * known here is shown as it came.
 */

/** @type {Record<string, string>} by what the server calls it */
const rulesZh = {
  "a call to expose somebody": "煽动人肉搜索",
  "a call to harass somebody": "煽动骚扰他人",
  "a family threatened": "威胁家人",
  "a group belittled": "贬低一群人",
  "a group called vermin": "把一群人称作害虫",
  "a group sent away": "要赶走一群人",
  "a heap of rude words": "大量粗话",
  "a parent's death": "咒人父母死",
  "an insult to somebody": "侮辱他人",
  contact: "联系方式",
  "death to a group": "喊一群人去死",
  "death to a people": "喊一个民族去死",
  "death wished on a group": "咒一群人死",
  "death wished on somebody": "咒人死",
  "driving out a group": "要驱逐一群人",
  extermination: "鼓吹灭绝",
  "few words over and over": "重复少数几个词",
  "harm threatened": "威胁伤害",
  "killing a group": "要杀一群人",
  "killing a people": "要杀一个民族",
  "killing all of a people": "要杀光一个民族",
  link: "链接",
  "one character over and over": "重复同一个字",
  "phone number": "电话号码",
  "praise of genocide": "赞美种族屠杀",
  "sexual harassment": "性骚扰",
  "somebody driven to death": "逼人去死",
  "somebody's address": "他人的住址",
  "somebody's document": "他人的证件",
  "somebody's phone number": "他人的电话号码",
  swearing: "粗口",
  "violence wished on a group": "鼓吹对一群人施暴",
  "women put in their place": "贬低女性",
};

const en = {
  rules: Object.fromEntries(Object.keys(rulesZh).map((name) => [name, name])),
  word: (/** @type {string} */ word) => `the word “${word}”`,
  scored: (/** @type {string} */ probability) => `the model says ${probability}`,
  sentences: /** @type {Record<string, string>} */ ({
    "not scored in time": "the model had no time for it",
    "a new guest, from the address of one who was banned": "a new guest, from the address of one who was banned",
  }),
};

/** @type {typeof en} */
const zh = {
  rules: rulesZh,
  word: (word) => `含有“${word}”`,
  scored: (probability) => `模型评分 ${probability}`,
  sentences: {
    "not scored in time": "模型来不及评分",
    "a new guest, from the address of one who was banned": "新访客，与被封禁者来自同一地址",
  },
};

export const REASONS = { en, zh };

/** @param {typeof en} language @param {string} reason as the server says it */
export function reasonText(language, reason) {
  const [, kind, what = ""] = /^(rule|scored) (.+)$/s.exec(reason) ?? [];
  if (kind === "rule") return language.rules[what] ?? language.word(what);
  if (kind === "scored") return language.scored(what);
  return language.sentences[reason] ?? reason;
}
