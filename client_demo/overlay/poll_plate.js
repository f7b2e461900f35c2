/** The poll on air: its question, a bar per option, the time that is left, and who won. */

import { make, setText } from "../page.js";
import { kindOf, wordsOf } from "../polls/registry.js";
import { barsOf } from "./result.js";

/** @import {SeenPoll} from "../sdk/grandstand.js" */

const SWAP_MS = 360; // how long the plate takes to leave; then it may come back with another poll
/** How the type shrinks until all options fit: smaller, then one line per option. */
const FITS = [
  ...[1, 0.92, 0.84, 0.76, 0.7, 0.64].map((size) => ({ size, lines: 2 })),
  ...[0.76, 0.7, 0.64, 0.58, 0.52, 0.46].map((size) => ({ size, lines: 1 })),
];

export class PollPlate {
  #root;
  #words;
  #format;
  #texts;
  #kind = make("span", { class: "kind", test: "kind" });
  #clock = make("span", { class: "left", test: "left" });
  #question = make("h1", { test: "question" });
  #by = make("p", { class: "written-by", test: "poll-by" });
  #figure = make("strong", { test: "figure" });
  #figureName = make("span");
  #result = make("p", { class: "figure" }, [this.#figure, this.#figureName]);
  #bars = make("ol", { class: "bars" });
  #foot = make("p", { class: "foot", test: "foot" });
  #drain = make("span", { class: "drain" });
  /** @type {{id: string, bars: {root: HTMLElement, fill: HTMLElement, percent: HTMLElement}[]} | undefined} */
  #shown;
  #leftAt = -Infinity;

  /**
   * @param {HTMLElement} root
   * @param {import("../languages/en.js").Texts} texts
   * @param {Intl.NumberFormat} format
   */
  constructor(root, texts, format) {
    this.#root = root;
    this.#texts = texts;
    this.#words = texts.overlay;
    this.#format = format;
    const head = make("p", { class: "head" }, [this.#kind, this.#clock]);
    this.#question.dir = "auto";
    root.append(head, this.#question, this.#by, this.#result, this.#bars, this.#foot, make("span", { class: "track" }, [this.#drain]));
    addEventListener("resize", () => this.fit());
  }

  /** @param {SeenPoll | undefined} seen @param {number} playhead */
  show(seen, playhead) {
    if (seen?.poll.id !== this.#shown?.id && this.#shown) return this.#leave();
    if (!seen || performance.now() - this.#leftAt < SWAP_MS) return;
    const fresh = !this.#shown;
    if (fresh) this.#build(seen);
    this.#update(seen, playhead);
    if (fresh) this.fit(); // with all of its lines
    this.#root.dataset["on"] = "true";
  }

  #leave() {
    this.#shown = undefined;
    this.#leftAt = performance.now();
    this.#root.dataset["on"] = "false";
  }

  /** @param {SeenPoll} seen */
  #build({ poll }) {
    const bars = poll.options.map((option, index) => {
      const fill = make("span", { class: "fill" });
      const text = make("bdi", { text: option.text, class: "text" });
      const percent = make("span", { class: "percent", test: `tally-${index}` });
      const root = make("li", { test: `option-${index}` }, [fill, text, percent]);
      return { root, fill, percent };
    });
    this.#shown = { id: poll.id, bars };
    this.#bars.replaceChildren(...bars.map((bar) => bar.root));
    this.#root.dataset["poll"] = poll.id;
    this.#root.dataset["many"] = String(poll.options.length > 6);
    setText(this.#question, poll.question);
    setText(this.#by, poll.by ? this.#words.writtenBy(poll.by) : "");
    this.#by.hidden = !poll.by;
    const kind = kindOf(poll.kind);
    const { onAir, figure } = wordsOf(kind, this.#texts);
    setText(this.#kind, onAir);
    setText(this.#figureName, figure ?? "");
    this.#bars.dataset["layout"] = kind.layout ?? "";
  }

  /** The whole poll has to be inside the safe area. */
  fit() {
    for (const { size, lines } of FITS) {
      this.#root.style.setProperty("--fit", String(size));
      this.#root.dataset["lines"] = String(lines);
      if (this.#root.scrollHeight <= this.#root.clientHeight + 1) return;
    }
  }

  /** @param {SeenPoll} seen @param {number} playhead */
  #update(seen, playhead) {
    const { poll, phase, votes } = seen;
    const bars = barsOf(seen, this.#texts.shared.percent);
    const kind = kindOf(poll.kind);
    const { marks, headline, figure } = kind.resultOf(seen, wordsOf(kind, this.#texts));
    const open = phase === "open";
    this.#root.dataset["phase"] = phase;
    const hadFigure = !this.#result.hidden;
    this.#result.hidden = figure === undefined;
    setText(this.#figure, figure ?? "");
    if (hadFigure === this.#result.hidden) this.fit(); // it takes a line of its own
    this.#root.dataset["hidden"] = String(!votes);
    this.#shown?.bars.forEach(({ root, fill, percent }, index) => {
      const bar = bars[index];
      if (!bar) return;
      fill.style.setProperty("--share", String(bar.share));
      setText(percent, bar.percent);
      percent.dataset["votes"] = votes ? String(votes.tally[index] ?? 0) : "";
      root.dataset["mark"] = marks[index] ?? "";
    });
    const left = Math.max(0, Math.ceil((poll.closes_at - playhead) / 1000));
    setText(this.#clock, open ? clockOf(left) : "");
    const length = Math.max(1, poll.closes_at - poll.opens_at);
    const share = open ? Math.min(1, Math.max(0, (poll.closes_at - playhead) / length)) : 0;
    this.#drain.style.transform = `scaleX(${share})`;
    const text = open ? this.#words.voteNow : phase === "counting" ? this.#words.counting : (headline ?? this.#words.secret);
    const count = votes && votes.voters > 0 ? this.#words.votes(votes.voters, this.#format.format(votes.voters)) : "";
    setText(this.#foot, count ? `${text} · ${count}` : text);
  }
}

/** @param {number} seconds */
function clockOf(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
