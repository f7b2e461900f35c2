"""Limits of connections that aren't viewers: how many there may be, and how long a peer may take.

It must not know HTTP, nor what a viewer is. A viewer's connection is here until its request has
been read whole; from then on admission counts it.

Theory of operation: a connection is counted for its address as soon as it is accepted, before
anything of it is read. Each has one deadline in the shared ``Keepalive``. Connections whose peers
owe a request's head are kept in the order of their arrival. When the process runs out of open
files, the one that has waited longest is closed: an honest peer would have sent its head long ago.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Protocol

from grandstand.edge.transport.keepalive import Deadline, Keepalive
from grandstand.edge.transport.round_robin import EVENTS_A_REQUEST, EVENTS_A_TURN, RoundRobin

HEAD_S = 5
"""A peer's time from accept, or from the first byte of a later request, to the end of the head."""

BODY_S = 10
"""A peer's time from the end of the head to the end of the body; 1 MiB is the longest."""

UNREAD_S = 30
"""How long an answer waits for a peer that takes none of it."""


class Owner(Protocol):
    """The protocol on a connection's transport."""

    def expire(self) -> None:
        """Close: the peer's time is over, or its permit is needed."""


class ConnectionPermit:
    """The permit and deadline of one connection; ``owner`` may change."""

    __slots__ = ("_deadline", "_limits", "address", "owner")

    def __init__(self, limits: ConnectionLimits, owner: Owner, address: str) -> None:
        self._limits = limits
        self._deadline: Deadline | None = None
        self.owner: Owner | None = owner
        self.address = address

    @property
    def turns(self) -> RoundRobin:
        """Return the queue in which the connection waits to be read."""
        return self._limits.turns

    @property
    def keepalive(self) -> Keepalive:
        """Return the clock of deadlines."""
        return self._limits.keepalive

    def within(self, delay_s: int, owes_head: bool = False) -> None:
        """Expire the owner after ``delay_s`` to ``delay_s`` plus one seconds.

        This replaces the deadline that was set before.
        """
        self.heard()
        if self.owner is not None:
            self._deadline = self._limits.keepalive.after(delay_s, self._expire)
            if owes_head:
                self._limits.owing_heads[self] = None

    def heard(self) -> None:
        """Note that the peer owes nothing now."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._limits.owing_heads.pop(self, None)

    def leave(self) -> None:
        """Give the permit back; harmless if it was given back already."""
        self.heard()
        if self.owner is not None:
            self.owner = None
            self._limits.forget(self.address)

    def refuse(self, why: str) -> None:
        """Count that we closed the connection."""
        self._limits.refused[why] += 1

    def evict(self) -> None:
        """Close the connection to make room."""
        self.heard()
        self.refuse("files")
        if self.owner is not None:
            self.owner.expire()

    def _expire(self) -> None:
        self.heard()
        self.refuse("slow")
        if self.owner is not None:
            self.owner.expire()


class ConnectionLimits:
    """The connections of one process: at most ``per_address`` from one address, and at most
    ``most`` in all, viewers included."""

    def __init__(
        self, keepalive: Keepalive, per_address: int = 5000, most: int = sys.maxsize
    ) -> None:
        self.keepalive = keepalive
        self.turns = RoundRobin(a_turn=EVENTS_A_TURN, a_connection=EVENTS_A_REQUEST)
        self.owing_heads: dict[ConnectionPermit, None] = {}
        """Connections whose peers owe a head, the longest first."""
        self.refused = {"address": 0, "files": 0, "odd": 0, "slow": 0}
        """Connections closed by us, by what was wrong with them."""
        self._per_address = per_address
        self._most = most
        self._counts: Counter[str] = Counter()

    def enter(self, owner: Owner, address: str, connections: int) -> ConnectionPermit | None:
        """Return a permit for a connection that was just accepted, or None if it must be closed.

        ``address`` is the name under which it is counted, '' for one that isn't limited.
        ``connections`` is how many this process has, with this one and viewers.
        """
        if address and self._counts[address] >= self._per_address:
            self.refused["address"] += 1
            return None
        if connections > self._most:
            longest = next(iter(self.owing_heads), None)
            if longest is None:
                self.refused["files"] += 1
                return None
            longest.evict()
        self._counts[address] += 1
        permit = ConnectionPermit(self, owner, address)
        permit.within(HEAD_S, owes_head=True)
        return permit

    def forget(self, address: str) -> None:
        """Count one less for ``address``."""
        self._counts[address] -= 1
        if self._counts[address] <= 0:
            del self._counts[address]

    def count(self, address: str) -> int:
        """Return how many connections are counted for ``address``."""
        return self._counts[address]
