/** A draft of an answer to the author of a held comment, by a model, with the rule and the words that decided. */

import { html } from "../html.js";
import { reasonText } from "../moderation/reasons.js";
import { words } from "../words.js";
import { Asking } from "./asking.js";
import { MadeBy } from "./made_by.js";

/** @import {HeldComment} from "../../sdk/grandstand.js" */
/** @import {ModerationDesk} from "../moderation/moderation_desk.js" */
/** @import {AssistantDesk} from "./assistant_desk.js" */
/** @import {RestsOn, Suggested} from "./suggestions.js" */

const say = words.assistant;
const UNKNOWN = "und"; // a language that the server couldn't guess

/** @param {{assistant: AssistantDesk, moderation: ModerationDesk, comment: HeldComment}} props */
export function Appeal({ assistant, moderation, comment }) {
  if (!assistant.isOn("appeal")) return null;
  const { id, lang = UNKNOWN } = comment;
  const body = { comment: id, ...(lang !== UNKNOWN && { lang }) };
  const show = (/** @type {Suggested} */ suggested) => {
    const [{ text } = { text: "" }] = suggested.suggestions;
    const take = () => {
      assistant.use(suggested, { text });
      moderation.takeDraft(id, { text, by: suggested.by, tell: (outcome) => void assistant.tell(suggested.id, outcome) });
    };
    return html`
      ${suggested.rests_on.decision && html`<${Decision} decision=${suggested.rests_on.decision} />`}
      <p dir="auto" data-test="draft">${text}</p>
      <${MadeBy} by=${suggested.by} />
      <button type="button" class="small" onClick=${take} data-test="use-draft">${say.use}</button>`;
  };
  return html`<div class="drafting"><${Asking} assistant=${assistant} feature="appeal" about=${id} body=${body}
    text=${say.draftAnswer} what=${say.answer} isSmall show=${show} /></div>`;
}

/** @param {{decision: NonNullable<RestsOn["decision"]>}} props */
function Decision({ decision: { category, reason, words: deciding } }) {
  const named = category.split(", ").map((each) => words.moderation.categories[each] ?? each);
  return html`<dl class="decision" data-test="decision">
    <dt>${say.decided}</dt><dd>${say.decidedFor(named.join(", "))} · ${reasonText(words.moderation.reasons, reason)}</dd>
    ${deciding.length > 0 && html`<dt>${say.decidingWords}</dt><dd>${deciding.map((each) => html`<b key=${each} class="mark">${each}</b> `)}</dd>`}
  </dl>`;
}
