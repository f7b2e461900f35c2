"""Each part of the benchmark on a handful of viewers: that it measures, not how much."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from loadtest.bench import (
    costs,
    deflate,
    effects,
    entities,
    entry,
    fanout,
    patience,
    stalled,
    storm,
)
from loadtest.bench.commands import OpenSeats
from loadtest.bench.crowd import CrowdError, crowd
from loadtest.bench.entrant import Entrant
from loadtest.bench.grandstand import ALONE, ROOM, Grandstand, cores, grandstand
from loadtest.peers.floor import FLOOR
from tests.waiting import wait_until

SERVER_CORE, CLIENT_CORE = cores()
FLOOR_HERE = Entrant("floor", partial(FLOOR.started, [SERVER_CORE]), FLOOR.dialect, FLOOR.path)


class Servers:
    """Servers that one measurement leaves to the next, which finds its rooms new and empty."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._idle: list[Grandstand] = []

    @contextmanager
    def lend(
        self,
        cores: Collection[int],
        settings: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        rooms: Sequence[str] = (ROOM,),
    ) -> Iterator[Grandstand]:
        """As ``grandstand``; ``environment`` is that of ``effects`` for all."""
        assert environment in (None, effects.ALLOWED)
        if not self._idle:
            started = grandstand(cores, environment=effects.ALLOWED, rooms=())
            self._idle.append(self._stack.enter_context(started))
        server = self._idle.pop()
        for room in rooms:
            server.make_room(room, settings or {})
        yield server
        for room in rooms:
            server.call("DELETE", f"/v1/rooms/{room}?confirm={room}")
        wait_until(lambda: server.viewers() == 0)
        self._idle.append(server)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture
def ours(servers: Servers) -> Entrant:
    started = partial(servers.lend, [SERVER_CORE], {"tick": 50}, rooms=(ROOM, ALONE))
    return Entrant("grandstand", started, "grandstand", alone=ALONE, is_ours=True)


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch, servers: Servers) -> None:
    for module in (deflate, effects, entities, patience, stalled):
        monkeypatch.setattr(module, "grandstand", servers.lend)
    for module, name, value in (
        (fanout, "FRAMES", {20: 2}),
        (fanout, "EVERY_MS", {20: 20.0}),
        (fanout, "ROUNDS", 2),
        (fanout, "SETTLE_S", 0.1),
        (entry, "VIEWERS", 20),
        (entry, "RUNS", 1),
        (entry, "REST_S", 0.1),
        (deflate, "VIEWERS", 20),
        (deflate, "RUNS", 1),
        (deflate, "EVERY_MS", 20.0),
        (patience, "FRAMES_VIEWERS", (20,)),
        (patience, "SHOW_VIEWERS", (60,)),
        (patience, "PATIENCE_MS", 250),
        (patience, "EVERY_MS", 50.0),
        (patience, "SPEAKERS", 20),
        (patience, "ROOMY", {**patience.ROOMY, "tick": 50}),
        (patience, "LEAD_S", 0.3),
        (patience, "WINDOW_S", 0.25),
        (patience, "FRAMES_ROUNDS", 1),
        (patience, "SHOW_ROUNDS", 1),
        (patience, "SHOW_WINDOW_S", 1.0),
        (patience, "SETTLE_S", 0.1),
        (storm, "CUT", 40),
        (storm, "STAYED", 20),
        (storm, "BEFORE_S", 0.5),
        (storm, "AFTER_S", 0.5),
        (entities, "ENTITIES", 400),
        (entities, "UPDATES_S", 50),
        (entities, "CALM_S", 0.5),
        (entities, "FEED_S", 1.0),
        (stalled, "READING", 20),
        (stalled, "STALLED", 4),
        (stalled, "CALM_S", 1.0),
        (stalled, "STALL_S", 1.0),
        (stalled, "RECOVER_S", 0.5),
        (stalled, "CUT_WITHIN_S", 1.0),
    ):
        monkeypatch.setattr(module, name, value)


def test_a_frame_costs_something_for_each_viewer_of_each_server(ours: Entrant) -> None:
    small = [replace(each, frames={20: (512, 4096)}) for each in (ours, FLOOR_HERE)]
    found = fanout.measure(small, SERVER_CORE, CLIENT_CORE)
    assert [*found] == ["grandstand", "floor"]
    for its in found.values():
        assert costs.whole(its, 20, 512) > 0
        assert len(costs.by_round(its, 20, 4096)) == 2
        assert {run["arrived"] >= 1 for run in costs.runs(its, 20, 512)} == {True}
        assert (its["closes"], its["faults"]) == ({}, {})
        assert its["memory"]["viewers"] == 20
    for run in costs.runs(found["grandstand"], 20, 512):
        assert 2 <= run["writes"] / 20 <= 4  # two frames, and gauges now and then
        assert run["alone"]["writes"] < run["writes"]


def test_a_peer_that_fails_is_left_out_and_ours_may_not(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(*_: object) -> None:
        raise CrowdError("the roof leaks")

    floor = replace(FLOOR_HERE, frames={20: (512,)})
    broken = replace(floor, name="broken", besides=failing)
    assert [*fanout.measure([broken, floor], SERVER_CORE, CLIENT_CORE)] == ["floor"]
    assert "without broken, which failed: the roof leaks" in capsys.readouterr().out
    with pytest.raises(CrowdError, match="the roof leaks"):
        fanout.measure([replace(broken, is_ours=True)], SERVER_CORE, CLIENT_CORE)


def test_letting_a_viewer_in_costs_something(ours: Entrant) -> None:
    assert entry.measure(ours, SERVER_CORE, CLIENT_CORE)["us_per_viewer"] > 0


def test_viewers_with_deflate_are_measured_beside_those_without() -> None:
    found = deflate.measure(SERVER_CORE, CLIENT_CORE)
    assert found["plain"]["us_per_frame"] > 0
    assert found["deflated"]["us_per_frame"] > 0


def test_viewers_with_patience_get_the_same_in_fewer_writes() -> None:
    found = patience.measure(SERVER_CORE, CLIENT_CORE, None)
    (frames,), (show,) = found["frames"], found["show"]
    assert {len(rounds) for rounds in frames["rounds"].values()} == {1}
    assert all(us[0] > 0 for us in (frames["us"]["each"], frames["us"]["joined"]))
    (without,), (with_,) = show["without"], show["with"]
    assert with_["shown"] > 0
    assert with_["writes"] < without["writes"]


def test_after_a_storm_all_are_back_with_all_they_missed() -> None:
    found = storm.measure(SERVER_CORE, CLIENT_CORE)
    assert found["back_s"] is not None
    assert (found["came_back_with_all"], found["given_anew"], found["gaps"]) == (40, 0, 0)
    assert found["those_who_stayed"]["before"]["comment to screen"]["count"] > 0


def test_who_stalls_and_reads_again_misses_nothing() -> None:
    found = stalled.measure(SERVER_CORE, CLIENT_CORE)
    assert found["with"]["comment to screen"]["count"] > 0
    assert found["returned"]["gaps"] == 0


def test_a_room_with_entities_that_change_is_measured_beside_itself() -> None:
    found = entities.measure(SERVER_CORE, CLIENT_CORE, 200)
    for name in ("without", "at rest", "fed"):
        assert found[name]["latencies_ms"]["comment to screen"]["count"] > 0
    assert found["report"]["taken"] == 50
    assert found["asked_ms"]["count"] > 0


def test_a_crowd_that_cannot_get_in_says_why(servers: Servers) -> None:
    with (
        servers.lend([SERVER_CORE]) as server,
        crowd(server.address, CLIENT_CORE, secret="another secret of at least 32 bytes") as seats,
    ):
        seats.ask(OpenSeats(1))
        counts = seats.until(lambda counts: bool(counts["closes"]))
        assert counts["closes"] == {"3000": 1}


def test_an_effect_is_timed_from_the_commit_of_its_polls_end() -> None:
    took_ms = effects.measure(effects.webhooks, SERVER_CORE, CLIENT_CORE, 3, 10)
    assert len(took_ms) == 3
    assert all(0 < each < effects.WITHIN_S * 1000 for each in took_ms)
    row = effects.told([10.0] * 199 + [400.0], 150.0)
    assert (row["p50_ms"], row["max_ms"], row["reached"]) == (10.0, 400.0, True)
    assert not effects.told([10.0] * 190 + [400.0] * 10, 150.0)["reached"]
