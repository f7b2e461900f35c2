/** How the room comes to this viewer: by a socket, or by segments. */

/** @typedef {"socket" | "segments"} Transport */

const PATIENCE_MS = 2_000;

/**
 * Return what the address wants (`?transport=`), else what the server says to those who come now. A server
 * that can't say it, or not soon, gives a socket.
 * @param {string} query
 * @param {(method: string, path: string) => Promise<{ok: true, body: any} | {ok: false}>} calls
 * @returns {Promise<Transport>}
 */
export async function chooseTransport(query, calls) {
  const wanted = new URLSearchParams(query).get("transport");
  if (wanted === "socket" || wanted === "segments") return wanted;
  /** @type {Promise<undefined>} */
  const tooLate = new Promise((resolve) => void setTimeout(resolve, PATIENCE_MS));
  const answer = await Promise.race([calls("GET", ""), tooLate]);
  return answer?.ok && answer.body?.transport === "segments" ? "segments" : "socket";
}
