/** What this show has sent to translators, by language, and what that cost. */

import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { language, languageName, words } from "../words.js";

/** @import {Desk} from "../desk.js" */
/** @typedef {{lang: string, characters: number, limit: number, cost: number}} Sent in characters; a limit of 0 is none */

const EVERY_MS = 10_000;
const NUMBER = new Intl.NumberFormat(language, { maximumFractionDigits: 4 });

/** @param {{desk: Desk}} props */
export function TranslationCost({ desk }) {
  const [found, setFound] = useState(/** @type {{languages: Sent[], cost: number} | undefined} */ (undefined));
  useEffect(() => {
    const fetchIt = async () => {
      const answer = await desk.call("GET", "/translation");
      if (answer.ok) setFound(answer.body);
    };
    void fetchIt();
    const timer = setInterval(fetchIt, EVERY_MS);
    return () => clearInterval(timer);
  }, [desk]);
  if (!found || (found.languages.length === 0 && !desk.settings.languages?.length)) return null;
  const say = words.rooms.translated;
  return html`<section class="ending" aria-label=${say.heading} data-test="translation-cost">
    <h3>${say.heading}</h3>
    ${found.languages.length === 0 && html`<p class="quiet-text">${say.nothing}</p>`}
    <ul class="number">
      ${found.languages.map((each) => html`<li key=${each.lang} data-test=${`sent-${each.lang}`}>${languageName(each.lang)}: ${sentIn(each)}</li>`)}
    </ul>
    ${found.cost > 0 && html`<p class="number" data-test="translation-sum">${words.assistant.cost(NUMBER.format(found.cost))}</p>`}
  </section>`;
}

/** @param {Sent} sent */
function sentIn({ characters, limit, cost }) {
  const say = words.rooms.translated;
  const spent = NUMBER.format(characters);
  const text = limit > 0 ? say.of(spent, NUMBER.format(limit)) : say.characters(spent);
  const isOver = limit > 0 && characters >= limit;
  return [text, ...(cost > 0 ? [words.assistant.cost(NUMBER.format(cost))] : []), ...(isOver ? [say.usedUp] : [])].join(" · ");
}
