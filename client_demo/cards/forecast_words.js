/** The words of forecasts, in English and Chinese, for the pages that show them. */

const en = {
  whoWins: "Who wins?",
  /** Outcomes that have no name of their own. */
  outcomes: /** @type {Record<string, string>} */ ({
    home: "Home",
    draw: "Draw",
    away: "Away",
    bats_first: "Batting first",
    bats_second: "Batting second",
  }),
  /** What moved a forecast, by the model's word for it; "" stands for others. */
  happened: /** @type {Record<string, (name: string, count: string, what: string) => string>} */ ({
    goal: (name) => `Goal: ${name}`,
    wicket: (_, count) => `Wicket (${count})`,
    innings: () => "New innings",
    correction: (name) => (name ? `Correction: ${name}` : "Correction"),
    end: (name) => `Result: ${name}`,
    "": (name, _, what) => (name ? `${what}: ${name}` : what),
  }),
  takenBack: (/** @type {string} */ what) => `${what} (taken back)`,
};

/** @type {typeof en} */
const zh = {
  whoWins: "谁会赢？",
  outcomes: { home: "主队", draw: "平局", away: "客队", bats_first: "先攻方", bats_second: "后攻方" },
  happened: {
    goal: (name) => `进球：${name}`,
    wicket: (_, count) => `出局（${count}）`,
    innings: () => "攻守交换",
    correction: (name) => (name ? `更正：${name}` : "更正"),
    end: (name) => `结果：${name}`,
    "": (name, _, what) => (name ? `${what}：${name}` : what),
  },
  takenBack: (what) => `${what}（已取消）`,
};

export const FORECAST_WORDS = { en, zh };

/**
 * Return what an outcome is called.
 * @param {typeof en} words
 * @param {{label: string, name: string}} outcome
 */
export function outcomeName(words, { label, name }) {
  return name === label ? (words.outcomes[label] ?? label) : name;
}

/**
 * Return what happened, in words.
 * @param {typeof en} words
 * @param {import("./forecast.js").Moment} moment
 */
export function happenedText(words, { what, label, name, value, isVoid }) {
  const say = words.happened[what] ?? words.happened[""];
  const text = say?.(label && outcomeName(words, { label, name }), String(value ?? ""), what) ?? what;
  return isVoid ? words.takenBack(text) : text;
}
