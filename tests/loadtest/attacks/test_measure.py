"""A real attack on a real server, small: that it is measured, not how much."""

from __future__ import annotations

from functools import partial

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


def test_all_attacks_are_found_by_their_names() -> None:
    assert {"pings-4", "time-200", "workers-pings"} <= set(known())
