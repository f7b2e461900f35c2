/** The console: it asks for a token, then shows the desk of one room. Another room needs no reload. */

import { render } from "preact";
import { setLanguage } from "../page.js";
import { forgetToken, keepToken, keptToken, roomFromQuery, tokenFromFragment } from "../sdk/grandstand.js";
import { App } from "./app.js";
import { AssistantDesk } from "./assistant/assistant_desk.js";
import { Desk } from "./desk.js";
import { EffectsDesk } from "./effects/effects_desk.js";
import { html } from "./html.js";
import { ModerationDesk } from "./moderation/moderation_desk.js";
import { Show } from "./rundown/show.js";
import { SignIn } from "./sign_in.js";
import { language, words } from "./words.js";

const root = document.getElementById("console") ?? document.body;
/** @type {{desk: Desk | undefined}} */ const page = { desk: undefined };
let visits = 0;
/** For the tests. */
Object.assign(window, { grandstand: page });

setLanguage(language);
const given = tokenFromFragment();
if (given !== undefined) keepToken("producer", roomFromQuery(), given);
window.addEventListener("popstate", () => open(roomFromQuery()));
open(roomFromQuery());

/**
 * Show a room, or the sign-in while there is no token for it.
 * @param {string} room
 */
function open(room) {
  page.desk?.close();
  page.desk = undefined;
  document.title = `${words.console} · ${room}`;
  const token = keptToken("producer", room);
  if (token === undefined) return render(html`<${SignIn} key=${room} room=${room} onToken=${enter} />`, root);
  const desk = new Desk({ room, token });
  page.desk = desk;
  const actions = { goTo, leave: () => leave(room), retry: () => open(room) };
  const desks = {
    moderation: new ModerationDesk(desk),
    effects: new EffectsDesk(desk),
    show: new Show(desk),
    assistant: new AssistantDesk(desk),
  };
  render(html`<${App} key=${visits++} desk=${desk} ...${desks} actions=${actions} />`, root);
}

/** @param {string} room @param {string} token */
function enter(room, token) {
  keepToken("producer", room, token);
  goTo(room, token);
}

/** Go to another room with the same token. @param {string} room @param {string} [token] */
function goTo(room, token = page.desk?.token) {
  if (token !== undefined) keepToken("producer", room, token);
  const address = new URL(location.href);
  address.searchParams.set("room", room);
  history.pushState(null, "", address);
  open(room);
}

/** Go back to the sign-in. @param {string} room */
function leave(room) {
  forgetToken("producer", room);
  open(room);
}
