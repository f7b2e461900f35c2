"""Audiences: sets of viewers who get the same bytes. They know nothing else of their viewers.

An audience is a room, or a part of it with publications of its own (``audiences``).

Theory of operation: an audience is made of cohorts, each small enough to be written to in one go. A
frame goes to the first cohort at once and to the others one after the other. Between two of them
the loop does everything else: pings, messages, other rooms. Frames that come while a cohort waits
for its turn wait with it, and one call writes them to each member. A frame that isn't urgent waits
for the next one, since a write of two costs hardly more than a write of one. A cohort knows the
offset up to which its members got everything. A viewer who gets frames in another way (a welcome,
missed frames) leaves before and joins again: a viewer who joins never gets frames that were queued
before.

Frames are written to the kernel's sockets themselves. A transport is 2 to 3 us of cold memory for
each viewer, on top of the kernel's 5, and ``send`` takes a twentieth less than ``os.write``, which
goes through the file system's layer. What the kernel doesn't take goes to the transport, which
keeps the rest and says that it is full. From then on, until it has caught up, and once it is
closing, its owner must remove it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Protocol

import structlog

from grandstand.edge.transport.send_socket import UNREAD_BYTES, Socket, window
from grandstand.replica.publication import FeedEvent, Form, Publication
from grandstand.telemetry import Metrics

COHORT = 1000
"""Members of a cohort: 6 ms of writing."""

LOOK_S = 2.0
"""How often each descriptor's window is checked, while frames are written to it."""

log = structlog.get_logger(__name__)


class Outlet(Protocol):
    """Where a member's bytes go."""

    @property
    def form(self) -> Form:
        """Return the form in which it takes publications."""

    @property
    def peer(self) -> str:
        """Return the address of its peer."""

    @property
    def paused(self) -> bool:
        """Return whether its peer reads too slowly to get more."""

    @property
    def kernel(self) -> Socket | None:
        """Return the socket itself, which may be written to directly unless it is ``paused`` or
        closing; None if there is none."""

    def write(self, frame: bytes) -> None:
        """Write a ready frame."""

    def doubt(self) -> None:
        """Check whether the peer answers: it may not read what it gets."""


class Cohort:
    """Members who get frames in the same form and are written to in one go."""

    __slots__ = (
        "_form",
        "_is_direct",
        "_looked_s",
        "_others",
        "_sockets",
        "_turn",
        "_waiting",
        "_windows",
        "given_offset",
        "members",
    )

    def __init__(self, form: Form, given_offset: int, is_direct: bool) -> None:
        self.members: dict[Outlet, None] = {}
        self.given_offset = given_offset
        """The numbered frame that was written last, or is being written."""
        self._form = form
        self._is_direct = is_direct
        self._waiting: list[Publication | FeedEvent] = []
        self._sockets: list[Socket] | None = None
        self._others: list[Outlet] = []
        self._windows: dict[Socket, int] = {}
        self._turn = 0
        self._looked_s = 0.0

    @property
    def is_waiting(self) -> bool:
        """Return whether there is something to write."""
        return bool(self._waiting)

    def join(self, outlet: Outlet) -> None:
        """Add a member."""
        self.members[outlet] = None
        self._sockets = None

    def leave(self, outlet: Outlet) -> None:
        """Remove a member."""
        del self.members[outlet]
        self._sockets = None

    def put(self, publication: Publication | FeedEvent) -> None:
        """Queue a frame for all of them, to be written by the next ``flush``."""
        self._waiting.append(publication)

    def flush(self, now_s: float) -> tuple[int, int]:
        """Write what waits to every member that isn't full; return how many those were, and bytes
        each.

        Then check some of the members for viewers who don't read, each in its turn. No await, no
        task, no encoding per member. One failing member never stops the loop.
        """
        waiting, self._waiting = self._waiting, []
        for publication in waiting:
            if publication.offset is not None:
                self.given_offset = publication.offset
        if not waiting or not self.members:
            return 0, 0
        frames = [publication.ready(self._form) for publication in waiting]
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        if not data:
            return 0, 0
        sockets = self._sorted() if self._sockets is None else self._sockets
        others = [*self._others]
        reached = len(sockets) + sum(_given(outlet, data) for outlet in others)
        left, doubtful = _written(sockets, data), self._look(sockets, now_s)
        if left or doubtful:
            whose = {outlet.kernel: outlet for outlet in self.members}
            for socket, rest in left:
                _given(whose[socket], rest)
            for socket in doubtful:
                whose[socket].doubt()
        return reached, len(data)

    def _look(self, sockets: list[Socket], now_s: float) -> list[Socket]:
        """Return those whose windows have shrunk, among those whose turn it is."""
        share = min(1.0, (now_s - self._looked_s) / LOOK_S)
        count = int(share * len(sockets))
        if not count:
            return []
        self._looked_s = now_s
        windows, shrunk = self._windows, []
        for turn in range(self._turn, self._turn + count):
            socket = sockets[turn % len(sockets)]
            now, before = window(socket), windows.get(socket, 0)
            has_shrunk = before - now >= UNREAD_BYTES
            if has_shrunk:
                shrunk.append(socket)
            if now > before or has_shrunk:
                windows[socket] = now
        self._turn = (self._turn + count) % len(sockets)
        return shrunk

    def _sorted(self) -> list[Socket]:
        """Return who can be written to directly."""
        direct = {each: each.kernel for each in self.members if self._is_direct}
        self._sockets = [socket for socket in direct.values() if socket is not None]
        self._others = [each for each in self.members if direct.get(each) is None]
        before, self._windows = self._windows, {}
        for socket in self._sockets:
            if socket in before:
                self._windows[socket] = before[socket]
        return self._sockets


def _written(sockets: list[Socket], data: bytes) -> list[tuple[Socket, bytes]]:
    """Write to each; return those that didn't take everything, with what they must still get."""
    size, left = len(data), []
    for socket in sockets:
        try:
            sent = socket.send(data)
        except OSError:  # full, or broken, as its transport will find
            sent = 0
        if sent != size:
            left.append((socket, data[sent:]))
    return left


def _given(outlet: Outlet, data: bytes) -> bool:
    """Write to a member that isn't full; return whether it was written."""
    if outlet.paused:
        return False
    try:
        outlet.write(data)
    except Exception:
        log.exception("write_failed")
        return False
    return True


class Audience:
    """Viewers who get the same bytes."""

    def __init__(self, metrics: Metrics, offset: int = 0, full_ones_leave: bool = True) -> None:
        """``offset`` is that of the last numbered frame before. ``full_ones_leave``: the owner
        removes full members, so that all others can be written to directly."""
        self._metrics = metrics
        self._is_direct = full_ones_leave
        self._offset = offset
        self._cohorts: dict[Form, list[Cohort]] = {}
        self._due: list[Cohort] = []  # few: an empty deque would be 760 bytes for each room

    def __len__(self) -> int:
        return sum(len(cohort.members) for cohort in self._each())

    def __contains__(self, outlet: Outlet) -> bool:
        return self._of(outlet) is not None

    def __iter__(self) -> Iterator[Outlet]:
        for cohort in self._each():
            yield from cohort.members

    def join(self, outlet: Outlet) -> None:
        """Add a member who has had all that was broadcast so far; repeating it is harmless."""
        if self._of(outlet) is not None:
            return
        form = outlet.form
        cohorts = self._cohorts.setdefault(form, [])
        for cohort in cohorts:
            if len(cohort.members) < COHORT:
                self._write(cohort)
                break
        else:
            cohort = Cohort(form, self._offset, self._is_direct)
            cohorts.append(cohort)
        cohort.join(outlet)

    def leave(self, outlet: Outlet) -> None:
        """Remove a member, if it is there."""
        cohort = self._of(outlet)
        if cohort is not None:
            cohort.leave(outlet)

    def broadcast(self, publication: Publication | FeedEvent) -> None:
        """Send a frame to every member whose form it has."""
        if publication.offset is not None:
            self._offset = publication.offset
        for cohort in self._each():
            cohort.put(publication)
        self._begin()

    def broadcast_within(self, seconds: float, publication: Publication) -> None:
        """Send a frame to every member that may wait this long for the next one: one write for
        both."""
        for cohort in self._each():
            cohort.put(publication)
        asyncio.get_running_loop().call_later(seconds, self._begin)

    def write_now(self, publication: Publication) -> None:
        """Write a frame to every member at once, whether it is full or not."""
        for outlet in list(self):
            try:
                outlet.write(publication.ready(outlet.form))
            except Exception:
                log.exception("write_failed")

    def empty(self, offset: int) -> None:
        """Remove all members; those who join again will have had everything up to ``offset``."""
        self._offset = offset
        self._cohorts.clear()
        self._due.clear()

    def given_offset(self, outlet: Outlet) -> int:
        """Return up to which numbered frame the member got everything that it could take."""
        cohort = self._of(outlet)
        return self._offset if cohort is None else cohort.given_offset

    def _each(self) -> Iterator[Cohort]:
        return itertools.chain.from_iterable(self._cohorts.values())

    def _of(self, outlet: Outlet) -> Cohort | None:
        for cohort in self._cohorts.get(outlet.form, ()):
            if outlet in cohort.members:
                return cohort
        return None

    def _begin(self) -> None:
        """Start writing everything that waits."""
        is_idle = not self._due
        for cohort in self._each():
            if cohort.is_waiting and (is_idle or cohort not in self._due):
                self._due.append(cohort)
        if is_idle:
            self._write_next()

    def _write_next(self) -> None:
        """Write to one cohort; the others follow after the loop has done other work."""
        if self._due:
            self._write(self._due.pop(0))
        if self._due:
            asyncio.get_running_loop().call_soon(self._write_next)

    def _write(self, cohort: Cohort) -> None:
        began_s = time.perf_counter()
        reached, size = cohort.flush(began_s)
        if reached:
            self._metrics.fan_out_seconds.observe(time.perf_counter() - began_s)
            self._metrics.writes.inc(reached)
            self._metrics.sent_bytes.inc(reached * size)
