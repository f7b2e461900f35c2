/**
 * Who this page is: a token from the URL's fragment, else one kept from before in this tab.
 * Kept in sessionStorage, so that two tabs of one browser are two viewers.
 */

/** @param {string} kind @param {string} room */
const key = (kind, room) => `grandstand.${kind}.${room}`;

/**
 * Takes `#token=…` out of the address bar, where it would end up in history and screenshots.
 * @returns {string | undefined}
 */
export function tokenFromFragment() {
  const token = new URLSearchParams(location.hash.replace(/^#\??/, "")).get("token");
  if (token === null) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** A browser that blocks storage throws where it is only named: there nothing is kept. */
function storage() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * A random name that this browser gives itself once and keeps, by which a server knows the device of
 * a guest who was banned. It keeps no more than a hash of it. None where nothing can be kept.
 * @returns {string | undefined}
 */
export function deviceName() {
  try {
    const kept = localStorage.getItem("grandstand.device") ?? "";
    const name = /^[0-9a-f]{22}$/.test(kept) ? kept : messageId();
    localStorage.setItem("grandstand.device", name);
    return name;
  } catch {
    return undefined;
  }
}

/** @param {"guest" | "given" | "producer"} kind @param {string} room @returns {string | undefined} */
export function keptToken(kind, room) {
  return storage()?.getItem(key(kind, room)) ?? undefined;
}

/** @param {"guest" | "given" | "producer"} kind @param {string} room @param {string} token */
export function keepToken(kind, room, token) {
  storage()?.setItem(key(kind, room), token);
}

/** @param {"guest" | "given" | "producer"} kind @param {string} room */
export function forgetToken(kind, room) {
  storage()?.removeItem(key(kind, room));
}

/** A message id: 22 characters, 88 random bits. crypto.randomUUID is missing on plain-HTTP pages. */
export function messageId() {
  const bytes = crypto.getRandomValues(new Uint8Array(11));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The room named by `?room=`, else the house's own. */
export function roomFromQuery() {
  return new URLSearchParams(location.search).get("room") || "gala";
}
