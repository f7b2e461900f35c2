"""A feed into a room of a real server."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Iterator

import pytest
from grandstand.overlays.card_rules.update import Figure, Update

from loadtest.calls import call
from loadtest.feeds.sending import send
from tests.server import ServerProcess

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path_factory.mktemp("feed"))
    try:
        made.start()
        call(made.url, made.producer_token, "PUT", "/v1/rooms/track", {})
        yield made
    finally:
        made.end()


def test_a_feed_of_last_night_is_sent_as_of_now(server: ServerProcess) -> None:
    began = time.time() * 1000 - DAY_MS
    updates = [
        Update(f"athlete:{n}", f"Runner {n}", round(began + n * 1000), {"100 m": Figure(10.0 + n)})
        for n in range(3)
    ]
    room = f"{server.url}/v1/rooms/track"
    fates = send(updates, room, server.producer_token, pace=1000, plain=True)
    assert fates == {"taken": 3}
    with pytest.raises(urllib.error.HTTPError, match="401"):
        send(updates, room, "no token", pace=1000, plain=True)
