"""Figures of what a room shows: ``python -m models.comment_scorer.selection --data DIR``.

Recorded chats go through the real pieces (``clean``, ``Moderator``, ``RoomFold`` tick by tick, on
the recording's own times) at 5 and at 30 places a second, beside random choice and first come from
the same candidates with the same places on the same ticks, and with a room's ``least`` raised to 2.
Constants of ``rules`` and
``moderation.weight`` were tuned on the windows "thresholds" of ``sets.traces`` alone; what is
printed by default are the windows "test".

What is measured:

- near-duplicates: share of the shown that are alike to something shown in the 60 s before: by
  normal form, or by at least 0.7 of the character trigrams of their texts (Jaccard index, case
  folded); and repeats: share whose very text was shown before in the window. Both also of the raw.
- toxic: messages that moderators removed, mixed in (``windows``). Their share of the shown over
  their share of the raw; at level 0, where selection is alone, and at the default level 2, where
  what is held or rejected is no candidate. ``toxic_shown``: the share of them that was shown.
- called: the same of the messages that the scorer itself gives a half or more of a category. It
  tells whether selection heeds the scorer, not whether the scorer is right.
- mirror: Spearman's rank correlation of word frequencies, raw against shown, a comment shown
  counting as often as its ``count`` says; ``unweighted``: once. Words are those of the normal form,
  emotes among them, once a comment, that at least five authors said.
- authors: of those who in one minute said something of three different words or five Chinese
  characters that level 2 shows, the share who are shown at least once in that minute; ``heard``:
  or are merged into a comment that is.
- cost: of the sequencer's whole ticks.

Intervals are of 95 %: a seeded bootstrap over minutes, for the mirror over windows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from grandstand.domain.events import CommentEvent
from grandstand.domain.ranking import Budget
from grandstand.domain.state import RoomState
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.scores import Scorer
from grandstand.sequencer.folding import RoomFold
from grandstand.wire.settings import Moderation, Selection, Settings
from numpy.typing import NDArray

from models.comment_scorer import sets
from models.comment_scorer.windows import LEVELS, Said, Window, frequencies, windows

HERE = Path(__file__).parent
Floats = NDArray[np.float64]

BUDGETS = (5, 30)
TICK_MS = 200
MINUTE_MS = 60_000
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Shown:
    """A message on the screen, for ``count`` of them; or unseen, merged into one that is."""

    said: Said
    shown_ms: int
    count: int = 1
    is_seen: bool = True


@dataclass(slots=True)
class Shares:
    """Numerators and denominators by minute."""

    parts: dict[tuple[str, int], list[float]] = field(default_factory=dict)

    def add(self, window: str, at_ms: int, part: float, whole: float = 1.0) -> None:
        """Of ``whole`` more in this minute ``part`` are meant."""
        sums = self.parts.setdefault((window, at_ms // MINUTE_MS), [0.0, 0.0])
        sums[0] += part
        sums[1] += whole

    def table(self, keys: Sequence[tuple[str, int]]) -> Floats:
        """The sums of these minutes, shape (minutes, 2)."""
        return np.array([self.parts.get(key, (0.0, 0.0)) for key in keys])


def interval(measured: Shares, against: Shares | None = None) -> list[float]:
    """A share, or its ratio to another's, with its 95 % interval over minutes."""
    keys = sorted(set(measured.parts) | set(against.parts if against else ()))
    draws = np.random.default_rng(sets.SEED).integers(0, len(keys), (RESAMPLES, len(keys)))
    rows = np.vstack([np.arange(len(keys))[None], draws])

    def ratios(shares: Shares) -> Floats:
        sums = shares.table(keys)[rows].sum(axis=1)
        return _divided(sums[:, 0], sums[:, 1])

    found = ratios(measured)
    if against is not None:
        found = _divided(found, ratios(against))
    return _with_interval(found[0], found[1:])


def _divided(parts: Floats, wholes: Floats) -> Floats:
    """Nothing of nothing is 0."""
    shares: Floats = np.divide(parts, wholes, out=np.zeros(len(parts)), where=wholes > 0)
    return shares


def _with_interval(value: float, drawn: Iterable[float]) -> list[float]:
    low, high = np.percentile(list(drawn), [2.5, 97.5])
    return [round(float(value), 3), round(float(low), 3), round(float(high), 3)]


# --- ways to choose ------------------------------------------------------------------------------


def _ticks(said: Sequence[Said]) -> Iterable[tuple[int, list[tuple[int, Said]]]]:
    """When each tick ends, and its messages with their numbers."""
    by_tick: dict[int, list[tuple[int, Said]]] = defaultdict(list)
    for number, one in enumerate(said):
        by_tick[one.at // TICK_MS].append((number, one))
    for tick in range(max(by_tick) + 1):
        if by_tick[tick]:
            yield (tick + 1) * TICK_MS, by_tick[tick]


def selected(
    said: Sequence[Said], budget: int, level: int, taste: Selection | None = None
) -> tuple[list[Shown], float]:
    """What a room shows, and the seconds that its ticks took."""
    settings = Settings(
        budget=budget, moderation=Moderation(level=level), selection=taste or Selection()
    )
    room = RoomFold(RoomState(settings=settings), {}, 0)
    shown: list[Shown] = []
    took_s = 0.0
    for now, entries in _ticks(said):
        judged = ((f"{number:08x}", _event(one, level)) for number, one in entries)
        events = [(id, event) for id, event in judged if event is not None]
        began = time.perf_counter()
        tick = room.tick(events, now)
        took_s += time.perf_counter() - began
        for row in tick.rows:
            if row.shown or row.merged_into:
                shown.append(Shown(said[int(row.id, 16)], now, row.count, row.shown))
    return shown, took_s


def _event(one: Said, level: int) -> CommentEvent | None:
    judged = one.judged(level)
    if judged.action == "reject":
        return None
    return CommentEvent(
        user=one.user,
        name=one.user,
        at=one.at,
        text=one.text,
        weight=judged.weight,
        mood=judged.mood,
        excitement=judged.excitement,
        dedupe_key=judged.dedupe_key,
        held=judged.action == "hold",
    )


Pick = Callable[[list[Said], int], list[Said]]


def plainly(said: Sequence[Said], budget: int, level: int, pick: Pick) -> list[Shown]:
    """What would be shown if ``pick`` took some of each tick's candidates."""
    places = Budget()
    shown = []
    for now, entries in _ticks(said):
        candidates = [one for _, one in entries if one.judged(level).action == "show"]
        chosen = pick(candidates, min(len(candidates), places.places(now, budget)))
        places.spend(len(chosen))
        shown += [Shown(one, now) for one in chosen]
    return shown


def ways(budget: int, level: int) -> dict[str, Callable[[Sequence[Said]], list[Shown]]]:
    """How to choose, by name."""
    chance = random.Random(sets.SEED)
    return {
        "selected": lambda said: selected(said, budget, level)[0],
        "selected, least 2": lambda said: selected(said, budget, level, Selection(least=2))[0],
        "random": lambda said: plainly(said, budget, level, chance.sample),
        "first come": lambda said: plainly(said, budget, level, lambda some, n: some[:n]),
    }


# --- figures -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Figures:
    """What is counted of one way over several windows."""

    near: Shares = field(default_factory=Shares)
    repeats: Shares = field(default_factory=Shares)
    toxic: Shares = field(default_factory=Shares)
    toxic_shown: Shares = field(default_factory=Shares)
    called: Shares = field(default_factory=Shares)
    authors: Shares = field(default_factory=Shares)
    heard: Shares = field(default_factory=Shares)
    mirror: list[float] = field(default_factory=list)
    unweighted: list[float] = field(default_factory=list)

    def count(self, window: Window, known: Sequence[Shown]) -> None:
        """Adds what was shown of a window."""
        shown = [each for each in known if each.is_seen]
        last_ms: dict[str, int] = {}
        for each in shown:
            text, now = each.said.text, each.shown_ms
            times = [last_ms[near] for near in window.alike[text] if near in last_ms]
            is_near = any(now - before <= MINUTE_MS for before in times)
            self.near.add(window.name, now, is_near)
            self.repeats.add(window.name, now, text in last_ms)
            self.toxic.add(window.name, now, each.said.toxic)
            self.called.add(window.name, now, each.said.is_called_toxic)
            last_ms[text] = now
        seen = {id(each.said) for each in shown}
        for one in window.said:
            if one.toxic:
                self.toxic_shown.add(window.name, one.at, id(one) in seen)
        self._count_authors(window, known)
        for weighted, into in ((True, self.mirror), (False, self.unweighted)):
            counted = ((each.said.text, each.count if weighted else 1) for each in shown)
            found = frequencies(counted, window.loud_words)
            into.append(_spearman(list(window.loud_words.values()), list(found.values())))

    def _count_authors(self, window: Window, known: Sequence[Shown]) -> None:
        heard = {(each.said.user, each.shown_ms // MINUTE_MS): False for each in known}
        heard |= {
            (each.said.user, each.shown_ms // MINUTE_MS): True for each in known if each.is_seen
        }
        spoke = {(one.user, one.at // MINUTE_MS) for one in window.said if one.has_something_to_say}
        for key in spoke:
            at_ms = key[1] * MINUTE_MS
            self.authors.add(window.name, at_ms, heard.get(key, False))
            self.heard.add(window.name, at_ms, key in heard)

    def told(self, raw: Figures) -> dict[str, list[float]]:
        """As [value, low, high]."""
        return {
            "near_duplicates": interval(self.near),
            "repeats": interval(self.repeats),
            "toxic_over_raw": interval(self.toxic, raw.toxic),
            "toxic_shown": interval(self.toxic_shown),
            "called_over_raw": interval(self.called, raw.called),
            "mirror": _mean(self.mirror),
            "mirror_unweighted": _mean(self.unweighted),
            "authors": interval(self.authors),
            "heard": interval(self.heard),
        }


def _spearman(one: Sequence[float], other: Sequence[float]) -> float:
    if min(len(set(one)), len(set(other))) < 2:
        return 0.0  # where all words are said alike often there is no order to mirror
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: Sequence[float]) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _mean(values: Sequence[float]) -> list[float]:
    draws = np.random.default_rng(sets.SEED).choice(values, (RESAMPLES, len(values)))
    return _with_interval(float(np.mean(values)), draws.mean(axis=1))


def _of(window: Window, shown: Sequence[Shown], raw: Figures) -> dict[str, float]:
    alone = Figures()
    alone.count(window, shown)
    return {name: value for name, (value, _, _) in alone.told(raw).items()}


def measure(data: Path, scorer: Scorer, split: str = "test") -> dict[str, object]:
    """All figures, by level, budget and way; of each window, and of all with intervals."""
    chats = asyncio.run(windows(data, scorer, split))
    raw = Figures()
    for window in chats:
        raw.count(window, [Shown(one, one.at) for one in window.said])
    whole = raw.told(raw)
    results: dict[str, object] = {
        "raw": {
            "windows": {window.name: len(window.said) for window in chats},
            "near_duplicates": whole["near_duplicates"],
            "repeats": whole["repeats"],
            "toxic": interval(raw.toxic),
        }
    }
    for level in LEVELS:
        for budget in BUDGETS:
            table: dict[str, object] = {}
            for way, choose in ways(budget, level).items():
                all_of_them, each_alone = Figures(), {}
                for window in chats:
                    shown = choose(window.said)
                    all_of_them.count(window, shown)
                    each_alone[window.name] = _of(window, shown, raw)
                table[way] = {**all_of_them.told(raw), "windows": each_alone}
            results[f"level {level}, {budget} a second"] = table
    results["cost_us"] = costs(chats)
    return results


def costs(chats: Sequence[Window]) -> dict[str, float]:
    """Microseconds a comment of the sequencer's ticks, at the windows' own pace and at 7,000/s."""
    told = {}
    for budget in BUDGETS:
        took = [selected(window.said, budget, 2)[1] for window in chats]
        total = sum(len(window.said) for window in chats)
        told[f"{budget} a second"] = round(sum(took) / total * 1e6, 1)
    said = [one for window in chats for one in window.said]
    fast = [_moved(one, number // 7) for number, one in enumerate(said)]
    told["30 a second, of 7,000"] = round(selected(fast, 30, 2)[1] / len(fast) * 1e6, 1)
    return told


def _moved(one: Said, at: int) -> Said:
    return Said(at, one.user, one.text, one.toxic, one.off, one.strict)


def show(results: dict[str, object]) -> None:
    """Prints a table for people."""
    for name, table in results.items():
        print(f"\n{name}")
        if not isinstance(table, dict) or "random" not in table:
            print(json.dumps(table, indent=1))
            continue
        for way, figures in table.items():
            print(f"  {way}")
            for window, values in figures["windows"].items():
                print("   ", window, " ".join(f"{key} {value}" for key, value in values.items()))
            for key, value in figures.items():
                if key != "windows":
                    print(f"    {key:18} {value[0]:.3f}  [{value[1]:.3f}, {value[2]:.3f}]")


def main() -> None:
    """Measure what the model in the project makes a room show."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    arguments.add_argument("--model", type=Path, default=HERE / "model.onnx")
    arguments.add_argument("--split", choices=("thresholds", "test"), default="test")
    given = arguments.parse_args()
    show(measure(given.data, OnnxScorer(given.model), given.split))


if __name__ == "__main__":
    main()
