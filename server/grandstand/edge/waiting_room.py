"""Lets viewers in at one node: at once, or after they have waited in a line.

It must not know what a viewer does once it is in.

Theory of operation: without a waiting room a handshake that comes too early is refused. With one
the socket is opened, and a ``notice`` tells the viewer its place; its ``hello`` is kept, and read
when its turn has come. Who waits has a socket and a session of its own kind, which then hands the
socket to a ``ViewerSession``: so viewers who are in pay nothing for the line. What a stranger can
hold is bounded: so many sockets, one ``hello`` each, so many bytes of them all together. Opening a
socket takes CPU, too, so handshakes have a limit besides, ``OPENINGS`` times the usual rate.
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

from grandstand.edge.node import Node
from grandstand.edge.session import HELLO_WITHIN_S, ViewerSession
from grandstand.edge.transport.client_address import counted_as
from grandstand.edge.transport.handshake_limit import LONGEST_S, HandshakeLimit
from grandstand.edge.waiting_line import WaitingLine
from grandstand.wire.codec import Codec, encode
from grandstand.wire.codes import CloseCode
from grandstand.wire.messages import Bye, Notice

if TYPE_CHECKING:
    from grandstand.edge.transport.keepalive import Deadline
    from grandstand.edge.transport.websocket import ViewerSocket

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
HELLO_BYTES = 16_384
HELLOS_BYTES = 32 * 2**20
"""Of one who waits, and of all. A ``hello`` with a token and a hundred topics has 12 KB."""

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
        self.kept_bytes = 0
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
        taken = self.node.connections - len(self)
        return self.seats - taken if self.seats else math.inf

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

    __slots__ = ("_codec", "_deadline", "_hello", "_is_over", "_room", "_waiting_room", "socket")

    socket: ViewerSocket

    def __init__(self, waiting_room: WaitingRoom, room: str) -> None:
        self._waiting_room = waiting_room
        self._room = room
        self._hello: tuple[bytes, bool] | None = None
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
        hello = self._forget()
        session = ViewerSession(self._waiting_room.node, self._room)
        self.socket.hand_over(session)
        if hello is not None:
            session.received(*hello)

    # --- from the socket -------------------------------------------------------------------------

    def opened(self, socket: ViewerSocket) -> None:
        """Take the socket after the handshake; ``hello`` must come within five seconds."""
        self.socket = socket
        self._codec: Codec = "json" if socket.is_text else "msgpack"
        no_hello = partial(self.bye, CloseCode.NO_HELLO, "no hello in time")
        self._deadline = self._waiting_room.node.keepalive.after(HELLO_WITHIN_S, no_hello)
        self._waiting_room.join(self)

    def received(self, payload: bytes, is_text: bool) -> None:
        """Keep the ``hello``; it is read when the viewer comes in."""
        room = self._waiting_room
        is_much = len(payload) > HELLO_BYTES or room.kept_bytes + len(payload) > HELLOS_BYTES
        if self._hello is not None or is_much:
            return self.bye(CloseCode.TRY_AGAIN_LATER, "too much before the welcome")
        self._drop_deadline()
        self._hello = (payload, is_text)
        room.kept_bytes += len(payload)

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
        self._waiting_room.leave(self)
        self._forget()

    def lost(self) -> None:
        """Clean up: the connection is over."""
        self._waiting_room.node.left(self.socket.peer)

    def drain(self) -> None:
        """Send the viewer to another server: this one is stopping."""
        spread_ms = self._waiting_room.node.drain_ms
        self.bye(CloseCode.RESTART, "this node is going away", spread_ms)

    def _forget(self) -> tuple[bytes, bool] | None:
        """Return the ``hello``, which isn't kept any more."""
        self._drop_deadline()
        hello, self._hello = self._hello, None
        if hello is not None:
            self._waiting_room.kept_bytes -= len(hello[0])
        return hello

    def _drop_deadline(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()
