"""The way in: which upgrades become sessions, and what a node's sessions have in common."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from grandstand.edge.room import EdgeRoom
from grandstand.edge.session import ViewerSession
from grandstand.edge.transport.client_address import counted_as
from grandstand.edge.transport.handshake import Handshake, Refusal, problem
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.moderation import Moderator
from grandstand.replica.room import LiveRoom
from grandstand.replica.rooms import LiveRooms
from grandstand.telemetry import Metrics
from grandstand.tokens import Tokens
from grandstand.wire.codes import ErrorCode

_LIVE = re.compile(r"/v1/rooms/([^/]+)/live")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections one viewer and one address may have at this node."""

    per_viewer: int = 10
    per_address: int = 5000


@dataclass(slots=True)
class Gate:
    """This node's edge: admits viewers and knows its rooms."""

    rooms: LiveRooms
    tokens: Tokens
    moderator: Moderator
    keepalive: Keepalive
    metrics: Metrics
    limits: Limits = Limits()
    handshake_limit: HandshakeLimit = field(default_factory=HandshakeLimit)
    origins: tuple[str, ...] = ()
    drain_ms: int = 2000
    hides_rooms: bool = False
    ban_holds_address_s: int = 900
    draining: bool = False
    edge_rooms: dict[str, EdgeRoom] = field(default_factory=dict)
    _addresses: Counter[str] = field(default_factory=Counter)

    def admit(self, handshake: Handshake) -> ViewerSession | Refusal:
        """A session for whoever may open a socket here; who they are, ``hello`` tells."""
        path = _LIVE.fullmatch(handshake.path)
        if path is None:
            return self._refuse(
                404, ErrorCode.UNKNOWN_ROOM, "no socket here: /v1/rooms/{room}/live"
            )
        if self.draining:
            return self._refuse(503, ErrorCode.UNAVAILABLE, "this node is going away", 1)
        if not self._origin_is_ours(handshake):
            words = "this origin isn't let in: name it in GRANDSTAND_ORIGINS"
            return self._refuse(403, ErrorCode.FORBIDDEN, words)
        address = counted_as(handshake.peer)
        if self._addresses[address] >= self.limits.per_address:
            words = "too many connections from this address"
            return self._refuse(429, ErrorCode.RATE_LIMITED, words, 5)
        self._addresses[address] += 1
        return ViewerSession(self, path[1])

    def left(self, peer: str) -> None:
        """A connection from ``peer`` is over."""
        address = counted_as(peer)
        self._addresses[address] -= 1
        if self._addresses[address] <= 0:
            del self._addresses[address]

    def visited(self) -> list[str]:
        """Return the rooms that have viewers here."""
        return [name for name, room in self.edge_rooms.items() if len(room)]

    def room(self, live: LiveRoom) -> EdgeRoom:
        """The room's viewers here."""
        known = self.edge_rooms.get(live.room)
        if known is None or known.live is not live:
            store, hold_ms = self.rooms.store, self.ban_holds_address_s * 1000
            on_end = partial(self._forget, live)
            known = EdgeRoom(live, store, self.moderator, self.metrics, on_end, hold_ms)
            self.edge_rooms[live.room] = known
        return known

    def _forget(self, live: LiveRoom) -> None:
        known = self.edge_rooms.get(live.room)
        if known is not None and known.live is live:
            del self.edge_rooms[live.room]

    def _origin_is_ours(self, handshake: Handshake) -> bool:
        """Browsers always tell their origin; a page of our own host, or of one that is named."""
        origin = handshake.origin
        if origin is None or origin in self.origins or "*" in self.origins:
            return True
        _, separator, host = origin.partition("://")
        return bool(separator) and host == handshake.host

    def _refuse(
        self, status: int, code: ErrorCode, words: str, retry_after_s: int | None = None
    ) -> Refusal:
        self.metrics.handshakes_refused.labels(code.value).inc()
        return problem(status, code, words, retry_after_s)
