"""Lurkers in front of a real server, and of what isn't one."""

from __future__ import annotations

import socket

from grandstand.domain.lurkers import SAMPLE
from grandstand.domain.segments import Name

from loadtest.lurkers.lurker_pool import LurkerPool
from tests.server import ServerProcess
from tests.waiting import until

LURKERS = 30


async def test_lurkers_join_follow_and_are_counted(live_server: ServerProcess, room: str) -> None:
    live_server.make_room(room)
    pool = LurkerPool(("127.0.0.1", live_server.port), "show.example", room)
    for number in range(LURKERS):
        pool.take(number)
    pool._waiting[0].lurker.present_s = 0.0  # number 0 says at once that it is there
    try:
        # All follow it live, two segments or more each.
        await until(lambda: pool.turn() == 0 and len(pool.counts.lag_ms) > 3 * LURKERS)
        counts = pool.counts
        assert (counts.watching, counts.requests["present"]) == (LURKERS, 1)
        assert counts.requests["snapshot"] == LURKERS
        assert counts.requests["segment"] > counts.requests["index"] >= LURKERS
        assert set(counts.statuses) <= {"segment 404"}
        assert not counts.faults
        assert max(counts.lag_ms) < 60_000
        assert counts.bytes_received > counts.bytes_sent > 0
        newest = max(
            Name.read(each.lurker.path.rpartition("/")[2]).n  # type: ignore[union-attr]
            for each in pool._by_descriptor.values()
        )
        index = await live_server.ask("GET", f"/v1/rooms/{room}/segments")
        assert newest <= index.json["next"]["n"] + 1
        assert index.json["latest"]["gauges"]["lurkers"] == SAMPLE
        figures = counts.figures()
        assert figures["requests_per_viewer_hour"] > 0
        assert figures["bytes_per_viewer_hour"] > 0
    finally:
        pool.close()


async def test_who_is_no_server_is_named_and_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:
        odd.setblocking(False)
        pool = LurkerPool(odd.getsockname(), "show.example", "gala")
        pool.take(1)

        def answered() -> bool:
            pool.turn()
            try:
                connection, _ = odd.accept()
            except BlockingIOError:
                return False
            with connection:
                connection.sendall(b"what?\r\n\r\n")
            return True

        try:
            await until(answered)
            await until(lambda: pool.turn() or pool.counts.faults)
            await until(answered)
        finally:
            pool.close()
    assert pool.counts.watching == 0
