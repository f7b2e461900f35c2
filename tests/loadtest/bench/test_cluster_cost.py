"""Pairs of shows, and what is judged: how the two stores compare stands in the bench's own runs."""

from __future__ import annotations

from typing import Any

import pytest

from loadtest.bench import cluster_cost

SINGLE = {"server": 0.1, "store": 0.02, "comment_p50_ms": 100.0}


def told(*servers: float, wrong: dict[str, Any] | None = None, idle: float = 0.1) -> dict[str, Any]:
    pairs = [
        {"single": SINGLE, "cluster": {**SINGLE, "server": server, "store": 0.06}}
        for server in servers
    ]
    windows = [{"one": 0.01, "many": 0.01 + idle}]
    rooms = {"idle rooms": {"rooms": 401, "windows": windows, "most_cores": 0.15}}
    return {"pairs": pairs, "wrong": wrong or {}, "idle": rooms}


@pytest.mark.parametrize(
    ("found", "good"),
    [
        (told(0.11, 0.129, 0.2), True),
        (told(0.11, 0.131, 0.2), False),
        (told(0.11, wrong={"cluster": {"overloaded": 1}}), False),
        (told(0.11, idle=0.2), False),
    ],
)
def test_the_median_is_judged_and_so_is_what_went_wrong(found: dict[str, Any], good: bool) -> None:
    assert cluster_cost.is_good(found) is good


def test_the_table_has_each_figure_and_what_is_over() -> None:
    printed = cluster_cost.table(told(0.14, idle=0.2)).splitlines()
    assert [line.split()[:4] for line in printed[1:3]] == [
        ["server", "0.100", "0.140", "1.40"],
        ["store", "0.020", "0.060", "3.00"],
    ]
    assert "OVER 1.3" in printed[1]
    assert printed[-1].endswith("OVER 0.15")
