from __future__ import annotations

import random

import pytest
from grandstand.domain.audience_report import AudienceReport
from grandstand.domain.lurkers import PER_HOUSEHOLD, SAMPLE, SPAN_S, Lurkers, estimate

MINUTE_MS = SPAN_S * 1000


def test_reports_count_for_a_minute() -> None:
    lurkers = Lurkers()
    for ms in range(0, 10_000, 1000):
        assert lurkers.report("gala", f"10.0.0.{ms}", ms) == 0
    lurkers.report("quiz", "10.0.1.1", 9_000)
    assert lurkers.counts(10_000) == {"gala": 10, "quiz": 1}
    assert lurkers.counts(MINUTE_MS + 4_000) == {"gala": 5, "quiz": 1}
    assert lurkers.counts(MINUTE_MS + 9_000) == {}


def test_a_household_moves_the_estimate_by_so_much_and_is_told_when_to_come_again() -> None:
    lurkers = Lurkers()
    most = 0
    for ms in range(0, 5 * MINUTE_MS, 100):
        wait_ms = lurkers.report(f"room-{ms % 3}", "192.0.2.1", ms)
        counted = sum(lurkers.counts(ms).values())
        most = max(most, counted)
        assert wait_ms <= PER_HOUSEHOLD.interval_ms
    assert most <= 20
    assert counted == pytest.approx(10, abs=1)
    assert lurkers.report("gala", "192.0.2.2", ms) == 0


def test_a_sample_of_all_nodes_tells_how_many_there_are() -> None:
    nodes = [Lurkers() for _ in range(3)]
    there = 50_000
    draw = random.Random(1)
    for who in range(there):
        if draw.randrange(SAMPLE) == 0:
            draw.choice(nodes).report("gala", f"10.0.{who % 256}.{who}", draw.random() * MINUTE_MS)
    reports = [AudienceReport(present=node.counts(MINUTE_MS - 1)["gala"]) for node in nodes]
    assert estimate(reports) == pytest.approx(there, rel=0.1)
    assert estimate([AudienceReport()]) == estimate([]) == 0
