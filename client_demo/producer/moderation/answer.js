/** What a moderator says to the author of a held comment, beside the decision: in words of their own, or a model's. */

import { MadeBy } from "../assistant/made_by.js";
import { input } from "../fields.js";
import { html } from "../html.js";
import { words } from "../words.js";

/** @import {HeldComment} from "../../sdk/grandstand.js" */
/** @import {ModerationDesk} from "./moderation_desk.js" */

const MOST = 500;

/** @param {{moderation: ModerationDesk, comment: HeldComment}} props */
export function Answer({ moderation, comment: { id } }) {
  const { text, by } = moderation.answerTo(id);
  return html`<label class="field answering"><span>${words.moderation.answer}</span>
      <textarea class="answer" rows="3" maxlength=${MOST} value=${text}
        onInput=${input((typed) => moderation.setAnswer(id, typed))} data-test="answer"></textarea>
      <small>${words.moderation.answerHint}</small></label>
    ${by !== undefined && html`<${MadeBy} by=${by} />`}`;
}
