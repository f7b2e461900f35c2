/**
 * Changes of a run-down by a person, and what another person changed meanwhile. Pure.
 *
 * An edit names items, never places: it means the same in the run-down that another producer has
 * changed since. So a refused edit is applied to the present one and sent again, and nothing of
 * either is lost. Only two edits of one item exclude each other; then a person must choose.
 */

/**
 * @typedef {"poll" | "cue" | "card" | "note" | "break"} ItemKind
 * @typedef {object} Item
 * @property {string} id
 * @property {ItemKind} kind
 * @property {string} title
 * @property {number} [expected_at] programme time, ms
 * @property {any} [body]
 * @property {"waiting" | "on_air" | "done"} [status]
 * @property {string} [poll]
 *
 * @typedef {{version: number, items: Item[], next?: string, went_at?: number}} Rundown
 *
 * @typedef {{does: "add", item: Item, after?: string}} Add `after`: an item's id; absent: at the end
 * @typedef {{does: "replace", item: Item, was: Item}} Replace
 * @typedef {{does: "remove", id: string}} Remove
 * @typedef {{does: "move", id: string, before?: string}} Move absent: to the end
 * @typedef {Add | Replace | Remove | Move} Edit
 *
 * @typedef {"changed" | "removed"} Conflict what another did to the item
 * @typedef {{items: Item[], conflict?: Conflict}} Applied
 */

/** @param {readonly Item[]} items @param {Edit} edit @returns {Applied} */
export function applied(items, edit) {
  if (edit.does === "add") {
    if (items.some(({ id }) => id === edit.item.id)) return { items: [...items] };
    const after = edit.after === undefined ? -1 : items.findIndex(({ id }) => id === edit.after);
    const place = after < 0 ? items.length : after + 1;
    return { items: items.toSpliced(place, 0, edit.item) };
  }
  if (edit.does === "remove") return { items: items.filter(({ id }) => id !== edit.id) };
  if (edit.does === "move") {
    const moved = items.find(({ id }) => id === edit.id);
    if (!moved) return { items: [...items] };
    const others = items.filter((item) => item !== moved);
    const before = others.findIndex(({ id }) => id === edit.before);
    return { items: others.toSpliced(before < 0 ? others.length : before, 0, moved) };
  }
  const at = items.findIndex(({ id }) => id === edit.item.id);
  const found = items[at];
  if (!found) return { items: [...items], conflict: "removed" };
  if (!same(found, edit.was) && !same(found, edit.item)) return { items: [...items], conflict: "changed" };
  return { items: items.with(at, { ...found, ...plain(edit.item), expected_at: edit.item.expected_at }) };
}

/** What a producer writes of an item; the rest is the server's. @param {Item} item @returns {Item} */
export function plain({ id, kind, title, expected_at, body }) {
  return { id, kind, title, ...(expected_at !== undefined && { expected_at }), ...(body !== undefined && { body }) };
}

/** Whether a producer wrote the same. @param {Item} one @param {Item} other */
export function same(one, other) {
  return JSON.stringify(sorted(plain(one))) === JSON.stringify(sorted(plain(other)));
}

/** @param {any} value @returns {any} with the names of maps in their order */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

/**
 * The edit that moves an item by so many places, or undefined at an end.
 * @param {readonly Item[]} items @param {string} id @param {number} by
 * @returns {Move | undefined}
 */
export function moveBy(items, id, by) {
  const from = items.findIndex((item) => item.id === id);
  const to = Math.min(items.length - 1, Math.max(0, from + by));
  if (from < 0 || to === from) return undefined;
  const before = items[to > from ? to + 1 : to]?.id;
  return { does: "move", id, ...(before !== undefined && { before }) };
}

/**
 * What another producer did between two versions, for a person: the first of it.
 * @param {Rundown} before @param {Rundown} after
 * @returns {{what: "went" | "reset" | "added" | "removed" | "changed" | "moved", title: string} | undefined}
 */
export function difference(before, after) {
  const old = new Map(before.items.map((item) => [item.id, item]));
  const there = new Set(after.items.map(({ id }) => id));
  for (const item of after.items) {
    const was = old.get(item.id);
    if (item.status === "on_air" && was?.status !== "on_air") return { what: "went", title: item.title };
    if (was && was.status !== "waiting" && item.status === "waiting") return { what: "reset", title: item.title };
  }
  for (const item of after.items) {
    const was = old.get(item.id);
    if (!was) return { what: "added", title: item.title };
    if (!same(was, item)) return { what: "changed", title: item.title };
  }
  const removed = before.items.find(({ id }) => !there.has(id));
  if (removed) return { what: "removed", title: removed.title };
  const moved = after.items.find(({ id }, place) => before.items[place]?.id !== id);
  return moved && { what: "moved", title: moved.title };
}
