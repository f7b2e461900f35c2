/** The page that asks for a token, and the page that says why a token was refused. */

import { useState } from "preact/hooks";
import { input } from "./fields.js";
import { html } from "./html.js";
import { words } from "./words.js";

/**
 * @param {{room: string, onToken: (room: string, token: string) => void}} props
 */
export function SignIn({ room, onToken }) {
  const [token, setToken] = useState("");
  const [name, setName] = useState(room);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (token.trim() !== "" && name.trim() !== "") onToken(name.trim(), token.trim());
  };
  return html`
    <main class="gate">
      <form class="panel" onSubmit=${submit} data-test="gate" autocomplete="off">
        <p class="eyebrow">Grandstand</p>
        <h1>${words.welcome}</h1>
        <p class="quiet-text">${words.needToken}</p>
        <label class="field"><span>${words.room}</span>
          <input value=${name} onInput=${input(setName)} data-test="gate-room" /></label>
        <label class="field"><span>${words.token}</span>
          <input type="password" value=${token} onInput=${input(setToken)} data-test="gate-token" /></label>
        <button class="primary" data-test="gate-enter">${words.enter}</button>
      </form>
    </main>
  `;
}

/**
 * The page in the desk's place where the server refuses the token.
 * @param {{why: string, create?: string, onCreate?: () => void, onLeave: () => void}} props
 */
export function Refused({ why, create, onCreate, onLeave }) {
  return html`
    <main class="gate">
      <div class="panel" data-test="refused">
        <p class="eyebrow">Grandstand</p>
        <h1>${words.welcome}</h1>
        <p class="fault" role="alert" data-test="refused-why">${why}</p>
        <div class="row">
          ${create !== undefined &&
          html`<button class="primary" onClick=${onCreate} data-test="create-missing">${words.createIt(create)}</button>`}
          <button onClick=${onLeave} data-test="another-token">${words.anotherToken}</button>
        </div>
      </div>
    </main>
  `;
}
