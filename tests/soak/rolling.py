"""Servers are replaced one after the other while viewers watch, comment and vote.

As the chart's Deployment does it: a new server starts and is found by the balancer, then an old one
gets SIGTERM. The balancer is HAProxy with deploy/haproxy.cfg, which finds servers by one name;
viewers are ``grandstand.client``. Nothing acknowledged may be lost, each viewer must get all frames
once and in order, and nobody may be sent away faster than the others let in. Says what was seen.
Ends with 1 and says what is wrong otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from grandstand.client.backoff import Refused
from grandstand.client.connection import Connection
from grandstand.client.effects import Effect, Gap, Lost, Received
from grandstand.client.live_socket import LiveSocket
from grandstand.tasks import cancel_all
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import Ack, Error, Frame, PostComment, Vote, Welcome
from msgspec import UNSET

from tests.deploy.names import name_server
from tests.deploy.topology import balancing, held_ports, servers_in_use
from tests.server import SECRET, ServerProcess
from tests.system.record import whole_record
from tests.valkey import valkey
from tests.valkey_cluster import valkey_cluster
from tests.waiting import until

ROOM = "rolling"
FIRST_ADDRESS = 11
"""Servers listen on 127.0.0.11 and further, as pods have addresses of their own."""

DRAIN_S, DRAIN_MAX_S = 0.5, 60
TALKERS = 10
"""Each of them says something whenever it sees a frame."""

POLL = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 3600, "grace": 0}


@dataclass(slots=True)
class Seen:
    """What one viewer saw, by the loop's clock."""

    arrivals: list[float] = field(default_factory=list)
    frames: list[tuple[float, int]] = field(default_factory=list)
    turned_away: int = 0
    faults: list[str] = field(default_factory=list)
    acked: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)


class Watcher:
    """A viewer with the real client: all of them vote once, some talk all the time."""

    def __init__(self, url: str, token: str, poll: str, talks: bool) -> None:
        self.seen = Seen()
        self.talks = talks
        self._token = token
        self._poll = poll
        self._voted = ""
        self._texts: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()
        address = f"{url.replace('http', 'ws', 1)}/v1/rooms/{ROOM}/live"
        self._core = Connection(address, random.Random(token), asks=True)
        self._socket = LiveSocket(self._core, address, self._give_token, self._take)

    async def stay(self) -> None:
        await self._socket.stay()

    @property
    def is_live(self) -> bool:
        return self._core.is_live

    @property
    def has_voted(self) -> bool:
        return self._voted in self.seen.acked

    @property
    def unanswered(self) -> int:
        return len(self._core.pending)

    def vote(self) -> None:
        """Vote, the same if it votes again."""
        vote = Vote(id=uuid4().hex, poll=self._poll, choices=[0])
        self._voted = vote.id
        self._socket.submit(vote)

    def say(self) -> None:
        comment = PostComment(uuid4().hex, f"a line of its own: {uuid4().hex}")
        self._texts[comment.id] = comment.text
        self._socket.submit(comment)

    async def _give_token(self) -> str:
        return self._token

    def _take(self, effect: Effect) -> None:
        seen, now_s = self.seen, self._loop.time()
        match effect:
            case Received(Welcome() as welcome):
                if seen.arrivals and not welcome.recovered:
                    seen.faults.append("not recovered")
                seen.arrivals.append(now_s)
            case Received(Frame() as frame) if frame.offset is not UNSET:
                if seen.frames and frame.offset != seen.frames[-1][1] + 1:
                    seen.faults.append(f"{frame.offset} follows {seen.frames[-1][1]}")
                seen.frames.append((now_s, frame.offset))
                if self.talks and self.is_live and not self.unanswered:
                    self.say()
            case Received(Ack() as ack):
                seen.acked.add(ack.id)
                if ack.comment is not UNSET:
                    seen.comments[ack.comment] = self._texts[ack.id]
            case Received(Error() as error) if error.code is ErrorCode.OVERLOADED:
                pass  # a busy machine: it isn't acknowledged, and is sent again or given up
            case Received(Error() as error) if error.id not in self._core.pending:
                seen.faults.append(f"{error.code.value}: {error.message}")
            case Gap():
                seen.faults.append("a gap")
            case Lost(end):
                seen.turned_away += isinstance(end, Refused)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of it. Gaps are those between two frames that one viewer saw, in seconds."""

    viewers: int
    replaced: int
    comments: int
    votes: int
    moved: int
    gap_s: float
    gap_of_the_unmoved_s: float
    back_per_s: int
    drained_s: list[float]

    def lines(self) -> Iterator[str]:
        yield (
            f"{self.viewers} viewers, {self.replaced} servers replaced: "
            f"{self.comments} comments and {self.votes} votes acknowledged, none lost"
        )
        yield f"{self.moved} times a viewer was sent away and came back with all frames"
        yield (
            f"longest gap between two frames {self.gap_s:.2f} s, "
            f"{self.gap_of_the_unmoved_s:.2f} of viewers who weren't moved meanwhile"
        )
        drained = ", ".join(f"{each:.1f}" for each in self.drained_s)
        yield f"at most {self.back_per_s} came back in a second; servers ended after {drained} s"


class Fleet:
    """The servers that there are, each on an address of its own and the same port."""

    def __init__(self, folder: Path, store: str, port: int, admits_per_s: int) -> None:
        self.servers: list[ServerProcess] = []
        self._folder = folder
        self._store = store
        self._port = port
        self._admits_per_s = admits_per_s
        self._made = 0

    def addresses(self) -> list[str]:
        return [server.host for server in self.servers]

    def _another(self) -> ServerProcess:
        self._made += 1
        return ServerProcess(
            self._folder / f"{self._made}",
            redis_url=self._store,
            environment={
                "GRANDSTAND_ARCHIVE_URL": "none",
                "GRANDSTAND_DATA_DIR": "/proc/none",  # as on a read-only root
                "GRANDSTAND_DRAIN_S": f"{DRAIN_S}",
                "GRANDSTAND_DRAIN_MAX_S": f"{DRAIN_MAX_S}",
                "GRANDSTAND_HANDSHAKES_PER_S": f"{self._admits_per_s}",
                "GRANDSTAND_FORWARDED_ALLOW_IPS": "*",
            },
            host=f"127.0.0.{FIRST_ADDRESS + self._made}",
            port=self._port,
        )

    async def grow(self, count: int) -> None:
        """Start so many together."""
        added = [self._another() for _ in range(count)]
        self.servers += added
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in added))

    async def shrink(self) -> float:
        """Stop the oldest as Kubernetes does; returns after how many seconds it had ended."""
        loop, oldest = asyncio.get_running_loop(), self.servers[0]
        began_s = loop.time()
        await asyncio.to_thread(oldest.stop, signal.SIGTERM)
        self.servers.remove(oldest)
        return loop.time() - began_s

    def end(self) -> None:
        for server in self.servers:
            server.end()


@asynccontextmanager
async def _store(folder: Path, is_cluster: bool) -> AsyncIterator[str]:
    if is_cluster:
        with ExitStack() as stack:
            cluster = await asyncio.to_thread(stack.enter_context, valkey_cluster(folder / "store"))
            yield cluster.url
    else:
        async with valkey(folder / "store") as url:
            yield url


async def endure(
    folder: Path,
    servers: int,
    viewers: int,
    admits_per_s: int,
    is_cluster: bool,
    successors: int | None = None,
) -> Report:
    """Replace all servers, one after the other, while so many viewers are there.

    Each has a successor, or only the first ones: servers take most of the time to start. Raises
    AssertionError if something was lost.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(_store(folder, is_cluster))
        port, front, operations = stack.enter_context(held_ports(3))
        fleet = Fleet(folder, store, port, admits_per_s)
        stack.callback(fleet.end)
        await fleet.grow(servers)
        resolver = await stack.enter_async_context(name_server(fleet.addresses))
        places = {
            "SERVERS": f"edges.show.svc.cluster.local:{port}",
            "RESOLVER": resolver,
            "SLOWSTART": "1s",
            "MAXCONN": "5000",
        }
        balancer = balancing(folder / "balancer", front, operations, places)
        await asyncio.to_thread(stack.enter_context, balancer)
        door = ServerProcess(folder / "client", secret=SECRET, port=front, name="balancer")

        async def all_in_use() -> bool:
            found = await asyncio.to_thread(servers_in_use, operations)
            return found == len(fleet.servers)

        await until(all_in_use)
        await door.produce("PUT", f"/v1/rooms/{ROOM}", ROOM_SETTINGS)
        poll = (await door.produce("POST", f"/v1/rooms/{ROOM}/polls", POLL))["id"]
        watchers = [
            Watcher(door.url, door.token(f"viewer {number}"), poll, talks=number < TALKERS)
            for number in range(viewers)
        ]
        staying = [asyncio.create_task(each.stay()) for each in watchers]
        stack.push_async_callback(cancel_all, staying)
        await until(lambda: all(each.is_live for each in watchers))
        began_s = asyncio.get_running_loop().time()
        for watcher in watchers:
            watcher.seen.turned_away = 0  # many came at once
        for watcher in watchers[:TALKERS]:
            watcher.say()
        drained_s = []
        for share in range(servers):
            if successors is None or share < successors:
                await fleet.grow(1)
            await until(all_in_use)
            for watcher in watchers[share::servers]:
                watcher.vote()
            drained_s.append(await fleet.shrink())
            await until(lambda: all(each.is_live for each in watchers))
        for watcher in watchers:
            watcher.talks = False
        await until(lambda: not any(each.unanswered for each in watchers))
        assert all(each.has_voted for each in watchers)
        await _finds_everything_once(fleet.servers[0], poll, watchers)
        return _report(watchers, began_s, servers, drained_s)


ROOM_SETTINGS = {
    "guests": "vote",
    "comment_interval": 0,
    "budget": 1000,
    "moderation": {"level": 0},
}


async def _finds_everything_once(
    server: ServerProcess, poll: str, watchers: Sequence[Watcher]
) -> None:
    said: dict[str, str] = {}
    for watcher in watchers:
        said |= watcher.seen.comments
    rows: list[dict[str, Any]] = []

    async def are_recorded() -> bool:
        rows[:] = await whole_record(server, ROOM)
        return said.keys() <= {row["id"] for row in rows}

    await until(are_recorded)  # an acknowledged comment waits for its tick
    assert {row["id"]: row["text"] for row in rows} == said
    assert len(rows) == len(said)
    listed = await server.produce("GET", f"/v1/rooms/{ROOM}/polls/{poll}")
    assert (listed["tally"], listed["voters"]) == ([len(watchers), 0], len(watchers))
    faults = Counter(fault for watcher in watchers for fault in watcher.seen.faults)
    assert not faults, faults
    turned_away = sum(watcher.seen.turned_away for watcher in watchers)
    assert turned_away == 0, "viewers went faster than the others let them in"
    last = max(watcher.seen.frames[-1][1] for watcher in watchers)
    await until(lambda: all(watcher.seen.frames[-1][1] >= last for watcher in watchers))


def _report(
    watchers: Sequence[Watcher], began_s: float, replaced: int, drained_s: list[float]
) -> Report:
    gap_s = gap_of_the_unmoved_s = 0.0
    back: list[float] = []
    for watcher in watchers:
        seen = watcher.seen
        moved = seen.arrivals[1:]
        back += moved
        moments = [at_s for at_s, _ in seen.frames if at_s >= began_s]
        for before_s, after_s in itertools.pairwise(moments):
            gap_s = max(gap_s, after_s - before_s)
            if not any(before_s <= at_s <= after_s for at_s in moved):
                gap_of_the_unmoved_s = max(gap_of_the_unmoved_s, after_s - before_s)
    back.sort()
    most = max((sum(at_s <= other < at_s + 1 for other in back) for at_s in back), default=0)
    return Report(
        viewers=len(watchers),
        replaced=replaced,
        comments=sum(len(watcher.seen.comments) for watcher in watchers),
        votes=len(watchers),
        moved=len(back),
        gap_s=gap_s,
        gap_of_the_unmoved_s=gap_of_the_unmoved_s,
        back_per_s=most,
        drained_s=drained_s,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.rolling", description=__doc__)
    parser.add_argument("--servers", type=int, default=3)
    parser.add_argument("--viewers", type=int, default=400)
    parser.add_argument("--admits", type=int, default=60, help="viewers a second of a server")
    parser.add_argument("--single", action="store_true", help="one store instead of a cluster")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(
            endure(Path(folder), given.servers, given.viewers, given.admits, not given.single)
        )
    print("\n".join(report.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
