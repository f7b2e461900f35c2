/** Counts in English, with the noun in the plural where there are more than one. Pure. */

/** @param {number} count @param {string} noun */
export const many = (count, noun) => (count === 1 ? `1 ${noun}` : `${count} ${noun}s`);
