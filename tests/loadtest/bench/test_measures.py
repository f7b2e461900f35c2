"""Each part of the benchmark on a handful of viewers: that it measures, not how much."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from loadtest.bench import deflate, entry, fanout, stalled, storm
from loadtest.bench.crowd import crowd
from loadtest.bench.fanout import Entrant
from loadtest.bench.grandstand import ALONE, ROOM, cores, grandstand
from loadtest.peers.floor import FLOOR

SERVER_CORE, CLIENT_CORE = cores()
OURS = Entrant(
    "grandstand",
    partial(grandstand, [SERVER_CORE], {"tick": 50}, rooms=(ROOM, ALONE)),
    "grandstand",
    alone=ALONE,
)


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (fanout, "FRAMES", {20: 2}),
        (fanout, "EVERY_MS", {20: 20.0}),
        (fanout, "RUNS", 1),
        (fanout, "RUNS_BESIDE", 1),
        (fanout, "SETTLE_S", 0.1),
        (entry, "VIEWERS", 20),
        (entry, "RUNS", 1),
        (deflate, "VIEWERS", 20),
        (deflate, "RUNS", 1),
        (deflate, "EVERY_MS", 20.0),
        (storm, "CUT", 40),
        (storm, "STAYED", 20),
        (storm, "BEFORE_S", 0.5),
        (storm, "AFTER_S", 0.5),
        (stalled, "READING", 20),
        (stalled, "STALLED", 4),
        (stalled, "CALM_S", 1.0),
        (stalled, "STALL_S", 1.0),
        (stalled, "RECOVER_S", 0.5),
        (stalled, "CUT_WITHIN_S", 1.0),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize(
    "entrant",
    [OURS, Entrant("floor", partial(FLOOR.started, [SERVER_CORE]), FLOOR.dialect, FLOOR.path)],
    ids=lambda each: each.name,
)
def test_a_frame_costs_something_for_each_viewer(entrant: Entrant) -> None:
    small = replace(entrant, viewers=(20,), sizes=(512,))
    found = fanout.measure(small, SERVER_CORE, CLIENT_CORE)
    assert fanout.whole(found, 20, 512) > 0
    assert fanout.alone(found, 20, 512) > 0
    for row in found["frames"] if entrant.alone else ():
        for run in row["runs"]:
            assert 2 <= run["writes"] / 20 <= 4  # two frames, and gauges now and then
            assert run["alone"]["writes"] < run["writes"]
    assert {run["arrived"] >= 1 for row in found["frames"] for run in row["runs"]} == {True}
    assert (found["closes"], found["faults"]) == ({}, {})
    assert found["memory"]["viewers"] == 20


def test_letting_a_viewer_in_costs_something() -> None:
    assert entry.measure(OURS, SERVER_CORE, CLIENT_CORE)["us_per_viewer"] > 0


def test_viewers_with_deflate_are_measured_beside_those_without() -> None:
    found = deflate.measure(SERVER_CORE, CLIENT_CORE)
    assert found["plain"]["us_per_frame"] > 0
    assert found["deflated"]["us_per_frame"] > 0


def test_after_a_storm_all_are_back_with_all_they_missed() -> None:
    found = storm.measure(SERVER_CORE, CLIENT_CORE)
    assert found["back_s"] is not None
    assert (found["came_back_with_all"], found["given_anew"], found["gaps"]) == (40, 0, 0)
    assert found["those_who_stayed"]["before"]["comment to screen"]["count"] > 0


def test_who_stalls_and_reads_again_misses_nothing() -> None:
    found = stalled.measure(SERVER_CORE, CLIENT_CORE)
    assert found["with"]["comment to screen"]["count"] > 0
    assert found["returned"]["gaps"] == 0


def test_a_crowd_that_cannot_get_in_says_why() -> None:
    with (
        grandstand([SERVER_CORE]) as server,
        crowd(server.address, CLIENT_CORE, secret="another secret of at least 32 bytes") as seats,
    ):
        seats.ask("open", 1)
        counts = seats.until(lambda counts: bool(counts["closes"]))
        assert counts["closes"] == {"3000": 1}
