"""Compares detectors of highlights: ``python -m models.highlights.evaluate --data DIR``.

Prints a table and writes ``results.json``. Every detector is causal, and so is its threshold, which
learns from the show's own past (``grandstand.overlays.alarms``). What is trained is trained on the
other editions. An alarm matches a mark if it is noticed within the mark's window; one alarm matches
one mark and one mark one alarm, in the order of time. Precision is a lower bound, since marks are
incomplete.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import sub
from pathlib import Path
from typing import Any

import numpy as np
from grandstand.overlays.alarms import Alarms
from grandstand.overlays.highlights import SURE_AFTER_MS

from models.highlights import made_up, sets
from models.highlights.detectors import (
    Combination,
    Cusum,
    Features,
    Floats,
    LogRise,
    PoissonScan,
    RobustZ,
)
from models.highlights.sets import Show

HERE = Path(__file__).parent
WINDOW_S = (-60.0, 240.0)
"""Of a finish: the run-down's times are exact to the minute, and a count is known at its end."""

STRICT_S = (0.0, 180.0)
AFTER_MARK_S = 30.0
NEAR_S = (20.0, 150.0)
"""After a finish a step is trained to be near one."""

PLAIN = {"log_rise": LogRise, "robust_z": RobustZ, "poisson_scan": PoissonScan, "cusum": Cusum}
LATEST = 2
MADE_UP_PER_HOUR = 6
Scored = tuple[Floats, float, float]
"""Scores by steps, the first threshold, and its floor."""


@dataclass(frozen=True)
class Found:
    """What came of one detector on one show."""

    recall: float
    precision: float
    per_hour: float
    strict_recall: float


def raised(show: Show, scored: Scored, per_hour: float) -> list[tuple[int, int]]:
    """Return the steps of the alarms, and how long before each its mark stands, s."""
    scores, first, floor = scored
    alarms = Alarms(per_hour, floor=floor, first=first)
    found: list[tuple[int, int]] = []
    for step, score in enumerate(scores.tolist()):
        now_s = step * show.step_s
        if alarms.step(now_s, score):
            found.append((step, min(alarms.age_s(now_s), SURE_AFTER_MS // 1000)))
    return found


def noticed(show: Show, scored: Scored, per_hour: float) -> list[float]:
    """Return when highlights are noticed, in s."""
    every = show.known_every_s
    return [
        show.start_s + ((step * show.step_s) // every + 1) * float(every)
        for step, _ in raised(show, scored, per_hour)
    ]


def matched(alarms: Sequence[float], marks: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """Return the pairs of an alarm and a mark, each in one pair at most."""
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for number, (first, last) in enumerate(marks):
        for alarm, at in enumerate(alarms):
            if alarm not in taken and first <= at <= last:
                taken.add(alarm)
                pairs.append((alarm, number))
                break
    return pairs


def judged(show: Show, alarms: Sequence[float]) -> Found:
    """Return how well alarms match a show's marks."""
    hits = len(matched(alarms, show.marks))
    strict = [(moment + STRICT_S[0], moment + STRICT_S[1]) for moment in show.moments]
    return Found(
        hits / len(show.marks),
        hits / max(1, len(alarms)),
        len(alarms) / show.hours,
        len(matched(alarms, strict)) / len(strict),
    )


def plain_scores(show: Show, kind: Callable[[int], Any]) -> Scored:
    """Return the scores of a detector that isn't trained."""
    detector = kind(show.step_s)
    steps = zip(show.comments.tolist(), show.excited.tolist(), strict=True)
    return np.array([detector.step(*step) for step in steps]), detector.FIRST, detector.FLOOR


def features_of(show: Show) -> Floats:
    """Return what the trained combination sees of a show, (steps, features)."""
    features = Features(show.step_s)
    steps = zip(show.comments.tolist(), show.excited.tolist(), strict=True)
    return np.array([features.step(*step) for step in steps])


def near_marks(show: Show) -> Floats:
    """Return 1 for each step shortly after a mark, (steps,)."""
    ends = show.start_s + show.step_s * np.arange(1, len(show.comments) + 1)
    near = np.zeros(len(ends))
    for moment in show.moments:
        near[(ends > moment + NEAR_S[0]) & (ends <= moment + NEAR_S[1])] = 1
    return near


def combined(shows: Sequence[Show], others: Sequence[Show], excited: bool) -> dict[str, Scored]:
    """Return the trained combination's scores: of each of ``shows`` when it was trained on all but
    it, and of ``others`` when it was trained on all of ``shows``."""
    seen = {show.name: features_of(show) for show in (*shows, *others)}
    if not excited:
        seen = {name: each[:, [0, 1, 4, 5]] for name, each in seen.items()}
    near = {show.name: near_marks(show) for show in shows}
    scored: dict[str, Scored] = {}
    for show in (*shows, *others):
        rest = [(seen[each.name], near[each.name]) for each in shows if each.name != show.name]
        model = Combination.fitted(rest)
        scores = model.scores(seen[show.name])
        scored[show.name] = scores, Combination.FIRST, Combination.FLOOR
    return scored


def burst_begin(comments: Floats, step: int) -> int:
    """Return where the burst before and after ``step`` begins, in hindsight: where two Poisson
    rates, a lower and a higher one, fit two minutes best."""
    low = max(0, step - 100)
    part = comments[low : step + 15]
    sums = np.cumsum(part)
    best, begin = -np.inf, step - low
    for cut in range(10, len(part) - 2):
        before, after = sums[cut - 1], sums[-1] - sums[cut - 1]
        lower, higher = (before + 0.5) / cut, (after + 0.5) / (len(part) - cut)
        fit = before * np.log(lower) + after * np.log(higher)
        if higher > lower and fit > best:
            best, begin = fit, cut
    return low + begin


def half_way(comments: Floats, begin: int) -> int:
    """Return when a burst that begins at ``begin`` has, over 5 s, half of its most in 40 s."""
    fives = np.convolve(comments[max(0, begin - 4) : begin + 40], np.ones(5))[4:]
    return begin + int(np.argmax(fives >= fives.max() / 2))


def chat_figures(show: Show, scored: Scored) -> dict[str, Any]:
    """Return the figures on the hand-marked chat."""
    figures: dict[str, Any] = {}
    for per_hour in (8, 4):
        alarms = noticed(show, scored, per_hour)
        pairs = matched(alarms, show.marks)
        steps = [int(at - show.start_s) for at in alarms]
        before = [before_s for _, before_s in raised(show, scored, per_hour)]
        begins = [burst_begin(show.comments, step) for step in steps]
        after = [step - begin for step, begin in zip(steps, begins, strict=True)]
        halves = [half_way(show.comments, begin) for begin in begins]
        figures[f"{per_hour}/h"] = {
            "marks": len(show.marks),
            "found": len(pairs),
            "alarms_per_hour": round(len(alarms) / show.hours, 2),
            "noticed_after_burst_s_median": statistics.median(after) if after else None,
            "mark_after_burst_s_median": statistics.median(map(sub, after, before)),
            "noticed_after_half_peak_s_median": statistics.median(
                step - half for step, half in zip(steps, halves, strict=True)
            ),
            "noticed_after_burst_s": sorted(after),
        }
    return figures


def made_up_figures(kind: Callable[[int], Any]) -> dict[str, Any]:
    """Return how late known beginnings are noticed, by the comments a second of the room."""
    figures: dict[str, Any] = {}
    for rate in made_up.RATES:
        after: list[float] = []
        stands: list[float] = []
        alarms = marks = 0
        for show in made_up.shows(rate):
            scored = plain_scores(show, kind)
            found = noticed(show, scored, MADE_UP_PER_HOUR)
            before = [before_s for _, before_s in raised(show, scored, MADE_UP_PER_HOUR)]
            pairs = matched(found, show.marks)
            after += [found[alarm] - show.moments[mark] for alarm, mark in pairs]
            stands += [found[alarm] - before[alarm] - show.moments[mark] for alarm, mark in pairs]
            alarms, marks = alarms + len(found), marks + len(show.marks)
        figures[f"{rate:g}/s"] = {
            "recall": round(len(after) / marks, 3),
            "alarms_per_hour": round(alarms / made_up.SHOWS / made_up.HOURS, 2),
            "noticed_after_begin_s_median": statistics.median(after) if after else None,
            "mark_after_begin_s_median": statistics.median(stands) if stands else None,
        }
    return figures


def edition_figures(shows: Sequence[Show], scores: dict[str, Scored]) -> dict[str, Any]:
    """Return the figures on the editions, at two alarms an hour and at one."""
    figures: dict[str, Any] = {}
    for per_hour in (2, 1):
        found = {
            show.name: judged(show, noticed(show, scores[show.name], per_hour)) for show in shows
        }
        latest = [
            found[show.name] for show in sorted(shows, key=lambda show: show.start_s)[-LATEST:]
        ]
        figures[f"{per_hour}/h"] = {
            "all": mean(list(found.values())),
            "latest": mean(latest),
            "recall": {name: round(each.recall, 3) for name, each in found.items()},
        }
    return figures


def mean(found: Sequence[Found]) -> dict[str, float]:
    """Return the means over shows."""
    names = ("recall", "precision", "per_hour", "strict_recall")
    return {name: round(statistics.fmean(getattr(one, name) for one in found), 3) for name in names}


def line(name: str, figures: dict[str, Any]) -> str:
    """Return a detector's line of the table."""
    parts = [f"{name:22}"]
    for rate in ("2/h", "1/h"):
        for which in ("all", "latest"):
            each = figures["editions"][rate][which]
            parts.append(
                f"{rate} {which} {each['recall']:.2f} (p {each['precision']:.2f}, "
                f"strict {each['strict_recall']:.2f}, {each['per_hour']:.2f}/h)"
            )
    for rate, each in figures["chat"].items():
        parts.append(
            f"chat {rate} {each['found']}/{each['marks']} ({each['alarms_per_hour']}/h, "
            f"{each['noticed_after_burst_s_median']} s)"
        )
    for rate, each in figures.get("made_up", {}).items():
        parts.append(f"made up {rate} {each['recall']} ({each['noticed_after_begin_s_median']} s)")
    return " | ".join(parts)


def main() -> None:
    """Compare the detectors on the sets of ``--data``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    parser.add_argument("--only", nargs="*", help="detectors by name")
    given = parser.parse_args()
    shows = sets.editions(given.data / "gdq_audience", -WINDOW_S[0], WINDOW_S[1])
    chat = sets.twitch_chat(given.data / "highlight_moments", AFTER_MARK_S)
    found: dict[str, Any] = {}
    for name in given.only or [*PLAIN, "combination", "combination_excited"]:
        if name in PLAIN:
            scores = {show.name: plain_scores(show, PLAIN[name]) for show in (*shows, chat)}
        else:
            scores = combined(shows, [chat], name.endswith("excited"))
        found[name] = {
            "editions": edition_figures(shows, scores),
            "chat": chat_figures(chat, scores[chat.name]),
        }
        if name in PLAIN:
            found[name]["made_up"] = made_up_figures(PLAIN[name])
        print(line(name, found[name]), flush=True)
    rules = {"finish_window_s": WINDOW_S, "strict_s": STRICT_S, "after_mark_s": AFTER_MARK_S}
    given.out.write_text(json.dumps({"rules": rules, "detectors": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
