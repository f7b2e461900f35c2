"""Thousands of lurkers on one epoll, each with a connection that it keeps.

It must not know locust, gevent or asyncio: whoever drives a pool calls ``turn`` every few
milliseconds. The sockets are those of C and the epoll is given, as for seats
(``loadtest/seats/socket_pool.py``), because gevent replaces both in the modules where one finds
them.
"""

from __future__ import annotations

import heapq
import os
import time
from _socket import SO_ERROR, SOL_SOCKET, socket
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from loadtest.lurkers.answers import AnswerError, cut
from loadtest.lurkers.counts import Counts
from loadtest.lurkers.lurker import AGAIN_S, Lurker, What
from loadtest.lurkers.show import Show
from loadtest.seats.pace import Pace
from loadtest.seats.sockets import begin

if TYPE_CHECKING:
    from select import epoll

IN, OUT = 0x1, 0x4
READ_BYTES = 1 << 17
MOST_EVENTS = 512
ANSWER_S = 10.0
"""A lurker that waits for longer gives its connection up."""


@dataclass(slots=True, eq=False)
class _Connection:
    """A lurker's, with what it has asked for and what was read of the answer."""

    lurker: Lurker
    socket: socket | None = None
    asked: What | None = None
    asked_s: float = 0.0
    rest: bytes = b""
    is_watching: bool = False
    is_open: bool = False


@dataclass(slots=True)
class LurkerPool:
    """Lurkers of one room at ``address`` (IP and port), which they call ``host``."""

    address: tuple[str, int]
    host: str
    room: str
    pace: Pace = field(default_factory=Pace)
    poller: epoll | None = None
    clock: Callable[[], float] = time.monotonic
    random: Random = field(default_factory=Random)
    counts: Counts = field(default_factory=Counts)
    show: Show = field(default_factory=Show)
    _by_descriptor: dict[int, _Connection] = field(default_factory=dict)
    _waiting: list[_Connection] = field(default_factory=list)
    _due: list[tuple[float, int, _Connection]] = field(default_factory=list)
    _order: Callable[[], int] = field(default_factory=lambda: count().__next__)
    _turned_s: float = 0.0

    def __post_init__(self) -> None:
        if self.poller is None:
            import select

            self.poller = select.epoll()
        self._turned_s = self.clock()

    def take(self, number: int) -> None:
        """Want one more lurker; it begins as the pace allows."""
        lurker = Lurker.numbered(number, self.random.random(), self.clock())
        self._waiting.append(_Connection(lurker))

    def close(self) -> None:
        """End all connections."""
        for connection in self._by_descriptor.values():
            assert connection.socket is not None
            connection.socket.close()
        self._by_descriptor.clear()
        self._due.clear()
        self._waiting.clear()
        assert self.poller is not None
        self.poller.close()

    def turn(self, timeout_s: float = 0.0) -> int:
        """Ask what is due, and take in what has come within this time; return how many reads it
        was."""
        assert self.poller is not None
        now_s = self.clock()
        self.counts.lurker_s += self.counts.watching * (now_s - self._turned_s)
        self._turned_s = now_s
        while self._waiting and self.pace.starts(now_s):
            self._schedule(self._waiting.pop(), now_s)
        while self._due and self._due[0][0] <= now_s:
            self._ask(heapq.heappop(self._due)[2], now_s)
        events = self.poller.poll(timeout_s, MOST_EVENTS)
        for descriptor, _ in events:
            connection = self._by_descriptor.get(descriptor)
            if connection is not None:
                try:
                    if connection.is_open:
                        self._read(connection)
                    else:
                        self._connected(connection)
                except (OSError, AnswerError, ValueError) as fault:
                    self._broken(connection, f"{type(fault).__name__}: {fault}")
        return len(events)

    def give_up_silent(self) -> None:
        """End the connections whose answer is overdue; call it now and then."""
        now_s = self.clock()
        for connection in list(self._by_descriptor.values()):
            if connection.asked is not None and now_s - connection.asked_s > ANSWER_S:
                self._broken(connection, f"no answer within {ANSWER_S:.0f} s")

    # --- asking ----------------------------------------------------------------------------------

    def _schedule(self, connection: _Connection, at_s: float) -> None:
        heapq.heappush(self._due, (at_s, self._order(), connection))

    def _ask(self, connection: _Connection, now_s: float) -> None:
        connection.asked, connection.asked_s = connection.lurker.next[1], now_s
        if connection.is_open:
            self._send(connection)
            return
        try:
            connection.socket = begin(self.address)
        except OSError as fault:
            self._broken(connection, f"connect: {fault.strerror}")
            return
        self._by_descriptor[connection.socket.fileno()] = connection
        assert self.poller is not None
        self.poller.register(connection.socket.fileno(), OUT)

    def _connected(self, connection: _Connection) -> None:
        assert connection.socket is not None
        fault = connection.socket.getsockopt(SOL_SOCKET, SO_ERROR)
        if fault:
            raise OSError(fault, os.strerror(fault))
        assert self.poller is not None
        self.poller.modify(connection.socket.fileno(), IN)
        connection.is_open = True
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        what, lurker = connection.asked, connection.lurker
        assert what is not None
        assert connection.socket is not None
        if what in ("index", "present"):
            path = f"/v1/rooms/{self.room}/{'segments' if what == 'index' else 'present'}"
        else:
            path = lurker.path
        data = request(what, path, self.host)
        try:
            sent = connection.socket.send(data)
        except OSError as fault:
            self._broken(connection, f"write: {fault.strerror}")
            return
        if sent != len(data):
            self._broken(connection, "write: the server doesn't read")
            return
        self.counts.requests[what] += 1
        self.counts.bytes_sent += sent

    # --- being answered --------------------------------------------------------------------------

    def _read(self, connection: _Connection) -> None:
        assert connection.socket is not None
        try:
            data = connection.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        self.counts.bytes_received += len(data)
        if not data or connection.asked is None:  # a server ends what was idle for long
            self._closed(connection)
            return
        connection.rest += data
        answer = cut(connection.rest)
        if answer is None:
            return
        if answer.size != len(connection.rest):
            raise AnswerError("more than was asked for")
        what, now_s, counts = connection.asked, self.clock(), self.counts
        connection.asked, connection.rest = None, b""
        counts.answer_ms.setdefault(what, []).append((now_s - connection.asked_s) * 1000)
        if answer.status not in (200, 204):
            counts.statuses[f"{what} {answer.status}"] += 1
        lag_ms = connection.lurker.answered(what, answer, self.show, now_s)
        if lag_ms is not None:
            counts.lag_ms.append(lag_ms)
        if not connection.is_watching:
            connection.is_watching = True
            counts.watching += 1
            self.pace.arrived()
        if answer.closes:
            self._end(connection)
        self._schedule(connection, connection.lurker.next[0])

    def _closed(self, connection: _Connection) -> None:
        """The server ended the connection. One that waits for an answer asks again at once."""
        self._end(connection)
        if connection.asked is not None:
            self._broken(connection, "closed without an answer")

    def _broken(self, connection: _Connection, fault: str) -> None:
        self.counts.faults[fault] += 1
        self._end(connection)
        connection.asked = None
        self._schedule(connection, self.clock() + AGAIN_S * (1 + self.random.random()))

    def _end(self, connection: _Connection) -> None:
        if connection.socket is not None:
            self._by_descriptor.pop(connection.socket.fileno(), None)
            connection.socket.close()
        connection.socket, connection.is_open, connection.rest = None, False, b""


def request(what: What, path: str, host: str, *, gzipped: bool = True) -> bytes:
    """Return a request's bytes."""
    method, more = ("POST", "Content-Length: 0\r\n") if what == "present" else ("GET", "")
    more += "Accept-Encoding: gzip\r\n" if gzipped else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode()
