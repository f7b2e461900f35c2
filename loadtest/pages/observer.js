/**
 * Looks at the viewer's page from within, after each animation frame that the page painted: which
 * bullets are on the stage for the first time, what the playhead says, and what the picture shows
 * of its time code. Decides nothing; changes nothing of what the page does.
 *
 * The picture is read only in frames in which something begins, since reading costs some ms. What
 * `drawImage` takes is the frame that the video's compositor chose last.
 */
(() => {
  const CELLS = 36;
  const CELL_PX = 8; // of a picture 1280 wide
  const DESIGNED_WIDTH = 1280;
  const strip = new OffscreenCanvas(CELLS * CELL_PX, CELL_PX);
  const paper = strip.getContext("2d", { willReadFrequently: true });
  const found = { sightings: [], frames: [], counts: [], marks: {}, due: {} };
  const seen = new Set();
  let held;
  let counting = false;
  let painted = [];
  window.observed = found;

  /** The brightness of each cell, 0 to 1; null while there is no picture. */
  const cells = (video) => {
    if (!video || video.readyState < 2 || !video.videoWidth) return null;
    const scale = video.videoWidth / DESIGNED_WIDTH;
    const [width, height] = [CELLS * CELL_PX * scale, CELL_PX * scale];
    paper.drawImage(video, 0, video.videoHeight - height, width, height, 0, 0, strip.width, CELL_PX);
    const { data } = paper.getImageData(0, 0, strip.width, CELL_PX);
    return Array.from({ length: CELLS }, (_, cell) => {
      const at = (Math.floor(CELL_PX / 2) * strip.width + cell * CELL_PX + CELL_PX / 2) * 4;
      return (0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2]) / 255;
    });
  };

  const begun = () => {
    const fresh = [];
    for (const { id, own } of painted) {
      if (seen.has(`bullet ${id}`)) continue;
      seen.add(`bullet ${id}`);
      fresh.push({ kind: "bullet", id, own });
    }
    for (const card of document.querySelectorAll('[data-poll], [data-card]')) {
      const [kind, id] = card.dataset.poll ? ["poll", card.dataset.poll] : ["card", card.dataset.card];
      if (card.hidden || seen.has(`${kind} ${id}`)) continue;
      seen.add(`${kind} ${id}`);
      fresh.push({ kind, id, own: false });
    }
    return fresh;
  };

  const look = (playhead) => {
    const local = performance.now();
    if (counting) {
      found.frames.push(local);
      found.counts.push(painted.length);
      return;
    }
    const fresh = begun();
    if (fresh.length === 0) return;
    found.marks["first bullet"] ??= local;
    const video = document.querySelector("video");
    const shown = found.withoutPicture ? null : cells(video);
    const behindMs = held.live.now() - playhead;
    for (const one of fresh) found.sightings.push({ ...one, playhead, local, behindMs, cells: shown });
  };

  /** Counts frames and bullets instead, which costs next to nothing. */
  found.count = (on) => {
    counting = on;
    found.frames.length = found.counts.length = 0;
  };

  const attach = () => {
    const live = held?.live;
    if (!live) return setTimeout(attach, 1);
    const { painter } = held;
    const paint = painter.paint.bind(painter);
    painter.paint = (context, placed, ratio) => {
      painted = placed;
      paint(context, placed, ratio);
    };
    live.on("comment", ({ comment, own, lateMs, history }) => {
      if (!counting) found.due[comment.id] = { at: comment.at, own, lateMs, history };
    });
    live.on("frame", look); // after the page's own handler: it was there before
  };
  Object.defineProperty(window, "grandstand", {
    configurable: true,
    get: () => held,
    set: (value) => {
      held = value;
      setTimeout(attach, 0);
    },
  });
})();
