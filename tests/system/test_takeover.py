"""Two processes, one store: the sequencing one is killed, or paused and comes back as a zombie.

While comments go on through the other, a viewer on each process keeps every numbered frame. At the
end they have the same frames under the same offsets, none is missing, none had two contents, and
every acknowledged comment was shown once. The lease lasts 1.5 s, and another process takes over
within 3 s, measured from the kill to the first new numbered frame.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

import msgspec
import pytest
from grandstand.store.lua import load

from tests.conftest import MakeServer
from tests.proxy import Command, CuttingProxy
from tests.server import ServerProcess
from tests.viewer import Message, Viewer, viewing
from tests.waiting import until

TAKEOVER_S = 3.0
COMMIT = load("commit").sha1.encode()


def is_commit(command: Command) -> bool:
    return command[:2] == [b"EVALSHA", COMMIT]


async def started(one: ServerProcess, other: ServerProcess, room: str) -> None:
    """Starts both, the other once the first sequences the room, in which somebody sits meanwhile:
    a busy machine takes longer for a start than a room without viewers is led."""
    await asyncio.to_thread(one.start)
    await asyncio.to_thread(one.make_room, room)
    async with viewing(one.url, room, one.token("first")):
        await leads(one)
        await asyncio.to_thread(other.start)


class Talk:
    """A steady load of comments through one viewer."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.acknowledged: dict[str, str] = {}
        self.refused: list[Message] = []

    async def _say(self, text: str) -> None:
        answer = await self.viewer.insist({"type": "comment", "text": text})
        if answer["type"] == "ack":
            self.acknowledged[answer["comment"]] = text
        else:
            self.refused.append(answer)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Fifteen comments a second; at the end each of them is answered."""
        over = asyncio.Event()

        async def talk() -> None:
            async with asyncio.TaskGroup() as saying:
                for number in count(1):
                    saying.create_task(self._say(f"line {number} of the evening"))
                    try:
                        await asyncio.wait_for(over.wait(), 1 / 15)
                        return
                    except TimeoutError:
                        continue

        talking = asyncio.create_task(talk())
        try:
            yield
        finally:
            over.set()
            await talking


async def has_the_lease(server: ServerProcess) -> bool:
    return b"grandstand_leases_held 1.0" in (await server.ask("GET", "/metrics")).body


async def leads(server: ServerProcess) -> None:
    """Waits until the server sequences the room."""
    await until(lambda: has_the_lease(server))


async def takeover_s(viewer: Viewer, heir: ServerProcess, since_s: float) -> float:
    """Waits for a numbered frame of the heir's; how long it took since the kill.

    A frame that merely comes after the kill may be the old sequencer's last, still on its way.
    """
    await leads(heir)
    offset = viewer.offset
    await until(lambda: viewer.offset > offset)
    return time.monotonic() - since_s


async def agree(talk: Talk, *viewers: Viewer) -> None:
    """Waits until all have seen what was said, and compares everything that they ever saw."""
    for viewer in viewers:
        await viewer.sees(lambda picture: picture.shown.keys() >= talk.acknowledged.keys())
    last = max(viewer.offset for viewer in viewers)
    for viewer in viewers:
        await viewer.reaches(last)
    assert talk.refused == []
    first = max(min(offset for _, offset in viewer.frames) for viewer in viewers)
    assert len({viewer.epoch for viewer in viewers}) == 1
    reference = viewers[0]
    span = [(reference.epoch, offset) for offset in range(first, last + 1)]
    for viewer in viewers:
        assert viewer.faults == []
        assert [viewer.frames.get(place) for place in span] == [
            reference.frames[place] for place in span
        ]
    shown = Counter(
        (comment["id"], comment["text"])
        for payload in reference.frames.values()
        for comment in msgspec.msgpack.decode(payload).get("comments", ())
    )
    assert {place: shown[place] for place in talk.acknowledged.items()} == dict.fromkeys(
        talk.acknowledged.items(), 1
    )


def pausing(server: ServerProcess) -> Callable[[Command], bool]:
    """Matches the server's next commit, and stops the server as it comes by."""
    caught = False

    def match(command: Command) -> bool:
        nonlocal caught
        if caught or not is_commit(command):
            return False
        caught = True
        server.pause()
        return True

    return match


async def test_a_killed_sequencer_is_followed_within_three_seconds_and_no_offset_is_lost(
    make_server: MakeServer, valkey_url: str, room: str
) -> None:
    one, other = make_server(redis_url=valkey_url), make_server(redis_url=valkey_url)
    await started(one, other, room)
    async with (
        viewing(one.url, room, one.token("ann")) as ann,
        viewing(other.url, room, other.token("bo")) as bo,
    ):
        talk = Talk(bo)
        async with talk.going_on():
            await until(lambda: ann.offset > 5)
            ann.url = other.url
            killed_s = time.monotonic()
            one.kill()
            took_s = await takeover_s(bo, other, killed_s)
            await until(lambda: ann.is_here and ann.connections == 2)
        await agree(talk, ann, bo)
    print(f"takeover {took_s:.2f} s")
    assert took_s < TAKEOVER_S


@pytest.mark.single
@pytest.mark.parametrize(
    "moment", ["between-commits", "while-its-commit-travels", "before-it-knows-of-its-commit"]
)
async def test_a_zombie_adds_nothing_and_catches_up(
    make_server: MakeServer, valkey_url: str, room: str, moment: str
) -> None:
    async with CuttingProxy(valkey_url) as proxy:
        one, other = make_server(redis_url=proxy.url), make_server(redis_url=valkey_url)
        await started(one, other, room)
        async with (
            viewing(one.url, room, one.token("ann")) as ann,
            viewing(other.url, room, other.token("bo")) as bo,
        ):
            talk = Talk(bo)
            async with talk.going_on():
                await until(lambda: ann.offset > 5)
                before = bo.offset
                match moment:
                    case "between-commits":
                        one.pause()
                    case "while-its-commit-travels":
                        caught = proxy.hold(pausing(one), seconds=TAKEOVER_S + 1)
                        await until(lambda: caught.fired)
                    case _:
                        caught = proxy.delay(pausing(one), seconds=TAKEOVER_S + 1)
                        await until(lambda: caught.fired)
                        await until(lambda: bo.offset > before)  # it was executed
                paused_s = time.monotonic()
                sent = len(proxy.commands)
                took_s = await takeover_s(bo, other, paused_s)
                if moment == "while-its-commit-travels":  # it comes when the room has moved on
                    await until(lambda: any(map(is_commit, proxy.commands[sent:])))
                seen = bo.offset
                await until(lambda: bo.offset > seen + 5)
                assert ann.offset < seen
                one.resume()
                await until(lambda: ann.offset > seen + 5)
            await agree(talk, ann, bo)
            assert (await ann.comment("the zombie takes comments"))["status"] == "accepted"
            await bo.seen("the zombie takes comments")
    print(f"takeover {took_s:.2f} s")
    assert took_s < TAKEOVER_S
