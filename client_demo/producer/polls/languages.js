/** The part of a poll's form that shows it in the room's languages, to be corrected before it goes out. */

import { useRef, useState } from "preact/hooks";
import { directionOf } from "../../languages/languages.js";
import { Fault, input } from "../fields.js";
import { html } from "../html.js";
import { reasonOf } from "../problems.js";
import { languageName, words } from "../words.js";
import { fits, rewritten, suggested } from "./translations.js";

/** @import {Desk} from "../desk.js" */
/** @import {Faults} from "../fields.js" */
/** @import {ByLanguage, Words} from "./translations.js" */

const say = words.polls.languages;
const TEXT_MAX = 500;

/**
 * @param {{desk: Desk, source: string[], translations: ByLanguage, set: (translations: ByLanguage) => void,
 *   faults: Faults}} props `source`: the question and the options
 */
export function PollLanguages(props) {
  const { desk, source, translations, set, faults } = props;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const latest = useRef(props);
  latest.current = props; // an answer takes seconds, and the producer may type meanwhile
  if (!desk.settings.languages?.length) return null;

  const look = async () => {
    setBusy(true);
    const answer = await desk.call("POST", "/translations", { texts: source });
    setBusy(false);
    setProblem(answer.ok ? "" : reasonOf(answer));
    if (!answer.ok) return;
    latest.current.set(suggested(latest.current.translations, source, answer.body.translations));
    desk.announce(say.there);
  };
  return html`<div class="languages">
    <button type="button" class="quiet" disabled=${busy || source.some((text) => text === "")} onClick=${look}
      data-test="poll-languages">${busy ? say.looking : say.look}</button>
    <p class="fault" role="alert" data-test="poll-languages-fault">${problem}</p>
    ${Object.entries(translations).map(
      ([lang, one]) => html`<${Language} key=${lang} lang=${lang} own=${one} isPresent=${fits(one, source)}
        set=${(/** @type {Words} */ next) => set({ ...translations, [lang]: next })} />`,
    )}
    <${Fault} path="translations" faults=${faults} />
  </div>`;
}

/** @param {{lang: string, own: Words, isPresent: boolean, set: (words: Words) => void}} props */
function Language({ lang, own, isPresent, set }) {
  const isMixed = new Set(own.by).size > 1;
  return html`<fieldset disabled=${!isPresent} data-test=${`poll-language-${lang}`}>
    <legend>
      <b>${languageName(lang)}</b>
      ${!isMixed && html` <small data-test=${`poll-by-${lang}`}>${author(own.by[0])}</small>`}
    </legend>
    ${!isPresent && html`<p class="outdated" data-test=${`poll-outdated-${lang}`}>${say.outdated}</p>`}
    ${own.of.map(
      (text, place) => html`<label key=${place} class="translated">
        <span>${text}</span>
        <input lang=${lang} dir=${directionOf(lang)} value=${own.texts[place]} placeholder=${text} maxlength=${TEXT_MAX}
          onInput=${input((next) => set(rewritten(own, place, next)))} data-test=${`poll-text-${lang}-${place}`} />
        ${isMixed && html`<small data-test=${`poll-by-${lang}-${place}`}>${author(own.by[place])}</small>`}
      </label>`,
    )}
  </fieldset>`;
}

/** Who made a text. @param {string} [by] */
const author = (by = "") => say.by[by] ?? say.machine(by);

