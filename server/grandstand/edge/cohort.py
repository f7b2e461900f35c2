"""Cohorts: members of an audience who are written to in one go.

They know neither clocks nor the event loop. A cohort queues frames, and its audience says when they
are written. Each member gets them by one write; what waits for one member alone goes with them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import structlog

from grandstand.edge.transport.send_socket import UNREAD_BYTES, Socket, window
from grandstand.replica.publication import FeedEvent, Form, Publication

LOOK_S = 2.0
"""How often each descriptor's window is checked, while frames are written to it."""

log = structlog.get_logger(__name__)


class Outlet(Protocol):
    """Where a member's bytes go."""

    patience: int
    """For how long its frames may wait, in ms (``patience.step``). It doesn't change while it is a
    member."""

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
        "_beside",
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
        self._beside: dict[Outlet, bytes] = {}
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
        """Remove a member; what waited isn't for it."""
        del self.members[outlet]
        self._beside.pop(outlet, None)
        self._sockets = None

    def put(self, publication: Publication | FeedEvent) -> None:
        """Queue a frame for all of them, to be written by the next ``flush``."""
        self._waiting.append(publication)

    def put_beside(self, outlet: Outlet, data: bytes) -> None:
        """Queue ready frames for one member alone, behind those that wait, in the same write."""
        self._beside[outlet] = self._beside.get(outlet, b"") + data

    def given_to(self, outlet: Outlet) -> int:
        """Return the numbered frame that a member got last, or is getting."""
        return self.given_offset

    def flush(self, now_s: float) -> tuple[int, int]:
        """Write what waits to every member that isn't full; return how many those were, and the
        bytes of all.

        Then check some of the members for viewers who don't read, each in its turn. No await, no
        task, no encoding per member. One failing member never stops the loop.
        """
        beside, self._beside = self._beside, {}
        waiting = self._take()
        if not waiting or not self.members:
            return 0, 0
        data = self._joined(waiting)
        reached, sent = self._write(data, now_s, beside.keys())
        for outlet, own in beside.items():
            if outlet in self.members and give(outlet, data + own):
                reached, sent = reached + 1, sent + len(data) + len(own)
        return reached, sent

    def _write(
        self, data: bytes, now_s: float, but: Collection[Outlet] = frozenset()
    ) -> tuple[int, int]:
        """Write to every member that isn't full, ``but`` these; return how many those were, and the
        bytes of all."""
        if not data:
            return 0, 0
        sockets = self._sorted() if self._sockets is None else self._sockets
        others = [*self._others]
        if but:
            passed = {outlet.kernel for outlet in but}
            sockets = [socket for socket in sockets if socket not in passed]
            others = [outlet for outlet in others if outlet not in but]
        reached = len(sockets) + sum(give(outlet, data) for outlet in others)
        left, doubtful = _written(sockets, data), self._look(sockets, now_s)
        if left or doubtful:
            whose = {outlet.kernel: outlet for outlet in self.members}
            for socket, rest in left:
                give(whose[socket], rest)
            for socket in doubtful:
                whose[socket].doubt()
        return reached, reached * len(data)

    def _take(self) -> list[Publication | FeedEvent]:
        """Return what waits; it waits no more, and counts as given."""
        waiting, self._waiting = self._waiting, []
        self.given_offset = last_offset(waiting, self.given_offset)
        return waiting

    def _joined(self, waiting: list[Publication | FeedEvent]) -> bytes:
        """Return the frames one after the other: the same bytes in one write."""
        frames = [publication.ready(self._form) for publication in waiting]
        return frames[0] if len(frames) == 1 else b"".join(frames)

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


def last_offset(publications: list[Publication | FeedEvent], before: int) -> int:
    """Return the offset of the last numbered one, or the one before."""
    for publication in reversed(publications):
        if publication.offset is not None:
            return publication.offset
    return before


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


def give(outlet: Outlet, data: bytes) -> bool:
    """Write to a member that isn't full; return whether it was written."""
    if outlet.paused:
        return False
    try:
        outlet.write(data)
    except Exception:
        log.exception("write_failed")
        return False
    return True
