from __future__ import annotations

import json

from models.comment_scorer.card import CARD, FIRST, HERE, LAST, figures, written

RESULTS = json.loads((HERE / "results.json").read_text("utf-8"))


def test_the_card_has_the_figures_of_the_results() -> None:
    card = CARD.read_text("utf-8")
    assert written(card, RESULTS) == card, "python -m models.comment_scorer.card"


def test_only_what_stands_between_the_marks_is_written() -> None:
    card = f"before\n{FIRST}\nold figures\n{LAST}\nafter\n"
    assert written(card, RESULTS) == f"before\n{FIRST}\n{figures(RESULTS)}\n{LAST}\nafter\n"


def test_a_goal_that_was_missed_is_said_to_be() -> None:
    worse = json.loads(json.dumps(RESULTS))
    worse["two classes"]["OLID test (official)"]["macro_f1"] = [0.7, 0.6, 0.8]
    row = next(line for line in figures(worse).splitlines() if line.startswith("| OLID test"))
    assert "| 0.734 | 0.700 (0.600 to 0.800) | **no** |" in row
