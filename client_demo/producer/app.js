/** The console's whole page: masthead, gauges, three columns (tabs on a phone), dialogs, keys. */

import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { statusText } from "../words.js";
import { AssistantPanel } from "./assistant/panel.js";
import { draftOf, outcomeOfPoll } from "./assistant/suggestions.js";
import { Cards } from "./cards.js";
import { CrowdPanel } from "./crowd/crowd.js";
import { Cues } from "./cues.js";
import { Effects } from "./effects/effects.js";
import { Gauges } from "./gauges.js";
import { Highlights } from "./highlights/highlights.js";
import { html } from "./html.js";
import { Keys, keyHandler, useKeys } from "./keys.js";
import { Masthead } from "./masthead.js";
import { Protection } from "./moderation/protection.js";
import { Queue } from "./moderation/queue.js";
import { PollForm } from "./polls/form.js";
import { PollList } from "./polls/list.js";
import { Palette } from "./polls/palette.js";
import { Deleted } from "./rooms/deletion.js";
import { Rooms } from "./rooms/rooms.js";
import { RoomSettings } from "./rooms/settings.js";
import { Bar } from "./rundown/bar.js";
import { ItemForm } from "./rundown/item_form.js";
import { RundownList } from "./rundown/list.js";
import { Refused } from "./sign_in.js";
import { Unsent } from "./unsent.js";
import { texts, words } from "./words.js";

/** @import {AssistantDesk, Used} from "./assistant/assistant_desk.js" */
/** @import {Desk} from "./desk.js" */
/** @import {EffectsDesk} from "./effects/effects_desk.js" */
/** @import {ModerationDesk} from "./moderation/moderation_desk.js" */
/** @import {Draft} from "./polls/templates.js" */
/** @import {Item} from "./rundown/edits.js" */
/** @import {Show} from "./rundown/show.js" */
/** @typedef {{goTo: (room: string) => void, leave: () => void, retry: () => void}} Actions */
/** @typedef {"show" | "polls" | "moderation" | "room"} Tab */

const { shared } = texts;

/** @param {{desk: Desk, moderation: ModerationDesk, effects: EffectsDesk, show: Show, assistant: AssistantDesk,
 *   actions: Actions}} props */
export function App({ desk, moderation, effects, show, assistant, actions }) {
  const [, setVersion] = useState(0);
  const [open, setOpen] = useState(/** @type {"" | "palette" | "rooms" | "settings" | "effects" | "keys"} */ (""));
  const [tab, setTab] = useState(/** @type {Tab | undefined} */ (undefined));
  const [draft, setDraft] = useState(/** @type {{draft: Draft, number: number, used?: Used} | undefined} */ (undefined));
  const [item, setItem] = useState(/** @type {{given?: Item} | undefined} */ (undefined));
  const [lettersOn, setLettersOn] = useKeys();
  useEffect(() => desk.subscribe(() => setVersion((version) => version + 1)), [desk]);
  const isProducer = desk.isProducer;
  // Before the next paint, since a key may follow the one that closed a dialog at once.
  useLayoutEffect(() => {
    const isBusy = open !== "" || item !== undefined;
    const handler = keyHandler(moderation, show, { isProducer, lettersOn, isBusy, open: setOpen });
    window.addEventListener("keydown", handler);
    return () => window.removeEventListener("keydown", handler);
  }, [moderation, show, isProducer, lettersOn, open, item]);

  const { status, state } = desk;
  const shut = () => setOpen("");
  const line = html`<${StatusLine} desk=${desk} />`;
  if (desk.isDeleted) return html`<${Deleted} desk=${desk} onGo=${actions.goTo} onLeave=${actions.leave} />`;
  if (status.phase === "ended") return html`<${Ended} desk=${desk} actions=${actions} />`;
  if (!state) return html`<div class="opening">${line}</div>`;
  if (state.viewer.role === "viewer")
    return html`${line}<${Refused} why=${words.viewersToken} onLeave=${actions.leave} />`;

  const shown = tab ?? (isProducer ? "polls" : "moderation");
  const tabs = /** @type {[Tab, string, number][]} */ (
    isProducer
      ? [["show", words.rundown.heading, 0],
         ["polls", words.polls.heading, desk.polls.filter((poll) => poll.status === "open").length],
         ["moderation", words.moderation.heading, moderation.held.length],
         ["room", words.room, 0]]
      : []
  );
  const edit = (/** @type {Draft} */ chosen, /** @type {Used | undefined} */ used = undefined) => {
    setDraft({ draft: chosen, number: (draft?.number ?? 0) + 1, ...(used && { used }) });
    setTab("polls");
    shut();
  };
  const use = (/** @type {Used} */ used) => edit(draftOf(used.suggestion, used.by), used);
  const opened = (/** @type {Draft} */ asked, /** @type {Used | undefined} */ used) => {
    if (used) void assistant.tell(used.id, outcomeOfPoll(asked));
  };
  return html`
    <a class="skip" href="#polls">${words.skip}</a>
    <${Masthead} desk=${desk} effects=${effects} onOpen=${setOpen}>${line}<//>
    ${status.phase === "lost" && html`<p class="away" role="alert" data-test="away">${words.awayBanner}</p>`}
    <${Unsent} desk=${desk} />
    <${Gauges} desk=${desk} moderation=${moderation} />
    ${tabs.length > 0 &&
    html`<nav class="tabs" aria-label=${words.console}>
      ${tabs.map(
        ([name, text, count]) => html`<button
          key=${name}
          aria-current=${shown === name ? "page" : undefined}
          onClick=${() => setTab(name)}
          data-test=${`tab-${name}`}
        >${text}${count > 0 && html` <span class="count">${count}</span>`}</button>`,
      )}
    </nav>`}
    ${isProducer && html`<${Bar} show=${show} shown=${shown === "show"} />`}
    <main class=${isProducer ? "desk" : "desk alone"} data-shown=${shown} data-test="desk">
      ${isProducer &&
      html`<div class="column" id="polls" tabindex="-1">
        <div class="part" data-tab="show" data-empty=${show.items.length === 0}>
          <${RundownList} show=${show} onItem=${(/** @type {Item | undefined} */ given) => setItem(given ? { given } : {})} />
        </div>
        <div class="part" data-tab="polls"><${PollList} desk=${desk} onTemplate=${() => setOpen("palette")} onEdit=${edit} /></div>
      </div>`}
      <div class="column" data-tab="moderation"><${Queue} moderation=${moderation} assistant=${assistant} /></div>
      <div class="column">
        ${isProducer && html`<div data-tab="polls"><${AssistantPanel} assistant=${assistant} onUse=${use} /></div>
          <div data-tab="polls"><${PollForm} desk=${desk} given=${draft} onOpened=${opened} /></div>`}
        <div data-tab=${isProducer ? "room" : "moderation"}><${Protection} desk=${desk} /></div>
        ${isProducer && html`<div data-tab="room"><${CrowdPanel} desk=${desk} /></div>
          <div data-tab="room"><${Cards} desk=${desk} /></div><div data-tab="room"><${Cues} desk=${desk} /></div>
          <div data-tab="room"><${Highlights} desk=${desk} assistant=${assistant} /></div>`}
      </div>
    </main>
    ${item && html`<${ItemForm} show=${show} given=${item.given} onClose=${() => setItem(undefined)} />`}
    ${open === "palette" && isProducer && html`<${Palette} desk=${desk} onClose=${shut} onEdit=${edit} />`}
    ${open === "rooms" && html`<${Rooms} desk=${desk} onClose=${shut} onGo=${actions.goTo} />`}
    ${open === "settings" && isProducer && html`<${RoomSettings} desk=${desk} assistant=${assistant} onClose=${shut} />`}
    ${open === "effects" && isProducer && html`<${Effects} effects=${effects} onClose=${shut} />`}
    ${open === "keys" && html`<${Keys} on=${lettersOn} onSwitch=${setLettersOn} onClose=${shut} />`}
    <div class="spoken" role="status" aria-live="polite" data-test="said">${desk.announcement}</div>
  `;
}

/** @param {{desk: Desk}} props */
function StatusLine({ desk }) {
  return html`<span class="status" role="status" data-test="status" data-phase=${desk.status.phase}
    >${statusText(shared, desk.status, performance.now())}</span
  >`;
}

/** @param {{desk: Desk, actions: Actions}} props */
function Ended({ desk, actions }) {
  const { code = 0, reason = "" } = desk.status;
  const create = async () => {
    const made = await desk.call("PUT", "", {});
    if (made.ok) actions.retry();
    else desk.announce(made.message);
  };
  return html`<${Refused}
    why=${[words.refused[code] ?? words.ended(reason), desk.announcement].filter(Boolean).join(" ")}
    create=${code === 4004 ? desk.room : undefined}
    onCreate=${create}
    onLeave=${actions.leave}
  />`;
}
