/**
 * The page's identity: a token from the URL's fragment, else the token that this tab kept. Tokens are in
 * sessionStorage, so that two tabs of one browser are two viewers.
 */

/** @param {string} kind @param {string} room */
const key = (kind, room) => `grandstand.${kind}.${room}`;

/**
 * Take `#token=…` out of the address bar, where it would get into history and screenshots.
 * @returns {string | undefined}
 */
export function tokenFromFragment() {
  const token = new URLSearchParams(location.hash.replace(/^#\??/, "")).get("token");
  if (token === null) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** Return the tab's storage, or nothing where the browser blocks it; then even naming it throws. */
function storage() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * Return this browser's random name, made once and kept. By it a server recognises the device of a
 * banned guest; the server keeps a hash only. Without storage there is no name.
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

/** Make a message id: 22 characters, 88 random bits. Pages over plain HTTP have no crypto.randomUUID. */
export function messageId() {
  const bytes = crypto.getRandomValues(new Uint8Array(11));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return the room in `?room=`, else the default room. */
export function roomFromQuery() {
  return new URLSearchParams(location.search).get("room") || "gala";
}
