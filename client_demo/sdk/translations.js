/**
 * What of a room is known in the viewer's language. Pure, and bounded. The originals stay as they are: an
 * item gets a `translation` beside its own words. A translation may come before or after what it is of.
 */

/** @import {Comment, Cue, Overlay, Poll, TranslatedComment, Translation, Translations} from "./wire.js" */

const MOST = 5_000; // comments: more than may wait for the playhead
const MOST_OTHERS = 500;

export class RoomTranslations {
  lang = "";
  /** @type {Map<string, TranslatedComment>} */ #comments = new Map();
  /** @type {Map<string, Translation>} by id, an overlay's with its `at` */ #others = new Map();
  /** @type {(Translation & {source: string}) | undefined} */ #title;

  /**
   * Note what came. Translations into another language than before replace all.
   * @param {Translations | undefined} said
   * @returns {TranslatedComment[]} those of comments that are new
   */
  take(said) {
    if (!said) return [];
    if (said.lang !== this.lang) this.clear();
    this.lang = said.lang;
    const comments = said.comments ?? [];
    const fresh = comments.filter((one) => this.#comments.get(one.id)?.text !== one.text);
    put(this.#comments, comments.map((one) => [one.id, one]), MOST);
    /** @type {[string, Translation][]} */
    const others = [
      ...(said.polls ?? []).map(({ id, ...one }) => /** @type {[string, Translation]} */ ([`poll ${id}`, one])),
      ...(said.overlays ?? []).map(({ id, at, ...one }) => /** @type {[string, Translation]} */ ([`overlay ${id} ${at}`, one])),
      ...(said.cues ?? []).map(({ id, ...one }) => /** @type {[string, Translation]} */ ([`cue ${id}`, one])),
    ];
    put(this.#others, others, MOST_OTHERS);
    this.#title = said.title ?? this.#title;
    return fresh;
  }

  /** Forget all. */
  clear() {
    this.lang = "";
    this.#comments.clear();
    this.#others.clear();
    this.#title = undefined;
  }

  /** Forget those of comments that were taken back. @param {readonly string[]} ids */
  retract(ids) {
    for (const id of ids) this.#comments.delete(id);
  }

  /** Forget those of overlays that now say something else. @param {readonly Overlay[]} before @param {readonly Overlay[]} said */
  rewrite(before, said) {
    for (const { id, at, data } of said)
      if (before.some((one) => one.id === id && one.at === at && one.data.text !== data.text)) this.#others.delete(`overlay ${id} ${at}`);
  }

  /** @param {Comment} comment @returns {Comment} */
  ofComment(comment) {
    const known = this.#comments.get(comment.id);
    return known ? { ...comment, translation: { text: known.text, by: known.by, lang: this.lang } } : comment;
  }

  /** @param {Poll} poll @returns {Poll} */
  ofPoll(poll) {
    const known = this.#others.get(`poll ${poll.id}`);
    const fits = known?.options?.length === poll.options.length;
    return known && fits ? { ...poll, translation: { ...known, lang: this.lang } } : poll;
  }

  /** @param {Overlay} overlay @returns {Overlay} */
  ofOverlay(overlay) {
    const known = this.#others.get(`overlay ${overlay.id} ${overlay.at}`);
    return known ? { ...overlay, translation: { ...known, lang: this.lang } } : overlay;
  }

  /** @param {Cue} cue @returns {Cue} */
  ofCue(cue) {
    const known = this.#others.get(`cue ${cue.id}`);
    return known ? { ...cue, translation: { ...known, lang: this.lang } } : cue;
  }

  /** The translation of a title, if it is still that title. @param {string | undefined} title @returns {Translation | undefined} */
  ofTitle(title) {
    const known = this.#title;
    return known?.source === title ? { text: known?.text, by: known?.by ?? "", lang: this.lang } : undefined;
  }
}

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {readonly [string, T][]} entries
 * @param {number} most of which the newest stay
 */
function put(map, entries, most) {
  for (const [key, value] of entries) {
    map.delete(key);
    map.set(key, value);
  }
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
