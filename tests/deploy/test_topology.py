"""The whole installation at work: two servers behind the balancer, on a store with its own files.

Everything comes through the balancer, as it does from outside; servers are asked directly only
which of them has whom.
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.deploy.topology import Topology, servers_in_use
from tests.server import ServerProcess
from tests.viewer import Viewer, viewing
from tests.waiting import until

MOST_NEEDED = 20
"""Viewers until both servers have one: a server that has just come back gets fewer at first."""


def metric(server: ServerProcess, name: str) -> float:
    """The sum of a metric's series at a server."""
    text = server.call("GET", "/metrics").body.decode()
    return sum(map(float, re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)))


def viewers_at(server: ServerProcess) -> int:
    return int(metric(server, "grandstand_connections"))


async def both_serve(topology: Topology) -> None:
    """Waits until the balancer uses both servers."""
    await until(lambda: servers_in_use(topology.operations_port) == 2)


@pytest.fixture
def show(topology: Topology, room: str) -> str:
    return topology.balancer.make_room(room, tick=50)


@asynccontextmanager
async def apart(topology: Topology, room: str) -> AsyncIterator[tuple[Viewer, Viewer]]:
    """Two viewers who came by the balancer, the first on server one, the second on two."""
    door = topology.balancer
    servers = (topology.one, topology.two)
    await both_serve(topology)
    await until(lambda: not any(map(viewers_at, servers)))
    async with AsyncExitStack() as stack:
        at: dict[str, Viewer] = {}
        for number in range(MOST_NEEDED):
            before = viewers_at(topology.one)
            token = door.token(f"viewer {number}")
            viewer = await stack.enter_async_context(viewing(door.url, room, token))
            at.setdefault("one" if viewers_at(topology.one) > before else "two", viewer)
            if len(at) == 2:
                break
        yield at["one"], at["two"]


async def agree(*viewers: Viewer) -> None:
    """All have seen the same bytes under every offset that they have in common, with no gap."""
    last = max(viewer.offset for viewer in viewers)
    for viewer in viewers:
        await viewer.reaches(last)
        assert viewer.faults == []
    common = set.intersection(*(set(viewer.frames) for viewer in viewers))
    assert common
    for place in common:
        assert len({viewer.frames[place] for viewer in viewers}) == 1


def shown(viewer: Viewer) -> list[str]:
    """The texts that a viewer was shown, one for each time."""
    frames = map(msgspec.msgpack.decode, viewer.frames.values())
    return [comment["text"] for frame in frames for comment in frame.get("comments", ())]


async def test_viewers_on_both_servers_see_the_same_under_the_same_offsets(
    topology: Topology, show: str
) -> None:
    async with apart(topology, show) as (ann, bo):
        for number in range(20):
            who = ann if number % 2 else bo
            assert (await who.comment(f"line {number}"))["status"] == "accepted"
        for viewer in (ann, bo):
            await viewer.seen("line 19")
            await viewer.seen("line 18")
        await agree(ann, bo)
        assert ann.welcome["durability"] == bo.welcome["durability"] == "fsync"


async def test_a_viewer_who_votes_on_both_servers_has_one_vote(
    topology: Topology, show: str
) -> None:
    door = topology.balancer
    body = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 60, "grace": 0}
    poll = (await door.produce("POST", f"/v1/rooms/{show}/polls", body))["id"]
    async with (
        apart(topology, show) as (ann, bo),
        viewing(topology.two.url, show, ann.token) as ann_elsewhere,
    ):
        for viewer in (ann, ann_elsewhere, bo):
            await viewer.knows(poll)
        assert (await ann.vote(poll, 0))["type"] == "ack"
        assert (await ann_elsewhere.vote(poll, 1))["code"] == "already_voted"
        assert (await bo.vote(poll, 1))["type"] == "ack"
        await door.produce("POST", f"/v1/rooms/{show}/polls/{poll}/close", {})
        for viewer in (ann, bo):
            await viewer.sees(lambda picture: picture.polls[poll]["final"])
            told = viewer.picture.polls[poll]
            assert (told["tally"], told["voters"]) == ([1, 1], 2)


@pytest.mark.parametrize("victim", ["one", "two"])
async def test_viewers_of_a_killed_server_come_back_by_the_balancer_and_miss_nothing(
    topology: Topology, show: str, victim: str
) -> None:
    said: list[str] = []

    async def talk(who: Viewer) -> None:
        while True:
            text = f"{victim} {len(said)}"  # a room shows nothing again within its minute
            if (await who.insist({"type": "comment", "text": text}))["type"] == "ack":
                said.append(text)

    server: ServerProcess = getattr(topology, victim)
    async with apart(topology, show) as (ann, bo):
        moved, stays = (ann, bo) if victim == "one" else (bo, ann)
        talking = asyncio.create_task(talk(stays))
        try:
            await until(lambda: len(said) > 20)
            server.kill()
            await until(lambda: moved.is_here and moved.connections == 2)
            already = len(said)
            await until(lambda: len(said) > already + 20)
        finally:
            talking.cancel()
            await asyncio.wait([talking])
            await asyncio.to_thread(server.start)
        assert moved.welcome["recovered"]
        assert stays.connections == 1
        last = said[-1]
        for viewer in (moved, stays):
            await viewer.seen(last)
            counts = {text: shown(viewer).count(text) for text in said}
            assert counts == dict.fromkeys(said, 1)
        await agree(moved, stays)
    await both_serve(topology)


async def test_a_server_that_stops_says_bye_and_newcomers_notice_nothing(
    topology: Topology, show: str
) -> None:
    door = topology.balancer
    token = door.token("newcomer")
    came = 0

    async def keep_coming() -> None:
        nonlocal came
        while True:
            async with connect(
                f"{door.url.replace('http', 'ws', 1)}/v1/rooms/{show}/live",
                subprotocols=[Subprotocol("grandstand.v1.json")],
                proxy=None,
            ) as socket:
                try:
                    hello = {"type": "hello", "token": token}
                    await socket.send(msgspec.json.encode(hello).decode())
                    kind = msgspec.json.decode(await socket.recv())["type"]
                    assert kind in ("welcome", "bye")
                except ConnectionClosed as closed:  # who came just before is told to come again
                    if closed.rcvd is None or closed.rcvd.code != 1012:
                        raise
            assert (await door.ask("GET", f"/v1/rooms/{show}", token=token)).status == 200
            came += 1

    async with apart(topology, show) as (ann, bo):
        coming = asyncio.create_task(keep_coming())
        try:
            await until(lambda: came > 10 or coming.done())
            stopping = asyncio.create_task(asyncio.to_thread(topology.one.stop, signal.SIGTERM))
            bye = await ann.hears("bye")
            await until(lambda: (ann.connections == 2 and ann.is_here) or coming.done())
            already = came
            await until(lambda: came > already + 10 or coming.done())
        finally:
            coming.cancel()
            await asyncio.wait([coming])
            await stopping
            await asyncio.to_thread(topology.one.start)
        if not coming.cancelled():
            coming.result()
        assert (bye["code"], bye["reconnect"]) == (1012, True)
        assert 0 <= bye["after"] <= 10_000
        assert ann.welcome["recovered"]
        assert bo.connections == 1
        assert (await ann.comment("here again"))["status"] == "accepted"
        await bo.seen("here again")
        await agree(ann, bo)
    await both_serve(topology)


async def test_a_viewer_who_does_not_read_is_noticed_behind_the_balancer_too(
    topology: Topology, show: str
) -> None:
    door = topology.balancer
    await door.produce("PATCH", f"/v1/rooms/{show}", {"max_latency": 1000})
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.connect(("127.0.0.1", door.port))
    lazy.setblocking(False)
    async with connect(
        f"ws://127.0.0.1:{door.port}/v1/rooms/{show}/live",
        sock=lazy,
        subprotocols=[Subprotocol("grandstand.v1.json")],
        compression=None,
        max_queue=1,
        ping_interval=None,
        close_timeout=0,
        proxy=None,
    ) as unread:
        hello = {"type": "hello", "token": door.token("lazy")}
        await unread.send(msgspec.json.encode(hello).decode())
        sent_bytes = 0
        while not metric(topology.one, "grandstand_viewers_behind") + metric(
            topology.two, "grandstand_viewers_behind"
        ):
            body = {"name": "spark", "data": {"pad": "x" * 4000}}
            await door.produce("POST", f"/v1/rooms/{show}/cues", body)
            sent_bytes += 4000
            assert sent_bytes < 400_000, "the balancer hides who doesn't read"
        print(f"noticed after {sent_bytes} bytes")
        unread.transport.abort()


def test_metrics_are_not_for_those_outside(topology: Topology) -> None:
    assert topology.balancer.call("GET", "/metrics").status == 404
    assert topology.one.call("GET", "/metrics").status == 200


def test_pages_and_health_come_through(topology: Topology) -> None:
    for path in ("/", "/producer", "/overlay/gala", "/healthz", "/readyz"):
        assert topology.balancer.call("GET", path).status == 200, path
