/** How a language writes counts, times and shares: what `Intl` knows of it. Pure. */

/** @typedef {Partial<Record<Intl.LDMLPluralRule, string>> & {other: string}} Plurals a text for each form of a count, which stands where `#` is */

/**
 * @param {string} lang BCP 47
 */
export function formsOf(lang) {
  const numbers = new Intl.NumberFormat(lang, { useGrouping: "min2" });
  const decimals = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const shares = new Intl.NumberFormat(lang, { style: "percent" });
  const lists = new Intl.ListFormat(lang, { type: "conjunction", style: "narrow" });
  const rules = new Intl.PluralRules(lang);
  const seconds = unit(lang, "second");
  const minutes = unit(lang, "minute");
  const hours = unit(lang, "hour");

  return {
    number: (/** @type {number} */ value) => numbers.format(value),
    /** A mean, with one decimal. */
    decimal: (/** @type {number} */ value) => decimals.format(value),
    /** A share from 0 to 1. */
    percent: (/** @type {number} */ share) => shares.format(share),
    /** Names, with what stands between them. */
    list: (/** @type {readonly string[]} */ names) => lists.format(names),
    seconds,
    minutes,
    hours,
    /** 3787 s as 1 h, 3 min and 7 s. */
    length: (/** @type {number} */ all) => {
      const [h, m, s] = partsOf(all);
      return [h > 0 && hours(h), m > 0 && minutes(m), (s > 0 || h + m === 0) && seconds(s)].filter(Boolean).join(" ");
    },
    /**
     * What says a count of things; the count may be written in another way than usual.
     * @param {Plurals} plurals
     * @returns {(count: number, written?: string) => string}
     */
    count:
      (plurals) =>
      (count, written = numbers.format(count)) =>
        (plurals[rules.select(count)] ?? plurals.other).replace("#", () => written),
  };
}

/** @param {string} lang @param {string} name */
function unit(lang, name) {
  const formatWith = (/** @type {number} */ decimals) =>
    new Intl.NumberFormat(lang, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  const whole = formatWith(0);
  return (/** @type {number} */ value, decimals = 0) => (decimals === 0 ? whole : formatWith(decimals)).format(value);
}

/** @param {number} seconds @returns {[hours: number, minutes: number, seconds: number]} */
export function partsOf(seconds) {
  const all = Math.max(0, Math.round(seconds));
  return [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
}
