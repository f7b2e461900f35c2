"""A real attack on a real server, small: that it is measured, not how much."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from loadtest.attacks import measure as measured
from loadtest.attacks.__main__ import known
from loadtest.attacks.attack import Attack
from loadtest.attacks.floods import flood
from loadtest.attacks.measure import measure, table


def test_what_honest_viewers_notice_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "CALM_S", 1.0)
    pings = partial(flood, kind="pings", connections=2, size=6000)
    found = measure(Attack("pings", pings))
    for when in ("before", "during"):
        assert found[when]["trip_ms"]["count"] > 0
        assert found[when]["longest_gap_ms"] > 0
    assert found["before"]["trip_ms"]["p50"] > 0
    assert (found["closes"], found["hung"]) == (0, 0)
    assert "pings" in table({"pings": found})


def told(**its: Any) -> str:
    """The end of an attack's line: from how many workers hung on."""
    trip = {"count": 100, "p50": 1.0, "p99": its.get("p99", 59.0), "max": 70.0}
    noticed = {"trip_ms": trip, "longest_gap_ms": its.get("gap", 600.0), "own_lag_ms": {"count": 0}}
    found = {
        "seconds": 1.0,
        "before": noticed,
        "during": noticed,
        "closes": 0,
        "hung": its.get("hung", 0),
        "counted": its.get("counted", {}),
        "most_p99_ms": 60.0,
    }
    return " ".join(table({"flood": found}).splitlines()[-1].split()[9:])


def test_the_verdict_says_each_thing_that_is_wrong() -> None:
    assert told() == "0 under 60"
    assert told(p99=61.0) == "0 OVER 60"
    assert told(gap=1001.0) == "0 under 60, gap OVER 1000"
    assert told(p99=61.0, gap=2000.0, hung=2) == "2 OVER 60, gap OVER 1000, HUNG"


def test_what_an_attack_counted_stands_beside_its_figures() -> None:
    counted = {"accepted": 600, "sequenced": 601}
    assert told(counted=counted) == "0 under 60 600 accepted 601 sequenced"


def test_all_attacks_are_found_by_their_names() -> None:
    names = {"pings-4", "time-200", "workers-pings", "katakana-500", "room-list-4", "idle-rooms"}
    assert names <= set(known())
