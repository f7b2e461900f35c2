/** The words of forecasts on the viewer's page, in English and Chinese. */

import { FORECAST_WORDS } from "../../cards/forecast_words.js";

const en = {
  ...FORECAST_WORDS.en,
  forecasts: "Forecasts",
  aModelSays: "computed by a model",
  madeBy: (/** @type {string} */ model) => `Computed by a model (${model}). It knows no line-ups and no injuries.`,
  howItWent: "How it went, in figures",
  since: (/** @type {string} */ time) => `Since ${time}`,
  wentFrom: (/** @type {string} */ name, /** @type {string} */ from, /** @type {string} */ to) => `${name} from ${from} to ${to}`,
  when: "When",
  happenedThen: "What happened",
};

/** @type {typeof en} */
const zh = {
  ...FORECAST_WORDS.zh,
  forecasts: "预测",
  aModelSays: "由模型计算",
  madeBy: (model) => `由模型计算（${model}），不了解阵容与伤病。`,
  howItWent: "用数字看走势",
  since: (time) => `自 ${time} 起`,
  wentFrom: (name, from, to) => `${name}从 ${from} 到 ${to}`,
  when: "时间",
  happenedThen: "发生了什么",
};

export const VIEWER_FORECAST_WORDS = { en, zh };
