/**
 * Following, as the viewer's page has it: the list, the panel to find somebody, the panel of one entity. It
 * tells the room what to follow, and shows nothing where the room has no entities.
 */

import { viewersOf } from "../../sdk/grandstand.js";
import { waitMs } from "../leaderboard.js";
import { Finder } from "./finder.js";
import { FollowList } from "./list.js";
import { EntitySheet } from "./sheet.js";

/** @import {LiveRoom, roomCalls} from "../../sdk/grandstand.js" */
/** @import {Followed, Follows} from "./follows.js" */

const LOOK_MS = 5 * 60_000; // whether a room without entities has some by now

export class Following {
  #live;
  #calls;
  #follows;
  #onChange;
  #list;
  #finder;
  #sheet;
  /** @type {Set<string>} of the room's entities, as far as they were found */ #kinds = new Set();
  /** @type {Map<string, number>} when to ask whether the room has a kind that a card names */ #askAt = new Map();
  #hasCards = false;
  #lookAt = -Infinity;

  /**
   * @param {LiveRoom} live
   * @param {ReturnType<typeof roomCalls>} calls
   * @param {Follows} follows
   * @param {() => void} onChange is called when others are followed
   */
  constructor(live, calls, follows, onChange) {
    this.#live = live;
    this.#calls = calls;
    this.#follows = follows;
    this.#onChange = onChange;
    const onEntity = (/** @type {Followed} */ one) => this.#sheet.open(one);
    const onToggle = (/** @type {Followed} */ one) => this.#toggle(one);
    this.#sheet = new EntitySheet(calls, follows, onToggle);
    const onFound = (/** @type {Followed[]} */ all) => all.forEach(({ kind }) => this.#kinds.add(kind));
    this.#finder = new Finder(calls, follows, { onEntity, onToggle, onFound });
    this.#finder.dialog.addEventListener("close", () => {
      this.#list.root.scrollIntoView({ block: "nearest" });
      this.#list.focus();
    });
    this.#list = new FollowList(follows, { onFind: () => this.find(), onEntity });
  }

  /** Open the panel to find somebody, where there is somebody. */
  find() {
    if (this.#list.isShown) this.#finder.open();
  }

  /** Whether an entity is of a kind that the room tells of, so that there may be more than its card says. @param {string} entity */
  knows(entity) {
    const kind = kindOf(entity);
    if (this.#kinds.has(kind)) return true;
    if (kind && this.#kinds.size > 0) this.#lookFor(kind);
    return false;
  }

  /** Show what is known of the entity that a card names. @param {string} entity @param {string} name */
  open(entity, name) {
    this.#sheet.open({ entity, name, kind: kindOf(entity) });
  }

  /**
   * Call it regularly.
   * @param {number} playhead
   * @param {boolean} hasCards whether the room shows any
   * @param {HTMLElement} watch
   * @param {HTMLElement} side
   */
  show(playhead, hasCards, watch, side) {
    this.#look(hasCards);
    this.#list.place(watch.classList.contains("full"), watch, side);
    const cards = this.#live.followed();
    this.#list.show(cards, playhead, this.#live.isReplay);
    this.#sheet.show(cards, playhead, this.#live.isReplay);
  }

  /** Ask now and again whether the room has entities, and soon once a feed has begun to show cards. @param {boolean} hasCards */
  #look(hasCards) {
    if (this.#kinds.size > 0) return;
    const now = performance.now();
    if (hasCards && !this.#hasCards) this.#lookAt = Math.min(this.#lookAt, this.#soon(now));
    this.#hasCards = hasCards;
    if (now < this.#lookAt) return;
    this.#lookAt = later(now);
    void this.#ask();
  }

  /** Ask whether the room has a card's kind by now: once for each kind, and now and again. @param {string} kind */
  #lookFor(kind) {
    const now = performance.now();
    const at = this.#askAt.get(kind) ?? this.#soon(now);
    this.#askAt.set(kind, now < at ? at : later(now));
    if (now >= at) void this.#ask();
  }

  /** Not all viewers' pages at once, which see a card at one moment. @param {number} now */
  #soon(now) {
    return now + waitMs(viewersOf(this.#live.state?.gauges), Math.random());
  }

  async #ask() {
    const answer = await this.#calls("GET", "/entities");
    if (!answer.ok || !(answer.body?.entities?.length > 0)) return;
    for (const kind of answer.body.kinds) this.#kinds.add(kind);
    this.#list.hasEntities();
  }

  /** @param {Followed} one */
  #toggle(one) {
    const isFollowed = this.#follows.has(one.entity);
    if (isFollowed) this.#follows.remove(one.entity);
    else if (!this.#follows.add(one)) return false;
    this.#live.follow(this.#follows.topics);
    this.#onChange();
    this.#finder.refresh();
    this.#sheet.refresh();
    return true;
  }
}

/** @param {number} now */
function later(now) {
  return now + LOOK_MS * (0.75 + Math.random() / 2);
}

/** @param {string} entity as "athlete:123" */
function kindOf(entity) {
  return entity.includes(":") ? entity.slice(0, entity.indexOf(":")) : "";
}
