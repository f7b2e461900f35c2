"""A node in this event loop: a real Valkey, real sockets, and a room's commits made by hand or by a
sequencer.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import msgspec
from grandstand.domain.envelope import Commit
from grandstand.domain.events import ControlEvent, PollOpened, SettingsPut
from grandstand.domain.identity import Role, user_id
from grandstand.domain.outcome import Effect
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import PrivateChanges, fold
from grandstand.edge.admission import Admission
from grandstand.edge.node import Node
from grandstand.edge.revocations import RevocationEnforcer
from grandstand.edge.session import ViewerSession
from grandstand.edge.transport.handshake import Handshake
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.edge.transport.websocket import ViewerSocket
from grandstand.edge.waiting_room import WaitingRoom
from grandstand.leader.leader import RoomLeader
from grandstand.moderation.moderator import Moderator
from grandstand.replica.publication import Form, socket_form
from grandstand.replica.room import LiveRoom
from grandstand.replica.rooms import LiveRooms
from grandstand.store.store import Store, open_store
from grandstand.store.timeline import Changes, Head
from grandstand.tasks import PATIENTLY_S, cancel_all
from grandstand.telemetry import Metrics
from grandstand.tokens import Tokens
from grandstand.wire.codec import Codec, encode
from grandstand.wire.messages import Comment, Cue, Frame
from prometheus_client import CollectorRegistry
from uvicorn import Config, Server
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.edge.echo import no_app
from tests.moderation.rules import RULES
from tests.valkey import valkey
from tests.waiting import patience, until

SECRET = "a secret of at least thirty-two bytes"
Message = dict[str, Any]


class Client:
    """A viewer's socket, and what came by it."""

    def __init__(self, socket: ClientConnection, codec: Codec) -> None:
        self.socket = socket
        self.codec = codec
        self.received: list[Message] = []
        self.sizes: list[int] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for payload in self.socket:
                self.sizes.append(len(payload))
                decoded = (
                    json.loads(payload)
                    if isinstance(payload, str)
                    else msgspec.msgpack.decode(payload)
                )
                self.received.append(decoded)
        except ConnectionClosed:
            pass

    async def send(self, message: Message | bytes | str) -> None:
        """A message, or bytes and text as they are."""
        if isinstance(message, dict):
            message = (
                json.dumps(message) if self.codec == "json" else msgspec.msgpack.encode(message)
            )
        await self.socket.send(message)

    def of(self, kind: str) -> list[Message]:
        """What came of one type."""
        return [message for message in self.received if message["type"] == kind]

    @property
    def offsets(self) -> list[int]:
        """Those of the numbered frames."""
        return [frame["offset"] for frame in self.of("frame") if "offset" in frame]

    async def first(self, kind: str, holds: Callable[[Message], object] = bool) -> Message:
        """The first of its type for which ``holds``."""
        await until(lambda: any(map(holds, self.of(kind))) or self._reading.done())
        found = [message for message in self.of(kind) if holds(message)]
        assert found, self.received
        return found[0]

    async def ask(self, kind: str, **fields: Any) -> Message:
        """Sends a message with an id, its own or a new one; the answer."""
        message = {"type": kind, "id": uuid4().hex, **fields}
        before = len(self.received)
        await self.send(message)

        def answers() -> list[Message]:
            return [
                each
                for each in self.received[before:]
                if each.get("id") == message["id"] and each["type"] in ("ack", "error", "time")
            ]

        await until(lambda: answers() or self._reading.done())
        return answers()[0]

    async def closed(self) -> int | None:
        """The close code, once everything was read."""
        async with patience():
            await self._reading
        return self.socket.close_code

    async def leave(self) -> None:
        await self.socket.close()
        await self._reading


@dataclass(eq=False)
class FakeOutlet:
    """In a socket's place: keeps what is written, and is full when a test says so."""

    is_text: bool = False
    deflates: bool = False
    patience: int = 0
    paused: bool = False
    kernel: None = None
    peer: str = "192.0.2.1"
    frames: list[bytes] = field(default_factory=list)
    closed: tuple[int, str] | None = None
    full_after: int | None = None
    """So many more writes, then it is full."""
    session: ViewerSession | None = None

    @property
    def form(self) -> Form:
        return socket_form(self.is_text, self.deflates)

    def write(self, frame: bytes) -> None:
        if self.closed is None:
            self.frames.append(frame)
        if self.full_after is not None:
            self.full_after -= 1
            if self.full_after == 0:
                self.pause()

    def send(self, payload: bytes) -> None:
        self.write(_framed(payload))

    def greeted(self) -> None:
        pass

    def hand_over(self, session: ViewerSession) -> None:
        self.session = session
        session.opened(self)  # type: ignore[arg-type]

    def doubt(self) -> None:
        raise AssertionError("it has no window")

    def close(self, code: int, reason: str = "") -> None:
        self.closed = self.closed or (code, reason)

    def pause(self) -> None:
        self.full_after = None
        if not self.paused:
            self.paused = True
            assert self.session is not None
            self.session.behind()

    def resume(self, full_after: int | None = None) -> None:
        self.paused = False
        self.full_after = full_after
        assert self.session is not None
        self.session.caught_up()

    @property
    def messages(self) -> list[Message]:
        return [msgspec.msgpack.decode(each) for each in _payloads(b"".join(self.frames))]

    @property
    def offsets(self) -> list[int]:
        return [frame["offset"] for frame in self.of("frame") if "offset" in frame]

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.messages if message["type"] == kind]


def _framed(payload: bytes) -> bytes:
    from grandstand.wire import websocket_frames

    return websocket_frames.plain(payload, text=False)


def _payloads(written: bytes) -> Iterator[bytes]:
    """Of unmasked frames one after the other."""
    while written:
        head = {126: 4, 127: 10}.get(written[1], 2)
        size = int.from_bytes(written[2:head], "big") if head > 2 else written[1]
        yield written[head : head + size]
        written = written[head + size :]


@dataclass
class ByHand:
    """A room that nobody sequences: a test makes its commits."""

    harness: Harness
    live: LiveRoom
    head: Head
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def room(self) -> str:
        return self.live.room

    def next(
        self, *, texts: Sequence[str] = ("hi",), private: PrivateChanges | None = None
    ) -> Commit:
        """A commit with a frame for each text, which nobody knows yet; it is to be used next."""
        now = self.live.now()
        frames = []
        for number, text in enumerate(texts, 1):
            comment = Comment(f"c{next(self.numbers):06}", now, "u", "n", text, 5.0)
            offset = self.head.offset + number
            frames.append(encode(Frame(now=now, offset=offset, comments=[comment]), "msgpack"))
        return Commit(
            self.head.epoch,
            self.head.seq + 1,
            self.head.offset + len(frames),
            now,
            frames,
            private or PrivateChanges(),
        )

    async def store(self, commit: Commit) -> Commit:
        """Commits it to the store, which publishes it."""
        snapshot = await self.harness.store.timeline.load(self.room)
        from grandstand.wire.codec import decode_frame

        changed = fold(snapshot.state, map(decode_frame, commit.frames), commit.private)
        changes = Changes(frozenset(changed), [], commit.private.polls, [], [], [])
        self.head = await self.harness.store.timeline.commit(
            self.room, self.head, None, commit, snapshot.state, changes
        )
        return commit

    async def cue(self, name: str) -> Commit:
        """A commit with a cue, once this node has applied it."""
        now, offset = self.live.now(), self.head.offset + 1
        frame = Frame(now=now, offset=offset, cues=[Cue(f"c{offset}", name, now, {})])
        payload, private = encode(frame, "msgpack"), PrivateChanges()
        commit = Commit(self.head.epoch, self.head.seq + 1, offset, now, [payload], private)
        await self.store(commit)
        await until(lambda: self.live.replica.seq >= commit.seq)
        return commit

    async def commit(self, *texts: str, private: PrivateChanges | None = None) -> Commit:
        """A commit, once this node has applied it."""
        commit = await self.store(self.next(texts=texts or ("hi",), private=private))
        await until(lambda: self.live.replica.seq >= commit.seq)
        return commit


@dataclass
class Harness:
    """The node."""

    store: Store
    rooms: LiveRooms
    node: Node
    tokens: Tokens
    port: int = 0
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def token(
        self,
        sub: str = "ada",
        role: Role = "viewer",
        rooms: Sequence[str] = ("*",),
        guest: bool = False,
        lifetime_s: float = 60,
    ) -> str:
        return self.tokens.issue(sub, sub.title(), role, rooms, lifetime_s, guest)

    async def room(self, **settings: Any) -> LiveRoom:
        """A new room that is sequenced, with no pause between comments."""
        room = f"room-{next(self._numbers)}"
        await self.store.rooms.create(room, uuid4().hex)
        live = await self.rooms.get(room)
        calm = {"comment_interval": 0, "moderation": {"level": 0}, "tick": 50}
        await self.submit(live, SettingsPut(uuid4().hex, {**calm, **settings}, merge=False))
        return live

    async def by_hand(self, **settings: Any) -> ByHand:
        """A new room that isn't sequenced."""
        room = f"still-{next(self._numbers)}"
        await self.store.rooms.create(room, uuid4().hex)
        live = await self.rooms.get(room)
        return ByHand(self, live, (await self.store.timeline.load(room)).head)

    async def submit(self, live: LiveRoom, event: ControlEvent) -> None:
        result = await live.submit(event)
        assert isinstance(result, Effect), result

    async def change(self, live: LiveRoom, **settings: Any) -> None:
        """Changes some settings."""
        await self.submit(live, SettingsPut(uuid4().hex, settings, merge=True))

    async def poll(self, live: LiveRoom, **fields: Any) -> PollRecord:
        """A new poll, open for a minute."""
        now = live.now()
        poll = PollRecord(
            **{
                "id": uuid4().hex[:8],
                "kind": "single",
                "question": "Who?",
                "options": ["A", "B"],
                "opens_at": now,
                "closes_at": now + 60_000,
                "grace": 15_000,
                **fields,
            }
        )
        await self.submit(live, PollOpened(uuid4().hex, poll))
        return poll

    def user(self, live: LiveRoom, sub: str = "ada") -> str:
        return user_id(sub, live.salt)

    def admit(self, room: str, outlet: FakeOutlet) -> ViewerSession:
        """A session whose socket is ``outlet``."""
        handshake = Handshake(f"/v1/rooms/{room}/live", "", None, outlet.peer, None)
        session = Admission(self.node).admit(handshake)
        assert isinstance(session, ViewerSession)
        outlet.session = session
        session.opened(outlet)  # type: ignore[arg-type]
        return session

    def seat(self, room: str, outlet: FakeOutlet | None = None, **hello: Any) -> FakeOutlet:
        """A viewer with an outlet who has said hello in a room that is followed already."""
        outlet = outlet or FakeOutlet()
        session = self.admit(room, outlet)
        to_bytes = msgspec.json.encode if outlet.is_text else msgspec.msgpack.encode
        session.received(to_bytes({"type": "hello", **hello}), outlet.is_text)
        return outlet

    @asynccontextmanager
    async def connected(
        self,
        room: str,
        codec: Codec = "msgpack",
        compression: Literal["deflate"] | None = None,
        **options: Any,
    ) -> AsyncIterator[Client]:
        """A socket on which nothing was said yet."""
        async with connect(
            f"ws://127.0.0.1:{self.port}/v1/rooms/{room}/live",
            subprotocols=[Subprotocol(f"grandstand.v1.{codec}")],
            compression=compression,
            proxy=None,
            **options,
        ) as socket:
            client = Client(socket, codec)
            try:
                yield client
            finally:
                await client.leave()

    @asynccontextmanager
    async def viewer(
        self, room: str, token: str | None = None, codec: Codec = "msgpack", **hello: Any
    ) -> AsyncIterator[Client]:
        """A viewer who has been welcomed."""
        async with self.connected(room, codec) as client:
            if token is not None:
                hello["token"] = token
            await client.send({"type": "hello", **hello})
            await client.first("welcome")
            yield client


@asynccontextmanager
async def harness(
    data_dir: Path,
    sequenced: bool = True,
    waiting_room: Callable[[Node], WaitingRoom] = WaitingRoom,
    **node_fields: Any,
) -> AsyncIterator[Harness]:
    """The node, for the duration of the block."""
    async with valkey(data_dir) as url:
        store = await open_store(url)
        rooms = LiveRooms(store)
        metrics = Metrics(CollectorRegistry())
        keepalive = Keepalive()
        tokens = Tokens(SECRET)
        moderator = Moderator(None, RULES)
        node = Node(rooms, tokens, moderator, keepalive, metrics, **node_fields)
        config = Config(
            no_app,
            port=0,
            lifespan="off",
            log_config=None,
            ws=functools.partial(
                ViewerSocket,
                admission=Admission(node, waiting_room=waiting_room(node)),
                keepalive=keepalive,
                turns=RoundRobin(),
            ),  # type: ignore[arg-type]
            timeout_graceful_shutdown=5,
        )
        server = Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        tokens.revocations = rooms.revocations.known
        tasks = [
            asyncio.create_task(rooms.run()),
            asyncio.create_task(RevocationEnforcer(node).run()),
        ]
        if sequenced:
            tasks.append(asyncio.create_task(RoomLeader(store, metrics, node.visited).run()))
        try:
            port = server.servers[0].sockets[0].getsockname()[1]
            yield Harness(store, rooms, node, tokens, port)
        finally:
            for connection in list(server.server_state.connections):
                if isinstance(connection, ViewerSocket):
                    connection.abort()
            await server.shutdown()
            await cancel_all(tasks, PATIENTLY_S)
            await rooms.close()
            await store.close()
            await moderator.close()
