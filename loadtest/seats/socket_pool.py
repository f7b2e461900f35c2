"""Seats for numbers, thousands on one epoll: their sockets are drained, what came is counted.

It must not know locust, gevent or asyncio: whoever drives a stand calls ``turn`` when its epoll is
readable and ``open_due`` now and then. What the bytes mean is the dialect's; when a seat comes back
is for ``grandstand.client.backoff`` to say, as for every client.

Theory of operation: the epoll is edge-triggered and a read shorter than the buffer has emptied its
socket, so a frame costs a seat one ``recv_into`` and, if another seat has read the same bytes just
before, one comparison (``chunks``); then its offset alone moves. All else takes the slow way:
handshakes, pieces of frames, what is told to one seat, ends. The sockets are those of C and the
epoll is given, because gevent replaces both in the modules where one finds them.
"""

from __future__ import annotations

import heapq
import os
import random
import time
from _socket import SO_ERROR, SOL_SOCKET
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from grandstand.client.backoff import Closed, End, Failed, Refused
from grandstand.wire.codes import AfterClose, CloseCode

from loadtest.seats.chunks import NO_CHUNK, Chunk, Chunks, chunk_of
from loadtest.seats.client_frames import StreamError
from loadtest.seats.counts import Counts
from loadtest.seats.dialects import Dialect, Kind, Message, Place, bye_in
from loadtest.seats.pace import Pace
from loadtest.seats.seat import Seat
from loadtest.seats.sockets import begin

if TYPE_CHECKING:
    from select import epoll

IN, OUT, ENDED, EDGE = 0x1, 0x4, 0x2000 | 0x10 | 0x8, 1 << 31
BUFFER_BYTES = 256 * 1024
MOST_EVENTS = 512
SAMPLE_EVERY = 100
OPENING_S = 20.0
"""A seat that isn't in by then has failed."""


class Listener(Protocol):
    """Who a stand tells what it doesn't only count; called while it turns, so briefly."""

    def saw(self, frame: dict[str, Any]) -> None:
        """A frame, once, when the first seat reads it."""

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        """A sampled seat has read these comments and polls."""

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        """A message to one seat: its welcome, an ack, an error."""


@dataclass(slots=True)
class SocketPool:
    """Seats at one server, at ``address`` (IP and port), in times of ``clock`` (s).

    ``comes_back``: seats that are lost return as the contract asks. ``poller`` is an epoll, for
    processes where the one in ``select`` is hidden.
    """

    dialect: Dialect
    address: tuple[str, int]
    pace: Pace = field(default_factory=Pace)
    comes_back: bool = True
    listener: Listener | None = None
    poller: epoll | None = None
    clock: Callable[[], float] = time.monotonic
    sample_every: int = SAMPLE_EVERY
    counts: Counts = field(default_factory=Counts)
    seats: dict[int, Seat] = field(default_factory=dict)
    """Those with a socket, by its descriptor."""
    _chunks: Chunks = field(init=False)
    _chunk: Chunk = NO_CHUNK
    _buffer: bytearray = field(default_factory=lambda: bytearray(BUFFER_BYTES))
    _due: list[tuple[float, int, Seat]] = field(default_factory=list)
    _on_their_way: dict[Seat, float] = field(default_factory=dict)
    _order: Callable[[], int] = field(default_factory=lambda: count().__next__)

    def __post_init__(self) -> None:
        self._chunks = Chunks(self.dialect)
        if self.poller is None:
            import select

            self.poller = select.epoll()

    # --- what its owner does ---------------------------------------------------------------------

    def fileno(self) -> int:
        """The epoll's descriptor: readable when ``turn`` has something to do."""
        assert self.poller is not None
        return self.poller.fileno()

    def take(self, number: int, token: str | None = None) -> Seat:
        """Wants a seat; it is opened by ``open_due``, as the pace allows."""
        seat = Seat(number, token, number % self.sample_every == 0)
        heapq.heappush(self._due, (0.0, self._order(), seat))
        return seat

    def say(self, seat: Seat, data: bytes) -> None:
        """Writes for one seat. A server that doesn't read loses the seat."""
        if seat.socket is None:
            return
        try:
            if seat.socket.send(data) == len(data):
                return
            fault = "write: the server doesn't read"
        except OSError as error:
            fault = f"write: {error.strerror}"
        self._lost(seat, Failed(fault))

    def cut(self) -> None:
        """Breaks all connections at once, as a network does; seats come back if they may."""
        for seat in list(self.seats.values()):
            self._lost(seat, None)

    def close(self) -> None:
        """Everybody leaves for good."""
        self.comes_back = False
        self.cut()
        self._due.clear()
        assert self.poller is not None
        self.poller.close()

    @property
    def waiting(self) -> int:
        """Seats without a connection that are to have one."""
        return len(self._due)

    def open_due(self) -> None:
        """Starts the connections whose time has come, and gives those up that took too long."""
        now_s = self.clock()
        while self._on_their_way:
            seat, since_s = next(iter(self._on_their_way.items()))
            if now_s - since_s < OPENING_S:
                break
            self._lost(seat, Failed(f"not in within {OPENING_S:.0f} s"))
        due = self._due
        while due and due[0][0] <= now_s and self.pace.starts(now_s):
            self._connect(heapq.heappop(due)[2], now_s)

    def turn(self, timeout_s: float = 0.0) -> int:
        """Waits so long for something to come, takes it in, and returns how many reads it was."""
        assert self.poller is not None
        events = self.poller.poll(timeout_s, MOST_EVENTS)
        buffer, seats = self._buffer, self.seats
        chunk = self._chunk
        data, size, before, after = chunk.data, len(chunk.data), chunk.before, chunk.after
        same = 0
        for descriptor, event in events:
            seat = seats.get(descriptor)
            if seat is None:
                continue  # another's message of this turn ended it
            if event == IN and seat.plain:
                try:
                    got = seat.recv_into(buffer)  # type: ignore[misc]
                except OSError as error:
                    self._broken(seat, error)
                    continue
                if got == size and seat.offset == before and buffer.startswith(data):
                    seat.offset = after
                    same += 1
                    continue
                self._read(seat, got, event)
            elif event & OUT:
                self._connected(seat)
            else:
                self._drain(seat, event)
            if self._chunk is not chunk:
                self._count(chunk, same)
                same, chunk = 0, self._chunk
                data, size, before, after = chunk.data, len(chunk.data), chunk.before, chunk.after
        self._count(chunk, same)
        if self._due:
            self.open_due()
        return len(events)

    # --- what comes ------------------------------------------------------------------------------

    def _count(self, chunk: Chunk, times: int) -> None:
        if times:
            self.counts.receives += times
            self.counts.frames += times * chunk.frames
            self.counts.bytes_received += times * len(chunk.data)

    def _drain(self, seat: Seat, event: int) -> None:
        assert seat.recv_into is not None
        try:
            self._read(seat, seat.recv_into(self._buffer), event)
        except OSError as error:
            self._broken(seat, error)

    def _read(self, seat: Seat, got: int, event: int) -> None:
        """Takes what was read, and all that is left of a socket that ended or filled the buffer."""
        self.counts.receives += 1
        self.counts.bytes_received += got
        if not got:
            self._lost(seat, Closed(CloseCode.NO_CLOSE_FRAME))
            return
        try:
            self._take(seat, bytes(memoryview(self._buffer)[:got]))
        except StreamError as error:
            self._lost(seat, Failed(f"stream: {error}"))
        if seat.socket is not None and (got == BUFFER_BYTES or event & ENDED):
            self._drain(seat, event)

    def _take(self, seat: Seat, data: bytes) -> None:
        read: list[Message] = []
        if seat.seated and not seat.rest and len(data) < BUFFER_BYTES:
            chunk = self._chunks.known(data)
            if chunk is None:
                chunk, read = self._chunks.learn(data)
            if chunk is not None:
                for frame in read:
                    self._see(frame)
                self._chunk = chunk
                self._follow(seat, chunk)
                seat.plain = not seat.sampled
                return
        data, at = seat.rest + data, 0
        coming = iter(read)
        while seat.socket is not None:
            message = next(coming, None) or self.dialect.cut(data, at, seat.upgraded)
            if message is None:
                break
            at = message.end
            self._hear(seat, message)
        seat.rest = data[at:]
        seat.plain = seat.seated and not seat.rest and not seat.sampled

    def _see(self, message: Message) -> None:
        if self.listener is not None and message.told is not None:
            self.listener.saw(message.told)

    def _follow(self, seat: Seat, chunk: Chunk) -> None:
        """Counts frames at a seat, and those that are missing before them."""
        counts = self.counts
        counts.frames += chunk.frames
        counts.gaps += chunk.gaps
        if seat.offset == chunk.before:
            seat.offset = chunk.after
        else:
            expected = chunk.after if chunk.before is None else chunk.before
            counts.gaps += max(0, expected - seat.offset)
            seat.offset = max(seat.offset, chunk.after)
        if seat.sampled:
            counts.sampled += 1
            if self.listener is not None and chunk.shows:
                self.listener.shown(chunk.shows, self.clock())

    def _hear(self, seat: Seat, message: Message) -> None:
        if message.kind is Kind.CLOSED:
            if message.reply and seat.socket is not None:
                with suppress(OSError):  # the server may have gone already
                    seat.socket.send(message.reply)
        elif message.reply:
            self.say(seat, message.reply)
        match message.kind:
            case Kind.COUNTED:
                self._see(message)
                self._follow(seat, chunk_of(b"", [message]))
            case Kind.TOLD:
                assert message.told is not None
                if (bye := bye_in(message.told)) is not None:
                    seat.backoff.warned(bye, self.clock())
                self._tell(seat, message.told)
            case Kind.UPGRADED:
                self._upgraded(seat)
                place: Place | None = None if seat.epoch is None else (seat.epoch, seat.offset)
                self.say(seat, self.dialect.hello(seat.token, place))
            case Kind.ENTERED:
                self._entered(seat, message.told)
            case Kind.REFUSED:
                self._lost(seat, Refused(message.code, message.retry_after_s))
            case Kind.CLOSED:
                self._lost(seat, Closed(message.code))

    def _tell(self, seat: Seat, message: dict[str, Any]) -> None:
        if self.listener is not None:
            self.listener.told(seat, message, self.clock())

    # --- a connection's life ---------------------------------------------------------------------

    def _connect(self, seat: Seat, now_s: float) -> None:
        seat.since_s = now_s
        seat.backoff.begin()
        self._on_their_way[seat] = now_s
        try:
            seat.socket = begin(self.address)
        except OSError as error:
            self._lost(seat, Failed(f"connect: {error.strerror}"))
            return
        seat.recv_into = seat.socket.recv_into
        self.seats[seat.socket.fileno()] = seat
        assert self.poller is not None
        self.poller.register(seat.socket.fileno(), OUT | EDGE)

    def _connected(self, seat: Seat) -> None:
        assert seat.socket is not None
        assert self.poller is not None
        fault = seat.socket.getsockopt(SOL_SOCKET, SO_ERROR)
        if fault:
            self._lost(seat, Failed(f"connect: {os.strerror(fault)}"))
            return
        self.poller.modify(seat.socket.fileno(), IN | ENDED | EDGE)
        self.say(seat, self.dialect.opening)

    def _upgraded(self, seat: Seat) -> None:
        seat.upgraded = True
        now_s = self.clock()
        self.counts.connect_ms.append((now_s - seat.since_s) * 1000)
        seat.since_s = now_s

    def _entered(self, seat: Seat, welcome: dict[str, Any] | None) -> None:
        """In, or given its state anew because it fell behind."""
        if not seat.upgraded:
            self._upgraded(seat)
        if not seat.seated:
            self.counts.welcome_ms.append((self.clock() - seat.since_s) * 1000)
            self.counts.seated += 1
            seat.seated = True
            seat.backoff.welcomed(self.clock())
            self._arrived(seat)
        if welcome is None:
            return
        if welcome["recovered"]:
            self.counts.comebacks += 1
        else:
            self.counts.restarts += seat.epoch is not None
            seat.offset = welcome["offset"]
        seat.epoch = welcome["epoch"]
        self._tell(seat, welcome)

    def _arrived(self, seat: Seat) -> None:
        if self._on_their_way.pop(seat, None) is not None:
            self.pace.arrived()

    def _broken(self, seat: Seat, error: OSError) -> None:
        if not isinstance(error, BlockingIOError):
            self._lost(seat, Closed(CloseCode.NO_CLOSE_FRAME))

    def _lost(self, seat: Seat, end: End | None) -> None:
        """The connection is over; by our own hand, if there is no ``end``."""
        now_s = self.clock()
        judged, after = seat.backoff.judge(end or Failed("cut"), now_s)
        match end and judged:
            case Closed(code):
                self.counts.closes[code] += 1
            case Refused(status):
                self.counts.refusals[status] += 1
            case Failed(words):
                self.counts.faults[words] += 1
        self.counts.seated -= seat.seated
        if seat.socket is not None:
            self.seats.pop(seat.socket.fileno(), None)
            seat.socket.close()
        seat.socket = seat.recv_into = None
        seat.plain = seat.upgraded = seat.seated = False
        seat.rest = b""
        self._arrived(seat)
        # A seat's token is the only one it has: it can't come back with a new one.
        if self.comes_back and after is AfterClose.RECONNECT:
            due_s = seat.backoff.return_s(now_s, random.random())
            heapq.heappush(self._due, (due_s, self._order(), seat))
