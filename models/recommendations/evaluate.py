"""Measures recommendations: ``python -m models.recommendations.evaluate --data DIR``.

Prints tables and writes ``results.json``. A fifth of what each user follows is held out; what is
recommended to each are the ten best of all other channels, as the server would: by the board that
it asks (``grandstand.recommendations``), with every channel a live room that its followers watch.

- recall: of what was held out of a user, the part among the ten; the mean over users,
- tail recall: the same of lesser-known channels alone, over users who have such,
- tail share: the part of what is recommended that is lesser known,
- coverage: channels that are recommended to anybody.

Lesser known are the channels beside the most followed ones that together have half of all follows:
nine of ten. Intervals (95 %) are by bootstrap over users. Nothing was chosen on the test.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
from grandstand.recommendations.alikeness import FEWEST, Alikeness
from grandstand.recommendations.board import Board, Knob, LiveRoom
from numpy.typing import NDArray

from models.recommendations import baselines, sets
from models.recommendations.availability import availability
from models.recommendations.sets import Follows

HERE = Path(__file__).parent
LIMIT = 10
BOOTSTRAPS = 1000

Floats = NDArray[np.float64]
Lists = list[list[str]]
Scores = Callable[[baselines.Floats], baselines.Floats]

BASELINES: dict[str, Scores] = {
    "popular": baselines.popular,
    "item-kNN, all": lambda follows: baselines.item_knn(follows, follows.shape[1]),
    "item-kNN, 100": baselines.item_knn,
    "EASE": lambda follows: baselines.ease(follows, 300, 0),
    "EASE, penalty": lambda follows: baselines.ease(follows, 300, 0.28),
}
"""How strongly EASE is held back is what was best on the validation; the penalty gives it a tail
share of a third."""


class Trial:
    """What was left for training, and what is to be found."""

    def __init__(self, follows: Follows, seeds: tuple[int, ...]) -> None:
        self.left = follows
        for seed in seeds:
            self.left, self.held = sets.split(self.left, seed)
        counts: dict[str, int] = {}
        for each in self.left:
            for channel in each:
                counts[channel] = counts.get(channel, 0) + 1
        self.followers = counts
        self.channels = sorted({channel for each in follows for channel in each}, key=int)
        self.tail = self._tail()

    def _tail(self) -> set[str]:
        ordered = sorted(self.channels, key=lambda each: (-self.followers.get(each, 0), int(each)))
        half, before, tail = sum(self.followers.values()) / 2, 0, set()
        for channel in ordered:
            if before >= half:
                tail.add(channel)
            before += self.followers.get(channel, 0)
        return tail

    def of_board(self, knob: Knob, fewest: int) -> Lists:
        """Return what the board recommends to each user."""
        alikeness = Alikeness.of(self.left, fewest)
        rooms = [LiveRoom(each, self.followers.get(each, 0), (each,)) for each in self.channels]
        board = Board(alikeness, rooms)
        return [
            [pick.room.room for pick in board.picks(each, LIMIT, knob, beside=each)]
            for each in self.left
        ]

    def of_scores(self, scores: Scores) -> Lists:
        """Return the ten best of a baseline for each user."""
        places = {channel: place for place, channel in enumerate(self.channels)}
        follows = np.zeros((len(self.left), len(places)), np.float32)
        for user, each in enumerate(self.left):
            follows[user, [places[channel] for channel in each]] = 1
        found = np.where(follows > 0, -np.inf, scores(follows))
        best = np.argsort(-found, axis=1, kind="stable")[:, :LIMIT]
        return [[self.channels[place] for place in each] for each in best.tolist()]

    def figures(self, lists: Lists) -> Floats:
        """Return for each user that something was held out of: recall, tail recall (nan without a
        lesser-known one), tail share."""
        return np.array(list(self._figures(lists)))

    def _figures(self, lists: Lists) -> Iterator[tuple[float, float, float]]:
        for given, held in zip(lists, self.held, strict=True):
            if held:
                rare = self.tail.intersection(held)
                yield (
                    len({*given} & {*held}) / len(held),
                    len(rare.intersection(given)) / len(rare) if rare else np.nan,
                    len(self.tail.intersection(given)) / LIMIT,
                )

    def coverage(self, lists: Lists) -> int:
        """Return how many channels are recommended to users that something was held out of."""
        told = (given for given, held in zip(lists, self.held, strict=True) if held)
        return len({channel for given in told for channel in given})


def judged(trial: Trial, lists: Lists, base: Floats) -> dict[str, Any]:
    """Return the figures of what was recommended, and how much better recall and tail recall are
    than those of ``base``, user by user."""
    found = trial.figures(lists)
    chance = np.random.default_rng(1)
    draws = [chance.integers(len(found), size=len(found)) for _ in range(BOOTSTRAPS)]
    told: dict[str, Any] = {"coverage": trial.coverage(lists)}
    for place, name in enumerate(("recall", "tail_recall", "tail_share")):
        told[name] = interval(found[:, place], draws)
        told[f"{name}_more"] = interval(found[:, place] - base[:, place], draws)
    return told


def interval(values: Floats, draws: list[NDArray[np.int64]]) -> list[float]:
    """Return the mean, and between which values 95 % of the bootstrap's means lie."""
    means = [float(np.nanmean(values[draw])) for draw in draws]
    low, high = np.percentile(means, (2.5, 97.5))
    return [round(float(each), 4) for each in (np.nanmean(values), low, high)]


def tables(results: dict[str, Any]) -> list[str]:
    """Return the tables of the results, as README.md has them."""
    return [table(results[name]) for name in ("follows", "films")]


def table(told: dict[str, Any]) -> str:
    """Return the figures of one set as a table."""
    names = ("recall", "tail_recall", "tail_share")
    lines = [
        "| | recall@10 | tail recall | tail share | coverage |",
        "| --- | --- | --- | --- | --- |",
    ]
    for way, each in told.items():
        cells = ["{:.3f} ({:.3f} to {:.3f})".format(*each[name]) for name in names]
        lines.append(f"| {way} | {' | '.join(cells)} | {each['coverage']:,} |")
    return "\n".join(lines)


def compared(trial: Trial) -> dict[str, Any]:
    """Return the figures of all ways on one trial."""
    lists = {name: trial.of_scores(scores) for name, scores in BASELINES.items()}
    for knob in get_args(Knob):
        lists[f"server, {knob}"] = trial.of_board(knob, FEWEST)
    for fewest in (1, 2, 5, 10):
        lists[f"server, balanced, k={fewest}"] = trial.of_board("balanced", fewest)
    base = trial.figures(lists["EASE, penalty"])
    return {name: judged(trial, each, base) for name, each in lists.items()}


def main() -> None:
    """Measure on the sets of ``--data``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    parser.add_argument("--validation", action="store_true", help="on the validation alone")
    given = parser.parse_args()
    follows = sets.twitch(given.data / "reco_twitch_follows")
    if given.validation:
        print(table(compared(Trial(follows, (sets.TEST_SEED, sets.VALIDATION_SEED)))))
        return
    told = {
        "rules": {
            "limit": LIMIT,
            "held_out": sets.HELD_OUT,
            "fewest_people_behind_a_weight": FEWEST,
            "more": "than EASE, penalty, user by user",
        },
        "follows": compared(Trial(follows, (sets.TEST_SEED,))),
        "films": compared(Trial(sets.films(given.data / "reco_movielens"), (sets.TEST_SEED,))),
        "availability": availability(sets.schedule(given.data / "milano_cortina_2026")),
    }
    print("\n\n".join(tables(told)), json.dumps(told["availability"], indent=1), sep="\n\n")
    given.out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
