"""What recommendations cost: ``python -m models.recommendations.costs --data DIR``.

Times, in CPU seconds of one core, a fit of the alikeness, a board, and answers: to users of
``reco_twitch_follows`` in turn, with so many of its channels live, each as a room of its own with
20 channels to be about. Besides, fits of as many made-up people as may count, and a board and an
answer of all that may be: ``most``. Writes ``costs.json``.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from grandstand.recommendations.alikeness import MAX_FOLLOWS, MAX_PAIRS, MAX_PEOPLE, Alikeness
from grandstand.recommendations.board import MAX_ROOM_THINGS, MAX_ROOMS, Board, LiveRoom
from grandstand.recommendations.reasons import reason

from models.recommendations import sets

HERE = Path(__file__).parent
LIVE = (100, 500, 1500)
THINGS = 20
ANSWERS = 5000
MADE_UP = [f"thing {number}" for number in range(3000)]


def main() -> None:
    """Measure on the follows of ``--data``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    follows = sets.twitch(parser.parse_args().data / "reco_twitch_follows")
    begun = time.process_time()
    alikeness = Alikeness.of(follows)
    told: dict[str, Any] = {
        "people": len(follows),
        "things": len(alikeness.things),
        "weights_that_are_not_zero": int(np.count_nonzero(alikeness.weights)),
        "fit_s": round(time.process_time() - begun, 2),
        "live": {str(count): answered(alikeness, follows, count) for count in LIVE},
        "most": most(),
    }
    print(json.dumps(told, indent=1))
    (HERE / "costs.json").write_text(json.dumps(told, indent=1) + "\n")


def answered(alikeness: Alikeness, follows: sets.Follows, count: int) -> dict[str, float]:
    """Return what a board of ``count`` rooms costs, and how many answers a second it gives."""
    chance = random.Random(1)
    rooms = [
        LiveRoom(
            f"room {number}",
            round(10 * chance.paretovariate(0.8)),
            (thing, *chance.sample(alikeness.things, THINGS - 1)),
            rise=chance.choice((1.0, 1.0, 3.0)),
            highlight_age_s=chance.choice((None, None, 30.0)),
        )
        for number, thing in enumerate(chance.sample(alikeness.things, count))
    ]
    begun = time.process_time()
    board = Board(alikeness, rooms)
    made_s = time.process_time() - begun
    spent = []
    for each in (follows[number % len(follows)] for number in range(ANSWERS)):
        begun = time.process_time()
        for pick in board.picks(each):
            reason(pick, {})
        spent.append(time.process_time() - begun)
    return {
        "board_ms": round(1000 * made_s, 1),
        "answers_a_second": round(len(spent) / sum(spent)),
        "answer_us_median": round(1e6 * statistics.median(spent), 1),
        "answer_us_p99": round(1e6 * sorted(spent)[len(spent) * 99 // 100], 1),
    }


def most() -> dict[str, float]:
    """Return what the most costs that strangers can bring about: people who follow all that they
    may, as many people as may count, rooms about all that they may be."""
    chance = random.Random(1)
    everything = [chance.sample(MADE_UP, MAX_FOLLOWS) for _ in range(MAX_PAIRS // MAX_FOLLOWS**2)]
    usual = [chance.sample(MADE_UP, 16) for _ in range(2000)]
    rooms = [
        LiveRoom(f"room {number}", number, tuple(MADE_UP[:MAX_ROOM_THINGS]))
        for number in range(MAX_ROOMS)
    ]
    told = {}
    begun = time.process_time()
    alikeness = Alikeness.of(everything)
    told["fit_of_all_pairs_s"] = round(time.process_time() - begun, 1)
    begun = time.process_time()
    Alikeness.of(usual[number % len(usual)] for number in range(MAX_PEOPLE))
    told["fit_of_all_people_s"] = round(time.process_time() - begun, 1)
    begun = time.process_time()
    board = Board(alikeness, rooms)
    told["board_ms"] = round(1000 * (time.process_time() - begun), 1)
    begun = time.process_time()
    for _ in range(100):
        board.picks(MADE_UP[:MAX_FOLLOWS], 100)
    told["answer_us"] = round(1e4 * (time.process_time() - begun), 1)
    return told


if __name__ == "__main__":
    main()
