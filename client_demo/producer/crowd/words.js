/** The words of what is expected of the audience, in English and Chinese. */

const en = {
  heading: "Expected",
  none: "Nothing is known yet.",
  ahead: (/** @type {number} */ minutes) => `In ${minutes} min`,
  viewers: "Viewers",
  comments: "Comments a minute",
  between: (/** @type {string} */ p10, /** @type {string} */ p90) => `${p10}–${p90}`,
  allRooms: "All rooms",
  missing: (/** @type {number} */ rooms) => `Rooms without a forecast: ${rooms}. The sum lacks them.`,
  hint: "In eight of ten cases it comes between the two smaller numbers.",
  spoken: (/** @type {string} */ now, /** @type {string} */ then) => `Viewers: ${now} now, about ${then} in 15 minutes`,
  house: (/** @type {string} */ here, /** @type {string} */ seats) => `${here} of ${seats} seats are taken`,
  advice: "What to do",
  done: "Done by itself",
  since: (/** @type {string} */ time) => `since ${time}`,
  /** By code. */
  codes: /** @type {Record<string, string>} */ ({
    seats_short: "Seats will be short: add servers",
    house_full: "The house is full: add a server",
    seats_ample: "There are more seats than needed",
    waiting: "Viewers wait to come in",
    rate_raised: "More viewers a second are let in",
    rate_lowered: "Fewer viewers a second are let in",
    room_loaded: "A room was loaded before its viewers come",
  }),
};

/** @type {typeof en} */
const zh = {
  heading: "人数预测",
  none: "暂无数据。",
  ahead: (minutes) => `${minutes} 分钟后`,
  viewers: "观众",
  comments: "每分钟评论",
  between: (p10, p90) => `${p10}–${p90}`,
  allRooms: "所有房间",
  missing: (rooms) => `${rooms} 个房间暂无预测，未计入总数。`,
  hint: "十次中有八次落在两个小号数字之间。",
  spoken: (now, then) => `观众：现在 ${now}，15 分钟后约 ${then}`,
  house: (here, seats) => `${seats} 个席位已用 ${here} 个`,
  advice: "建议",
  done: "自动完成",
  since: (time) => `自 ${time}`,
  codes: {
    seats_short: "席位将不足：请增加服务器",
    house_full: "席位已满：请增加服务器",
    seats_ample: "席位多于所需",
    waiting: "有观众在排队",
    rate_raised: "每秒放入更多观众",
    rate_lowered: "每秒放入更少观众",
    room_loaded: "已在观众到来前载入房间",
  },
};

export const CROWD_WORDS = { en, zh };
