"""Recorded chats: how they are read, and how they are said again."""

from __future__ import annotations

import asyncio

import pytest
from grandstand.demo.trace import replay
from grandstand.recordings.line import Line

from tests.demo.conftest import MakeCrowd
from tests.server import ServerProcess
from tests.viewer import viewing


async def test_a_trace_is_said_by_its_users_at_its_pace_and_then_again(
    shared_server: ServerProcess, room: str, crowd_at: MakeCrowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.demo.trace.PAUSE_S", 0.1)
    shared_server.make_room(room)
    lines = [
        Line(0, "ann", "first words"),
        Line(300, "bob", "later words"),
        Line(310, "ann", "x" * 200),
    ]
    async with (
        viewing(shared_server.url, room) as watching,
        crowd_at(shared_server, room, 10) as crowd,
    ):
        saying = asyncio.create_task(replay(lines, crowd))
        first, later = await watching.seen("first words"), await watching.seen("later words")
        cut = await watching.seen("x" * 100)
        await watching.sees(
            lambda seen: sum(c["text"] == "later words" for c in seen.shown.values()) >= 2
        )
        saying.cancel()
    assert (first["name"], later["name"], cut["name"]) == ("ann", "bob", "ann")
    assert later["at"] - first["at"] >= 200


async def test_who_was_silent_longest_makes_room(
    shared_server: ServerProcess, room: str, crowd_at: MakeCrowd
) -> None:
    shared_server.make_room(room)
    lines = [Line(number * 50, f"u{number}", f"number {number}") for number in range(9)]
    async with (
        viewing(shared_server.url, room) as watching,
        crowd_at(shared_server, room, 3) as crowd,
    ):
        saying = asyncio.create_task(replay(lines, crowd))
        await watching.seen("number 8")
        saying.cancel()
        assert len(crowd.present) <= 3
