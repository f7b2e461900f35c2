"""One node's edge: the services that its sessions share, its limits, and its rooms.

It must not know sessions or handshakes; they know it.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from grandstand.domain.asked_languages import AskedLanguages
from grandstand.domain.lurkers import Lurkers
from grandstand.edge.room import EdgeRoom
from grandstand.edge.transport.client_address import counted_as
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.moderation.moderator import Moderator
from grandstand.replica.room import LiveRoom
from grandstand.replica.rooms import LiveRooms
from grandstand.telemetry import Metrics
from grandstand.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections one viewer and one address may have at this node."""

    per_viewer: int = 10
    per_address: int = 5000


@dataclass(slots=True)
class Node:
    """What the sessions of this node share."""

    rooms: LiveRooms
    tokens: Tokens
    moderator: Moderator
    keepalive: Keepalive
    metrics: Metrics
    limits: Limits = Limits()
    handshake_limit: HandshakeLimit = field(default_factory=HandshakeLimit)
    drain_ms: int = 2000
    hides_rooms: bool = False
    ban_holds_address_s: int = 900
    draining: bool = False
    edge_rooms: dict[str, EdgeRoom] = field(default_factory=dict)
    lurkers: Lurkers = field(default_factory=Lurkers)
    asked_languages: AskedLanguages = field(default_factory=AskedLanguages)
    connections: int = 0
    """Of viewers and of subscribers of programme feeds, with those who wait to come in."""

    closing: set[object] = field(default_factory=set)
    """The sessions among them that are being closed, which takes as long as their peers like, up to
    5 s: they take no seat."""

    _addresses: Counter[str] = field(default_factory=Counter)

    def visited(self) -> list[str]:
        """Return the rooms that have viewers or subscribers here, or whose lurkers report here."""
        return [*self.lurked(), *(name for name, room in self.edge_rooms.items() if len(room))]

    def lurked(self) -> dict[str, int]:
        """Return how many lurkers reported here in the last minute, of rooms that still exist."""
        counts = self.lurkers.counts(time.monotonic() * 1000)
        return {name: count for name, count in counts.items() if self.rooms.peek(name) is not None}

    def room(self, live: LiveRoom) -> EdgeRoom:
        """Return the room's viewers here."""
        known = self.edge_rooms.get(live.room)
        if known is None or known.live is not live:
            store, hold_ms = self.rooms.store, self.ban_holds_address_s * 1000
            on_end = partial(self._forget, live)
            known = EdgeRoom(live, store, self.moderator, self.metrics, on_end, hold_ms)
            self.edge_rooms[live.room] = known
        return known

    def arrived(self, peer: str) -> bool:
        """Count a connection from ``peer``; False if its address has as many as it may."""
        address = counted_as(peer)
        if self._addresses[address] >= self.limits.per_address:
            return False
        self._addresses[address] += 1
        self.connections += 1
        return True

    def left(self, peer: str) -> None:
        """Note that a connection from ``peer`` is over."""
        address = counted_as(peer)
        self.connections -= 1
        self._addresses[address] -= 1
        if self._addresses[address] <= 0:
            del self._addresses[address]

    def _forget(self, live: LiveRoom) -> None:
        known = self.edge_rooms.get(live.room)
        if known is not None and known.live is live:
            del self.edge_rooms[live.room]
