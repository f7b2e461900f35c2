"""A short measure of what a room takes in, against a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from loadtest.calls import call
from loadtest.intake import ROOM, Load, lost_seats, measure, table, token
from tests.server import SECRET, ServerProcess

TEXTS = [f"note no. {number}" for number in range(1000)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path_factory.mktemp("intake"))
    try:
        made.start()
        settings = {"comment_interval": 0, "comment_burst": 10_000}
        call(made.url, made.producer_token, "PUT", f"/v1/rooms/{ROOM}", settings)
        yield made
    finally:
        made.end()


@pytest.mark.parametrize("kind", ["comment", "vote"])
def test_what_seats_send_is_acknowledged_and_they_send_more(
    kind: str, server: ServerProcess
) -> None:
    pids = [server.pid, server.valkey_pid]
    found = measure(server.port, SECRET, kind, seats=20, seconds=1.0, texts=TEXTS, pids=pids)
    assert found["acked_per_s"] > 0
    assert 0 < found["ack_p50_ms"] <= found["ack_p99_ms"]
    assert found["client_cpu"] > 0
    assert not found["lost"]


def run_until(load: Load, happened: Callable[[], bool]) -> None:
    for _ in range(3000):
        if happened():
            return
        load.run(0.01)
    raise AssertionError(load.pool.counts)


def test_a_seat_that_the_server_closes_is_counted(server: ServerProcess) -> None:
    load = Load("comment", TEXTS, server.port)
    for number, sub in enumerate(("ada", "eve")):
        load.pool.take(number, token(SECRET, sub))
    run_until(load, lambda: load.pool.counts.seated == 2)
    everywhere = token(SECRET, "operator", "producer")
    call(server.url, everywhere, "POST", "/v1/revocations", {"sub": "eve"})
    run_until(load, lambda: load.pool.counts.seated == 1)
    assert load.lost == {"3000": 1}
    load.pool.close()
    assert load.lost == {"3000": 1}, "those who leave by themselves aren't lost"


def run(kind: str, acked: int, **lost: int) -> dict[str, Any]:
    names = ("ack_p50_ms", "ack_p99_ms", "server_cpu", "store_cpu", "client_cpu")
    return {"kind": kind, "acked_per_s": acked, **dict.fromkeys(names, 1.0), "lost": lost}


def test_lost_seats_of_all_runs_stand_beside_the_medians() -> None:
    results = [run("comment", 100), run("comment", 300, cut=2), run("comment", 200, cut=1)]
    results.append(run("vote", 50))
    assert lost_seats(results) == {"cut": 3}
    _, comments, votes = (line.split() for line in table(results).splitlines())
    assert (comments[:2], comments[-1]) == (["comments", "200"], "3")
    assert (votes[:2], votes[-1]) == (["votes", "50"], "0")
