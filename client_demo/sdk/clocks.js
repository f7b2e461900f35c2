/**
 * Clocks: the programme time of the picture, by hls.js, by a browser's own HLS, by a plain file, or without
 * a picture. Each reads its player at every animation frame and keeps nothing.
 */

/**
 * @typedef {object} Clock
 * @property {boolean} hasPicture
 * @property {() => number | undefined} read programme time of the picture in ms; undefined when it
 *   has no date
 * @property {() => boolean} [playing] whether the picture has begun; when absent, once it has a date
 * @property {() => number | undefined} [latencyMs] behind live
 * @property {boolean} [certain] the date may lie long ago: the page vouches for it, or it is a recording's
 * @property {() => void} [close]
 */

/** @typedef {{currentTime: number, readonly played: {readonly length: number}}} Player */
/** @typedef {{readonly fragments: readonly {start: number, programDateTime: number | null}[]}} Playlist of hls.js */

/**
 * The programme clock itself, or a fixed delay behind it, for a page without a picture.
 * @param {{behindMs?: number}} [options]
 * @returns {Clock}
 */
export function roomClock({ behindMs = 0 } = {}) {
  return { hasPicture: false, read: () => undefined, latencyMs: () => behindMs };
}

/**
 * @param {{readonly playingDate: Date | null, readonly latency: number, readonly media: Player | null,
 *   readonly latestLevelDetails?: Playlist & {readonly live: boolean, readonly edge: number, readonly age: number} | null}} hls
 *   a `Hls` of hls.js
 * @returns {Clock}
 */
export function hlsClock(hls) {
  return {
    hasPicture: true,
    get certain() {
      return hls.latestLevelDetails?.live === false; // a recording: its dates lie long ago
    },
    read: () => finite(hls.playingDate?.getTime()),
    playing: () => begun(hls.media),
    latencyMs: () => {
      const { latestLevelDetails: details, media, latency } = hls;
      // `latency` is as of the last `timeupdate`: for some frames after a seek it is that of before.
      if (!details?.live || !media) return finite(latency * 1000);
      return finite(aheadMs(details, media.currentTime, details.edge) + details.age * 1000);
    },
  };
}

/**
 * The clock of a browser that plays HLS by itself, as Safari does.
 * @param {HTMLVideoElement & {getStartDate?: () => Date}} video
 * @returns {Clock}
 */
export function nativeHlsClock(video) {
  return {
    hasPicture: true,
    get certain() {
      return Number.isFinite(video.duration);
    },
    read: () => {
      const start = finite(video.getStartDate?.().getTime());
      return start === undefined ? undefined : start + video.currentTime * 1000;
    },
    playing: () => begun(video),
    latencyMs: () => {
      const { seekable } = video;
      if (seekable.length === 0) return undefined;
      return finite((seekable.end(seekable.length - 1) - video.currentTime) * 1000);
    },
  };
}

/**
 * The clock of a plain file that starts at `startsAt`, programme time in ms.
 * @param {Player} video
 * @param {{startsAt: number}} options
 * @returns {Clock}
 */
export function videoClock(video, { startsAt }) {
  return {
    hasPicture: true,
    certain: true,
    read: () => startsAt + video.currentTime * 1000,
    playing: () => begun(video),
  };
}

/**
 * Return how much later one second of a stream's media is than another, in ms of programme time. Where the
 * picture was lost, more time passed than there is media, and the dates of the playlist say how much.
 * @param {Playlist} playlist
 * @param {number} fromS
 * @param {number} toS
 */
export function aheadMs(playlist, fromS, toS) {
  const [from, to] = [dateOf(playlist, fromS), dateOf(playlist, toS)];
  return from === undefined || to === undefined ? (toS - fromS) * 1000 : to - from;
}

/** @param {Playlist} playlist @param {number} atS @returns {number | undefined} programme time in ms */
function dateOf({ fragments }, atS) {
  const fragment = fragments.findLast(({ start }) => start <= atS) ?? fragments[0];
  const date = fragment?.programDateTime ?? undefined;
  return fragment && date !== undefined ? date + (atS - fragment.start) * 1000 : undefined;
}

/** @param {Player | null} player */
function begun(player) {
  return (player?.played.length ?? 0) > 0;
}

/** @param {number | undefined} value */
function finite(value) {
  return Number.isFinite(value) ? value : undefined;
}
