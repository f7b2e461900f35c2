from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from grandstand.domain.audience_report import MAX_POLLS, AudienceReport, gauge
from grandstand.domain.latency_histogram import bin_of
from grandstand.domain.polls.record import PollRecord
from grandstand.wire.gauges import Audience, Behind, Sync

NOW = 1_800_000_000_000


def poll(name: str = "p", **fields: Any) -> PollRecord:
    window = {"opens_at": NOW - 20_000, "closes_at": NOW - 5_000, "grace": 15_000}
    options = ["A", "B"]
    return PollRecord(id=name, kind="single", question="?", options=options, **{**window, **fields})


def report(*behind_ms: int, sync_ms: tuple[int, ...] = ()) -> AudienceReport:
    return AudienceReport(Counter(map(bin_of, behind_ms)), Counter(map(bin_of, sync_ms)))


def test_the_nodes_reports_are_one_audience() -> None:
    near = report(*[3_000] * 60, sync_ms=(100, 150))
    far = report(*[8_000] * 30, *[30_000] * 10, sync_ms=(900,))
    told = gauge([near, far], [poll()], NOW)
    assert told.told == 100
    assert told.behind.p10 == pytest.approx(3_000, rel=0.06)
    assert told.behind.p50 == pytest.approx(3_000, rel=0.06)
    assert told.behind.p90 == pytest.approx(8_000, rel=0.06)
    assert told.behind.p99 == pytest.approx(30_000, rel=0.06)
    assert told.sync.p50 == pytest.approx(150, abs=100)
    assert told.sync.p99 == pytest.approx(900, abs=100)
    (progress,) = told.polls
    assert (progress.poll, progress.seen, progress.ended) == ("p", 0.9, 0.6)
    assert progress.in_time == 0.9
    assert progress.last_in == pytest.approx(25_000, rel=0.07)


def test_the_audience_moves_on_with_the_clock() -> None:
    reports = [report(*range(0, 20_000, 10))]
    opened = poll(opens_at=NOW, closes_at=NOW + 10_000)
    seen = [gauge(reports, [opened], NOW + ms).polls[0] for ms in range(0, 40_000, 500)]
    for name, rises in (("seen", True), ("ended", True), ("last_in", False)):
        course = [getattr(each, name) for each in seen]
        assert course == sorted(course, reverse=not rises)
    assert (seen[0].seen, seen[0].ended) == pytest.approx((0, 0), abs=0.01)
    assert (seen[-1].seen, seen[-1].ended, seen[-1].last_in) == (1, 1, 0)
    assert seen[20].seen == pytest.approx(0.5, abs=0.02)
    assert seen[40].ended == pytest.approx(0.5, abs=0.02)


def test_polls_that_are_over_or_yet_to_come_are_left_out_and_there_are_not_too_many() -> None:
    known = [
        poll("over", status="closed"),
        poll("off", status="cancelled"),
        poll("later", opens_at=NOW + 1),
        poll("now", opens_at=NOW),
    ]
    assert [each.poll for each in gauge([], known, NOW).polls] == ["now"]
    many = [poll(str(number), closes_at=NOW + number) for number in range(MAX_POLLS + 5)]
    told = gauge([], reversed(many), NOW).polls
    assert [each.poll for each in told] == [str(number) for number in range(5, MAX_POLLS + 5)]
    assert len(msgspec.json.encode(told)) < 10_000


def test_while_nobody_has_told_everything_is_zero() -> None:
    nobody = Audience(0, Behind(0, 0, 0, 0), Sync(0, 0), [])
    assert gauge([], [], NOW) == gauge([AudienceReport()], [], NOW) == nobody
    (progress,) = gauge([], [poll(closes_at=NOW + 700)], NOW).polls
    assert (progress.seen, progress.ended, progress.last_in) == (0, 0, 700)
