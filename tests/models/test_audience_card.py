from __future__ import annotations

import json

from models.audience.card import CARD, HERE, written

RESULTS = json.loads((HERE / "results.json").read_text("utf-8"))


def test_the_card_has_the_figures_of_the_results() -> None:
    card = CARD.read_text("utf-8")
    assert written(card, RESULTS) == card, "python -m models.audience.card"


def test_the_results_are_of_the_shipped_weights() -> None:
    shipped = json.loads((HERE / "weights.json").read_text("utf-8"))
    assert (RESULTS["version"], RESULTS["trained_on"]) == (
        shipped["version"],
        shipped["trained_on"],
    )


def test_a_late_run_down_costs_at_most_three_percent() -> None:
    for edition in RESULTS["editions"].values():
        for row in edition["viewers"].values():
            for late in ("run-down 10 min late", "run-down 10 min early"):
                assert row["mape"][late] <= 1.03 * row["mape"]["persistence"]


def test_eight_of_ten_counts_lie_within_the_intervals() -> None:
    for edition in RESULTS["editions"].values():
        for ahead in ("5", "15", "30", "60"):
            for curve in ("viewers", "comments"):
                assert 0.77 <= edition[curve][ahead]["coverage"][0] <= 0.83
            for small in edition["small shows"].values():
                assert 0.77 <= small["viewers"][ahead] <= 0.83
