"""The programme feed as producers' programs read it: by curl, over a bad line, to its end."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tests.conftest import MakeServer
from tests.cutter import cutting
from tests.feed import Event
from tests.server import ServerProcess
from tests.system.curl import curl
from tests.viewer import Viewer, viewing
from tests.waiting import until

ACTS = 5
LISTS = {"polls": "poll", "overlays": "overlay", "drop": "drop", "cues": "cue"}


async def status(server: ServerProcess, room: str, token: str = "") -> int:
    async with curl(server.url, room, "", token, "-o", "/dev/null", "-w", "%{http_code}") as asked:
        await asked.ended()
        return int(asked.text)


def budgets() -> Iterator[int]:
    """After how many bytes a line breaks: in the middle of heads, states, frames and events."""
    chance = random.Random(15)
    return iter([40, 400, *(chance.randrange(700, 2_500) for _ in range(20))])


def show(frame: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What a viewer's frame says of the show, as the feed's events should say it."""
    found = [("settings", frame["settings"])] if "settings" in frame else []
    return found + [(name, item) for field, name in LISTS.items() for item in frame.get(field, ())]


def is_crowded(viewer: Viewer) -> bool:
    """Whether a frame had more than two things to say."""
    frames = map(msgspec.msgpack.decode, viewer.frames.values())
    return any(len(show(frame)) > 2 for frame in frames)


async def act(server: ServerProcess, room: str, viewer: Viewer) -> None:
    """Much at once, until a frame has several things to say; the curtain at the end."""
    base = f"/v1/rooms/{room}"
    poll = {"kind": "single", "options": ["she", "he"], "duration": 60}
    for number in itertools.count():
        if number >= ACTS and is_crowded(viewer):
            break
        cues = [{"name": f"cue {number}.{each}", "data": {"x": "y" * 90}} for each in range(6)]
        await asyncio.gather(*(server.produce("POST", f"{base}/cues", cue) for cue in cues))
        await server.produce("PATCH", base, {"title": f"act {number}"})
        await server.produce("POST", f"{base}/polls", {**poll, "question": f"Who {number}?"})
    await server.produce("POST", f"{base}/cues", {"name": "curtain"})


async def follow(url: str, room: str) -> tuple[list[Event], int]:
    """What a reader makes of the feed until the curtain, who comes back with its last id, and how
    often it did: a frame that was cut has no id, and comes again."""
    got: list[Event] = []
    for attempt in itertools.count():
        async with curl(url, room, got[-1].id if got else "") as reader:
            await until(
                lambda reader=reader: (
                    reader.is_over  # type: ignore[misc]
                    or any(event.data.get("name") == "curtain" for event in reader.events)
                )
            )
            whole = [event for event in reader.events if event.name != "tally"]
        while whole and not whole[-1].id:
            whole.pop()
        got += whole
        if got and got[-1].data.get("name") == "curtain":
            return got, attempt
    raise AssertionError


async def test_a_line_that_breaks_again_and_again_costs_curl_nothing(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room)  # in shorter ticks fewer things would come together
    async with (
        viewing(server.url, room) as viewer,
        cutting(server.url, budgets()) as line,
    ):
        (got, returns), _ = await asyncio.gather(follow(line.url, room), act(server, room, viewer))
        assert line.cuts > 5
        assert returns >= line.cuts
        first, *others = got
        assert (first.name, first.id) == ("reset", f"{viewer.epoch}:{first.data['offset']}")
        assert "reset" not in {event.name for event in others}
        await viewer.reaches(int(got[-1].id.rpartition(":")[2]))
        told = [
            (offset, show(msgspec.msgpack.decode(frame)))
            for (_, offset), frame in sorted(viewer.frames.items())
            if offset > first.data["offset"]
        ]
        assert [(event.name, event.data) for event in others] == [
            each for _, said in told for each in said
        ]
        # Its position stands with the last of a frame alone.
        ids = [event.id for event in others]
        assert ids == [
            "" if each is not said[-1] else f"{viewer.epoch}:{offset}"
            for offset, said in told
            for each in said
        ]


async def test_a_position_of_another_epoch_brings_the_state(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, title="now", tick=50)
    async with curl(server.url, room, "another:3") as reader:
        state = await reader.has("reset")
        await server.produce("POST", f"/v1/rooms/{room}/cues", {"name": "goal"})
        await reader.has("cue")
    assert (state["room"], state["settings"]["title"]) == (room, "now")
    assert [event.name for event in reader.events] == ["reset", "cue"]


async def test_who_may_watch_no_more_is_sent_away_and_told_why_when_it_asks(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, guests="watch", tick=50)
    watcher, other = (server.token(sub, jti=f"{room} {sub}") for sub in ("ann", "bo"))
    async with (
        curl(server.url, room) as anyone,
        curl(server.url, room, "", watcher) as known,
        curl(server.url, room, "", other) as revoked,
        curl(server.url, room, "", watcher, "--http1.0") as old,
    ):
        for reader in (anyone, known, revoked, old):
            await reader.has("reset")
        await server.produce("POST", "/v1/revocations", {"jti": f"{room} bo"})
        assert await revoked.ended() == 0
        await server.produce("PATCH", f"/v1/rooms/{room}", {"guests": "none"})
        assert await anyone.ended() == 0
        assert [await status(server, room, token) for token in ("", other)] == [401, 401]
        await server.produce("POST", f"/v1/rooms/{room}/cues", {"name": "still here"})
        for reader in (known, old):
            assert (await reader.has("cue"))["name"] == "still here"
        answer = await server.ask(
            "DELETE", f"/v1/rooms/{room}?confirm={room}", None, server.producer_token
        )
        assert answer.status == 204
        assert [await known.ended(), await old.ended()] == [0, 0]
        assert await status(server, room, watcher) == 404


async def test_a_stopping_server_ends_its_feeds_and_a_new_one_goes_on_with_them(
    make_server: MakeServer,
) -> None:
    few = {"GRANDSTAND_MAX_CONNECTIONS_PER_ADDRESS": "2", "GRANDSTAND_DRAIN_S": "0.1"}
    server = make_server(environment=few).start()
    room = server.make_room("gala", tick=50)
    async with curl(server.url, room) as reader, curl(server.url, room) as second:
        await second.has("reset")
        await server.produce("POST", f"/v1/rooms/{room}/cues", {"name": "goal"})
        await reader.has("cue")
        assert await status(server, room) == 429
        await asyncio.to_thread(server.stop)
        assert await reader.ended() == 0
    server.start()
    await server.produce("POST", f"/v1/rooms/{room}/cues", {"name": "second half"})
    async with curl(server.url, room, reader.events[-1].id) as again:
        assert (await again.has("cue"))["name"] == "second half"
        assert [event.name for event in again.events] == ["cue"]
