"""What recommendations cost: ``python -m models.recommendations.costs --data DIR``.

Times, in CPU seconds of one core, a fit of the alikeness, a board, and answers: to users of
``reco_twitch_follows`` in turn, with so many of its channels live, each as a room of its own with
20 channels to be about. Writes ``costs.json``.
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
from grandstand.recommendations.alikeness import Alikeness
from grandstand.recommendations.board import Board, LiveRoom
from grandstand.recommendations.reasons import reason

from models.recommendations import sets

HERE = Path(__file__).parent
LIVE = (100, 500, 1500)
THINGS = 20
ANSWERS = 5000


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


if __name__ == "__main__":
    main()
