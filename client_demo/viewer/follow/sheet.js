/** The panel with one entity's present values, each with its unit, place, best, and age when old. */

import { element, make, setText } from "../../page.js";
import { language } from "../language.js";
import { words } from "../words.js";
import { FollowToggle } from "./toggle.js";
import { timeText, valuesAt } from "./values.js";

/** @import {Overlay, roomCalls} from "../../sdk/grandstand.js" */
/** @import {Followed, Follows} from "./follows.js" */
/** @import {ValueText} from "./values.js" */

const ASK_MS = 5_000;

export class EntitySheet {
  #calls;
  #follows;
  #onToggle;
  /** @type {{one: Followed, toggle: FollowToggle, said?: any} | undefined} */ #shown;
  #askAt = Infinity;

  /**
   * @param {ReturnType<typeof roomCalls>} calls
   * @param {Follows} follows
   * @param {(one: Followed) => boolean} onToggle returns false if no more can be followed
   */
  constructor(calls, follows, onToggle) {
    this.#calls = calls;
    this.#follows = follows;
    this.#onToggle = onToggle;
    this.dialog = element("entity", HTMLDialogElement);
    this.name = element("entity-name", HTMLElement);
    this.about = element("entity-about", HTMLElement);
    this.values = element("entity-values", HTMLDListElement);
    this.state = element("entity-state", HTMLElement);
    this.head = element("entity-head", HTMLElement);
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    element("entity-close", HTMLElement).addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => {
      this.#shown = undefined;
    });
  }

  /** @param {Followed} one */
  open(one) {
    const toggle = new FollowToggle(one, this.#follows, () => {
      if (!this.#onToggle(one)) setText(this.state, words.followFull);
    });
    this.#shown?.toggle.root.remove();
    this.#shown = { one, toggle };
    this.head.append(toggle.root);
    this.values.replaceChildren();
    setText(this.name, one.name);
    setText(this.state, "");
    this.#say(one.kind, 0);
    if (!this.dialog.open) this.dialog.showModal();
    this.#askAt = -Infinity;
  }

  /** Somebody is followed, or isn't any more. */
  refresh() {
    this.#shown?.toggle.show();
  }

  /**
   * Call it regularly. Of one whom the viewer follows the card knows more of the moment than the server, which tells of
   * now alone.
   * @param {readonly Overlay[]} cards of followed entities at the playhead
   * @param {number} playhead
   * @param {boolean} isReplay which may be hours behind
   */
  show(cards, playhead, isReplay) {
    if (!this.#shown) return;
    const now = performance.now();
    if (now >= this.#askAt) {
      this.#askAt = now + ASK_MS;
      void this.#ask(this.#shown.one);
    }
    const { one, said } = this.#shown;
    const card = cards.find(({ kind, topic }) => kind === "stats" && topic === one.entity)?.data;
    this.#fill(valuesAt(card ?? said, said?.changes, playhead, language), isReplay);
  }

  /** @param {Followed} one */
  async #ask(one) {
    const answer = await this.#calls("GET", `/entities/${encodeURIComponent(one.entity)}`);
    if (this.#shown?.one !== one) return;
    if (!answer.ok) {
      if (!this.#shown.said) setText(this.state, answer.status === 404 ? words.unknownEntity : words.findFailed);
      return;
    }
    this.#shown.said = answer.body;
    setText(this.name, answer.body.name);
    setText(this.state, "");
    this.#say(answer.body.kind, answer.body.followers);
  }

  /** @param {string} kind @param {number} followers */
  #say(kind, followers) {
    setText(this.about, [words.kindsOfEntities[kind] ?? kind, followers > 0 ? words.followers(followers) : ""].filter(Boolean).join(" · "));
  }

  /** @param {ValueText[]} values @param {boolean} isReplay */
  #fill(values, isReplay) {
    while (this.values.children.length > values.length) this.values.lastElementChild?.remove();
    values.forEach((value, place) => {
      const row = this.values.children[place] ?? this.values.appendChild(rowOf());
      const [label, text, about] = row.querySelectorAll("dt, dd");
      if (label && text && about) {
        setText(label, value.label);
        setText(text, value.text || "–");
        setText(about, aboutOf(value, isReplay));
      }
    });
  }
}

function rowOf() {
  const parts = [make("dt"), make("dd", { class: "entity-text" }), make("dd", { class: "entity-more" })];
  return make("div", { test: "entity-value" }, parts);
}

/** @param {ValueText} value @param {boolean} isReplay */
function aboutOf({ rank, best, ageMs, isSoon, text }, isReplay) {
  const ahead = isReplay ? words.noneInReplay : words.soon;
  const parts = [
    rank === undefined ? "" : words.rank(rank),
    best === undefined ? "" : words.best(best),
    ageMs === undefined ? "" : words.ago(timeText(ageMs, words)),
    isSoon && text === "" ? ahead : "",
  ];
  return parts.filter(Boolean).join(" · ");
}
