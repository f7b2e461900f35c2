"""A replay's seats and what becomes of those who are turned away."""

from __future__ import annotations

import asyncio

import pytest
from grandstand.client.replay import Replay
from grandstand.errors import OperatorError
from grandstand.recordings.line import Line

from tests.server import ServerProcess
from tests.viewer import viewing


def said(server: ServerProcess, room: str, *lines: Line) -> Replay:
    async def issue(user: str, name: str) -> str:
        return server.token(user, name=name, rooms=(room,))

    address = f"ws{server.url.removeprefix('http')}/v1/rooms/{room}/live"
    return Replay(address, lines, issue, speed=1, most=5, interval_s=0)


async def test_who_is_banned_says_no_more_and_the_others_go_on(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    replay = said(
        shared_server,
        room,
        Line(0, "ann", "one"),
        Line(3000, "ann", "two"),
        Line(3100, "ann", "three"),
        Line(3200, "bo", "four"),
    )
    async with viewing(shared_server.url, room) as watching:
        running = asyncio.create_task(replay.run())
        user = (await watching.seen("one"))["user"]
        await shared_server.produce("POST", f"/v1/rooms/{room}/viewers/{user}/ban", {})
        await running
    assert (replay.figures.sent, replay.figures.acked) == (4, 2)
    (why,) = replay.lost
    assert why.startswith("3503")
    assert replay.lost[why] == 2


async def test_a_room_that_is_not_there_is_told(shared_server: ServerProcess) -> None:
    with pytest.raises(OperatorError, match="can't join the room: 4004"):
        await said(shared_server, "nowhere", Line(0, "ann", "one")).run()


async def test_a_token_that_is_refused_ends_it_and_is_told(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    replay = said(shared_server, room, Line(0, "ann", "one"))

    async def issue(user: str, name: str) -> str:
        return "no token"

    replay._issue = issue
    with pytest.raises(OperatorError, match="can't join the room: 3000"):
        await replay.run()


async def test_a_token_that_can_t_be_made_ends_it(shared_server: ServerProcess, room: str) -> None:
    shared_server.make_room(room)
    replay = said(shared_server, room, Line(0, "ann", "one"))

    async def issue(user: str, name: str) -> str:
        raise OperatorError("no more tokens")

    replay._issue = issue
    with pytest.raises(OperatorError, match="no more tokens"):
        await replay.run()


async def test_a_viewer_says_no_more_than_a_connection_may_send_however_fast_the_recording(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room, comment_interval=0, comment_burst=10_000)
    replay = said(shared_server, room, *(Line(0, "ann", f"number {n} of it") for n in range(70)))
    await replay.run()
    assert (replay.figures.sent, replay.figures.acked) == (70, 70)
    assert not replay.figures.put_off
    assert not replay.lost


async def test_a_recording_that_is_too_fast_is_begun_anew_where_it_stands(
    shared_server: ServerProcess, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.client.replay.LATE_S", 0.5)
    shared_server.make_room(room, comment_interval=0, comment_burst=10_000, max_latency=1000)
    replay = said(shared_server, room, *(Line(0, "ann", f"number {n} of it") for n in range(70)))
    await replay.run()
    assert replay.figures.acked == 70
    assert not replay.figures.refused
