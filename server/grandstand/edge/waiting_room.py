"""Lets viewers in at one node: at once, or after they have waited in a line.

It must not know what a viewer does once it is in.

Theory of operation: without a waiting room a handshake that comes too early is refused. With one
the socket is opened, and a ``notice`` tells the viewer its place. Its ``hello`` is judged when it
arrives, so a token may expire in the line, and who can't come in holds no place; what comes after
it is kept. Who waits has a socket and a session of its own kind, which then hands the socket to a
``ViewerSession``: so viewers who are in pay nothing for the line. What a stranger can hold is
bounded: so many sockets, of each a ``hello`` of 4 KiB, as any message, and as much after it.
Opening a socket and reading a token take CPU, too, so handshakes have a limit besides, ``OPENINGS``
times the usual rate.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import structlog

from grandstand.domain.identity import Identity, unknown_room
from grandstand.edge.greeting import read_hello
from grandstand.edge.node import Node
from grandstand.edge.session import HELLO_WITHIN_S, ViewerSession
from grandstand.edge.transport.client_address import counted_as
from grandstand.edge.transport.handshake_limit import LONGEST_S, HandshakeLimit
from grandstand.edge.waiting_line import WaitingLine
from grandstand.store.errors import UnknownRoomError
from grandstand.wire.codec import Codec, encode
from grandstand.wire.codes import AFTER_REFUSED_HELLO, CloseCode, RefusedError
from grandstand.wire.messages import Bye, Error, Hello, Notice

if TYPE_CHECKING:
    from grandstand.edge.transport.keepalive import Deadline
    from grandstand.edge.transport.websocket import ViewerSocket
    from grandstand.replica.room import LiveRoom

OPENINGS = 2
"""Sockets that are opened for each viewer that may come in: opening takes about half of what coming
in takes."""

ROUND_S = 0.05
TELL_S = 4.0
"""In this time everybody is told the place once. Clients give up after 10 s of silence; one who has
just come waits for up to two rounds."""

RATE_S = 10.0
"""Over about so many seconds goes the mean rate by which waiting times are estimated."""

STAY_S = 3000.0
"""How long a viewer stays, as ``crowd.forecast`` assumes: by it seats become free, until it is
known how fast they do."""

LONGEST_MS = 3_600_000
LATER, LATER_BYTES = 20, 4096
"""What may come after the ``hello`` of one who waits: messages, and bytes of all of them."""

CROWDED = "many viewers are coming in at once"

log = structlog.get_logger(__name__)


class WaitingRoom:
    """The way into one node. With ``most`` 0 nobody waits; with ``seats`` 0 there are as many seats
    as viewers come."""

    def __init__(
        self, node: Node, most: int = 0, seats: int = 0, openings: HandshakeLimit | None = None
    ) -> None:
        """``openings`` is the limit of handshakes where viewers may wait after them."""
        self.node = node
        self.most = most
        self.seats = seats
        self.openings = openings if openings is not None and most else node.handshake_limit
        self._line = WaitingLine[WaitingViewer](most)
        self._entered = 0
        self._per_s = 0.0
        self._stepped_s = 0.0
        self._to_tell: list[WaitingViewer] = []
        self._told = self._entered_before = 0
        self._owed = 0.0

    def __len__(self) -> int:
        return len(self._line)

    @property
    def free(self) -> float:
        """Return how many seats are free; negative where more were let in."""
        return self.seats - self.taken if self.seats else math.inf

    @property
    def taken(self) -> int:
        """Return how many are in."""
        return self.node.connections - len(self) - len(self.node.closing)

    def lets_in(self, peer: str) -> bool:
        """Return whether a newcomer, who is counted already, comes in at once: nobody waits, there
        is a seat, and the rate allows it, which is then charged."""
        if self._line or self.free < 0:
            return False
        return not self.most or self.node.handshake_limit.lets_in(peer)

    def has_place(self, peer: str) -> bool:
        """Return whether a newcomer may wait."""
        return self._line.has_place(counted_as(peer))

    def join(self, viewer: WaitingViewer) -> None:
        """Put a viewer into the line and tell it its place; or send it away, or another one."""
        pushed_out = self._line.join(viewer, counted_as(viewer.socket.peer))
        if pushed_out is not None:
            pushed_out.bye(CloseCode.TRY_AGAIN_LATER, CROWDED, LONGEST_S * 1000)
        if pushed_out is not viewer:
            viewer.tell(*self._told_of(self._line.place(viewer)))

    def leave(self, viewer: WaitingViewer) -> None:
        """Take a viewer out of the line, if it is there."""
        self._line.leave(viewer)

    async def run(self) -> None:
        """Let viewers in, and tell those who wait, until cancelled."""
        while True:
            await asyncio.sleep(ROUND_S)
            self.step(time.monotonic())

    def step(self, now_s: float) -> None:
        """Let those in whose turn it is, and tell some of the others how far they are."""
        elapsed_s, self._stepped_s = min(now_s - self._stepped_s, RATE_S), now_s
        if not self._line:
            self._per_s = 0.0
            return
        before, limit = self._entered, self.node.handshake_limit
        for _ in range(math.ceil(2 * limit.per_s * ROUND_S)):  # not a whole second's at once
            if not self._line or self.free < 1 or self.node.draining or not limit.lets_in_any():
                break
            self._entered += 1
            _guarded(self._line.next().enter)
        if elapsed_s > 0:
            per_s = (self._entered - before) / elapsed_s
            self._per_s += (per_s - self._rate()) * elapsed_s / RATE_S
        self._tell_some(elapsed_s)

    def _tell_some(self, elapsed_s: float) -> None:
        if self._told >= len(self._to_tell):
            self._to_tell, self._told = [*self._line.order()], 0
            self._entered_before = self._entered
        self._owed += len(self._to_tell) * elapsed_s / TELL_S
        for _ in range(min(int(self._owed), len(self._to_tell) - self._told)):
            viewer = self._to_tell[self._told]
            self._told += 1
            if viewer in self._line:
                place = max(1, self._told - (self._entered - self._entered_before))
                _guarded(partial(viewer.tell, *self._told_of(place)))
        self._owed %= 1

    def _told_of(self, place: int) -> tuple[int, int]:
        """Return a place, and in how many ms its turn is likely to come."""
        return place, min(LONGEST_MS, int(1000 * place / self._rate()))

    def _rate(self) -> float:
        """Return how many a second come in; where nobody has yet, how many should."""
        if not self._per_s:
            limit = self.node.handshake_limit.per_s
            self._per_s = float(limit) if self.free >= 1 else self.seats / STAY_S
        return max(self._per_s, 1000 / LONGEST_MS)


def _guarded(call: Callable[[], None]) -> None:
    """One viewer's failure must not stop the others."""
    try:
        call()
    except Exception:
        log.exception("waiting_viewer_failed")


class WaitingViewer:
    """A viewer's connection while it waits; it makes way for the viewer's session."""

    __slots__ = (
        "_codec",
        "_deadline",
        "_hello",
        "_is_over",
        "_later",
        "_room",
        "_waiting_room",
        "socket",
    )

    socket: ViewerSocket

    def __init__(self, waiting_room: WaitingRoom, room: str) -> None:
        self._waiting_room = waiting_room
        self._room = room
        self._hello: tuple[Hello, Identity | None] | None = None
        self._later: list[tuple[bytes, bool]] = []
        self._deadline: Deadline | None = None
        self._is_over = False

    # --- from the waiting room -------------------------------------------------------------------

    def tell(self, place: int, after_ms: int) -> None:
        """Tell the viewer its place; nothing if it doesn't read."""
        if not self.socket.paused:
            words = f"number {place} of those who wait"
            notice = Notice("waiting", words, place=place, after=after_ms)
            self.socket.send(encode(notice, self._codec))

    def enter(self) -> None:
        """Let the viewer in: from now on its session has the socket."""
        self._drop_deadline()
        self._is_over = True
        session = ViewerSession(self._waiting_room.node, self._room)
        self.socket.hand_over(session)
        if self._hello is not None:
            session.greeted(*self._hello, self._later)

    # --- from the socket -------------------------------------------------------------------------

    def opened(self, socket: ViewerSocket) -> None:
        """Take the socket after the handshake; ``hello`` must come within five seconds."""
        self.socket = socket
        self._codec: Codec = "json" if socket.is_text else "msgpack"
        no_hello = partial(self.bye, CloseCode.NO_HELLO, "no hello in time")
        self._deadline = self._waiting_room.node.keepalive.after(HELLO_WITHIN_S, no_hello)
        self._waiting_room.join(self)

    def received(self, payload: bytes, is_text: bool) -> None:
        """Judge the ``hello``; keep what comes after it until the viewer is in."""
        if self._hello is not None:
            return self._keep(payload, is_text)
        self._drop_deadline()
        room, node = self._room, self._waiting_room.node
        try:
            self._hello = read_hello(payload, is_text, self._codec, room, node.tokens)
        except RefusedError as refused:
            return self._turn_away(refused)
        if node.rooms.peek(room) is None:
            asyncio.ensure_future(node.rooms.get(room)).add_done_callback(self._looked_up)

    def _keep(self, payload: bytes, is_text: bool) -> None:
        kept = sum(len(each) for each, _ in self._later)
        if len(self._later) >= LATER or kept + len(payload) > LATER_BYTES:
            return self.bye(CloseCode.TRY_AGAIN_LATER, "too much before the welcome")
        self._later.append((payload, is_text))

    def _looked_up(self, loading: asyncio.Future[LiveRoom]) -> None:
        """Turn the viewer away if there is no such room; any other trouble may be over when its
        turn comes."""
        if loading.cancelled() or not isinstance(loading.exception(), UnknownRoomError):
            return
        if self._hello is not None and not self._is_over:
            _, identity = self._hello
            self._turn_away(unknown_room(identity, self._waiting_room.node.hides_rooms))

    def _turn_away(self, refused: RefusedError) -> None:
        self._waiting_room.node.metrics.errors.labels(refused.code.value).inc()
        self.socket.send(encode(Error.of(refused, None), self._codec))
        code = AFTER_REFUSED_HELLO.get(refused.code, CloseCode.PROTOCOL_ERROR)
        self.bye(code, refused.message)

    def bye(self, code: CloseCode, reason: str, spread_ms: int = 0) -> None:
        """Say why, and close."""
        if self._is_over:
            return
        self._is_over = True
        self._waiting_room.node.metrics.closes.labels(str(int(code))).inc()
        bye = Bye(int(code), reason, not code.is_final, random.randint(0, spread_ms))
        self.socket.send(encode(bye, self._codec))
        self.socket.close(code, reason)

    def behind(self) -> None:
        """Tell nothing until the peer reads again."""

    def caught_up(self) -> None:
        """Go on at the next round."""

    def ending(self) -> None:
        """Leave the line."""
        self._is_over = True
        self._drop_deadline()
        self._waiting_room.leave(self)
        self._waiting_room.node.closing.add(self)

    def lost(self) -> None:
        """Clean up: the connection is over."""
        self._waiting_room.node.closing.discard(self)
        self._waiting_room.node.left(self.socket.peer)

    def drain(self) -> None:
        """Send the viewer to another server: this one is stopping."""
        spread_ms = self._waiting_room.node.drain_ms
        self.bye(CloseCode.RESTART, "this node is going away", spread_ms)

    def _drop_deadline(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()
