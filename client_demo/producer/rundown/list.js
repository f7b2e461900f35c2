/** The run-down in show order: moved by drag and by keys, edited, sent out of order. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { phaseOf } from "../../sdk/grandstand.js";
import { html } from "../html.js";
import { formatTime } from "../times.js";
import { words } from "../words.js";
import { moveBy } from "./edits.js";

/** @import {RefObject} from "preact" */
/** @import {Poll} from "../../sdk/grandstand.js" */
/** @import {Item, Move} from "./edits.js" */
/** @import {Show} from "./show.js" */
/** @typedef {{id: string, before: string | undefined}} Drag where the item would go */
/**
 * What rows call.
 * @typedef {{list: RefObject<HTMLOListElement | null>, drag: Drag | undefined, setDrag: (drag: Drag | undefined) => void,
 *   onKeyDown: (event: KeyboardEvent, item: Item) => void, onDrop: (item: Item) => void,
 *   onItem: (item: Item | undefined) => void}} Acts
 */

/** @type {Record<string, number>} */ const STEPS = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };
const EDGE_PX = 36;
const say = words.rundown;

/** @param {{show: Show, onItem: (item: Item | undefined) => void}} props `onItem`: edit it, or a new one */
export function RundownList({ show, onItem }) {
  const list = useRef(/** @type {HTMLOListElement | null} */ (null));
  const acts = useRef(/** @type {Acts | null} */ (null));
  const moved = useRef(/** @type {string | undefined} */ (undefined));
  const made = useRef(/** @type {Map<string, {seen: unknown[], row: unknown}>} */ (new Map()));
  const [drag, setDrag] = useState(/** @type {Drag | undefined} */ (undefined));
  const [asking, setAsking] = useState(false);
  const { items, present, removed } = show;
  const now = show.desk.live.now();
  const move = (/** @type {Item} */ item, /** @type {Move | undefined} */ edit) => {
    if (edit) void show.edit(say.moveOf(item.title), edit);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event, /** @type {Item} */ item) => {
    const by = STEPS[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // else it also chooses a comment
    const edit = moveBy(show.items, item.id, by); // not those painted last: keys come faster
    move(item, edit);
    if (!edit) return;
    const place = show.items.findIndex(({ id }) => id === item.id) + 1;
    show.desk.announce(say.movedTo(item.title, place, items.length));
    moved.current = item.id;
  };
  const onDrop = (/** @type {Item} */ item) => {
    if (drag && drag.before !== item.id && drag.before !== following(items, item.id))
      move(item, { does: "move", id: item.id, ...(drag.before !== undefined && { before: drag.before }) });
    setDrag(undefined);
  };
  // The page is painted four times a second, and there may be a thousand rows: each is made anew only
  // for what it shows. What it calls is read from `acts` when it is called.
  acts.current = { list, drag, setDrag, onKeyDown, onDrop, onItem };
  const phases = new Map(show.desk.polls.map((poll) => [poll.id, phaseOfPoll(poll, now)]));
  const rows = items.map((item, index) => {
    const phase = phases.get(item.poll ?? "") ?? "";
    const place = `${drag?.id === item.id ? "dragged" : ""} ${drag?.before === item.id ? "drop" : ""}`;
    const seen = [item, index, items.length, item.id === present?.next, phase, place];
    const before = made.current.get(item.id);
    if (before?.seen.every((value, at) => value === seen[at])) return before.row;
    const row = html`<${Row} key=${item.id} show=${show} item=${item} place=${index + 1} of=${items.length} isNext=${seen[3]}
      phase=${phase} isDragged=${drag?.id === item.id} isDrop=${drag?.before === item.id} acts=${acts} />`;
    made.current.set(item.id, { seen, row });
    return row;
  });
  // To move a row takes its focus; the next key may follow at once.
  useLayoutEffect(() => {
    const id = moved.current;
    moved.current = undefined;
    if (id !== undefined && document.activeElement === document.body) handleOf(list.current, id)?.focus();
  });
  useLayoutEffect(() => {
    const there = list.current;
    if (there && !there.contains(document.activeElement)) there.querySelector("[data-next=true]")?.scrollIntoView({ block: "nearest" });
  }, [present?.next]);
  return html`
    <section class="panel fill rundown" aria-label=${say.heading} data-test="rundown">
      <header>
        <h2>${say.heading}</h2>
        ${show.others && html`<span class="others quiet-text" data-test="rundown-others">${show.others}</span>`}
        <div class="row">
          ${items.some(({ status }) => status !== "waiting") && (asking
            ? html`<span class="asking row">${say.resetSure}
                <button class="small danger" onClick=${() => { setAsking(false); void show.reset(); }} data-test="reset-yes">${say.resetYes}</button>
                <button class="small" onClick=${() => setAsking(false)}>${words.no}</button></span>`
            : html`<button class="small" onClick=${() => setAsking(true)} data-test="reset">${say.reset}</button>`)}
          <button class="small" onClick=${() => onItem(undefined)} data-test="item-add">+ ${say.add}</button>
        </div>
      </header>
      ${removed && html`<p class="row" data-test="removed">${say.removed(removed.item.title)}
        <button class="small" onClick=${() => void show.undoRemove()} data-test="undo-remove">${words.undo}</button></p>`}
      ${items.length === 0 && html`<p class="quiet-text empty">${say.empty}</p>`}
      ${items.length > 0 && html`<ol class="scroll items" ref=${list} tabindex="0" aria-label=${say.heading}
        data-end=${drag !== undefined && drag.before === undefined} data-test="rundown-list">${rows}</ol>`}
    </section>
  `;
}

/**
 * @param {{show: Show, item: Item, place: number, of: number, isNext: boolean, phase: string, isDragged: boolean,
 *   isDrop: boolean, acts: RefObject<Acts | null>}} props
 */
function Row({ show, item, place, of, isNext, phase, isDragged, isDrop, acts }) {
  const state = item.status === "on_air" ? words.onAir : isNext ? say.next : item.status === "done" ? say.done : "";
  const grab = (/** @type {PointerEvent} */ event) => {
    const handle = /** @type {HTMLElement} */ (event.currentTarget);
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    event.preventDefault();
  };
  const pull = (/** @type {PointerEvent} */ event) => {
    const handle = /** @type {HTMLElement} */ (event.currentTarget);
    const { list, drag, setDrag } = acts.current ?? {};
    if (!handle.hasPointerCapture(event.pointerId) || !list?.current) return;
    const { top, bottom } = list.current.getBoundingClientRect();
    if (event.clientY < top + EDGE_PX) list.current.scrollTop -= EDGE_PX / 4;
    if (event.clientY > bottom - EDGE_PX) list.current.scrollTop += EDGE_PX / 4;
    const before = rowBelow(list.current, event.clientY);
    if (drag?.id !== item.id || drag.before !== before) setDrag?.({ id: item.id, before });
  };
  return html`
    <li class="item" data-test="item" data-item=${item.id} data-kind=${item.kind} data-status=${item.status ?? "waiting"}
      data-next=${isNext} data-dragged=${isDragged} data-drop=${isDrop}
      aria-current=${item.status === "on_air" ? "step" : undefined}>
      <button class="handle quiet" aria-label=${say.move(item.title, place, of)} title=${say.moveHow}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => acts.current?.onKeyDown(event, item)}
        onPointerDown=${grab} onPointerMove=${pull} onPointerUp=${() => acts.current?.onDrop(item)}
        onPointerCancel=${() => acts.current?.setDrag(undefined)}
        data-test="item-handle">⠿</button>
      <span class="item-state"><b data-test="item-state">${state}</b> <span class="quiet-text">${say.kinds[item.kind]}</span></span>
      <span class="item-title">${item.title}${typeof item.body === "string" && item.body !== item.title
        && html`<span class="quiet-text item-text">${item.body}</span>`}</span>
      <span class="number quiet-text item-at">${item.expected_at === undefined ? "" : formatTime(item.expected_at)}
        ${phase && html`<b class="item-phase" data-test="item-phase">${phase}</b>`}</span>
      <span class="item-acts">
        ${(item.status ?? "waiting") === "waiting" && html`<button class="small" onClick=${() => void show.go(item)}
          aria-label=${say.goOf(item.title)} data-test="item-go">${say.go}</button>`}
        <button class="small quiet" onClick=${() => acts.current?.onItem(item)} aria-label=${say.editOf(item.title)} data-test="item-edit">✎</button>
        <button class="small quiet" onClick=${() => void show.remove(item)} aria-label=${say.removeOf(item.title)} data-test="item-remove">×</button>
      </span>
    </li>
  `;
}

/** What an item's poll does while it still does something. @param {Poll} poll @param {number} now */
function phaseOfPoll(poll, now) {
  const phase = phaseOf(poll, now);
  return phase === "open" ? say.voting : phase === "counting" ? words.polls.states.counting : "";
}

/** The item before which one would land that is let go at `y`; undefined: at the end. @param {HTMLElement} list @param {number} y */
function rowBelow(list, y) {
  for (const row of list.children) {
    const { top, height } = row.getBoundingClientRect();
    if (y < top + height / 2) return /** @type {HTMLElement} */ (row).dataset["item"];
  }
  return undefined;
}

/** @param {HTMLElement | null} list @param {string} id @returns {HTMLElement | null | undefined} */
function handleOf(list, id) {
  return list?.querySelector(`[data-item="${CSS.escape(id)}"] .handle`);
}

/** @param {readonly Item[]} items @param {string} id */
function following(items, id) {
  return items[items.findIndex((item) => item.id === id) + 1]?.id;
}
