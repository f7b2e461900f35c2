"""A short measure of what a room takes in, against a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtest.calls import call
from loadtest.intake import ROOM, measure
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
