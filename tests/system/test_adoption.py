"""What a start finds: a store that outlived its server, another server, or nothing."""

from __future__ import annotations

import asyncio

import pytest

from tests.conftest import MakeServer
from tests.processes import is_running
from tests.viewer import viewing
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.single


async def test_the_next_start_adopts_the_store_of_a_server_that_was_killed(
    make_server: MakeServer, room: str
) -> None:
    server = make_server().start()
    server.make_room(room)
    before = server.valkey_pid
    async with viewing(server.url, room, server.token("ann"), comes_back=False) as ann:
        said = await ann.comment("said before the kill")
        await ann.seen("said before the kill")
        server.kill()
    assert is_running(before)
    server.start()
    assert server.valkey_pid == before
    async with viewing(server.url, room, server.token("ann")) as ann:
        assert [comment["id"] for comment in ann.welcome["recent"]] == [said["comment"]]
        assert ann.epoch == ann.welcome["epoch"]
        await ann.comment("said after the kill")
        await ann.seen("said after the kill")
    server.stop()
    assert not is_running(before)


async def test_a_second_start_on_one_data_folder_says_so_and_leaves_the_first_alone(
    make_server: MakeServer, room: str
) -> None:
    first = make_server().start()
    first.make_room(room)
    second = make_server(folder=first.folder)
    assert second.launch().wait(PATIENCE_S) == 1
    assert f"in use by another grandstand (pid {first.pid})" in second.log
    async with viewing(first.url, room, first.token("ann")) as ann:
        assert (await ann.comment("still here"))["status"] == "accepted"


async def test_a_clean_stop_sends_viewers_elsewhere_and_leaves_no_process(
    make_server: MakeServer, room: str
) -> None:
    server = make_server().start()
    server.make_room(room, title="Kept")
    pids = server.pid, server.valkey_pid
    async with viewing(server.url, room, server.token("ann"), comes_back=False) as ann:
        await asyncio.to_thread(server.stop)
        bye = await ann.told("bye", 1012)
        assert bye["reconnect"] is True
        assert bye["after"] >= 0
        await until(lambda: ann.closes == [1012])
    assert not any(map(is_running, pids))
    server.start()
    told = server.call("GET", f"/v1/rooms/{room}").json
    assert told["settings"]["title"] == "Kept"
    server.stop()
