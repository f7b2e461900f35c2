"""Admission of upgrades as sessions, by path, origin and address. ``hello`` says later who they
are."""

from __future__ import annotations

import re

from grandstand.edge.node import Node
from grandstand.edge.session import ViewerSession
from grandstand.edge.transport.handshake import Handshake, Refusal, problem
from grandstand.edge.transport.handshake_limit import LONGEST_S, HandshakeLimit
from grandstand.edge.waiting_room import CROWDED, WaitingRoom, WaitingViewer
from grandstand.wire.codes import ErrorCode

_LIVE = re.compile(r"/v1/rooms/([^/]+)/live")


class Admission:
    """Admits viewers to one node. Pages of ``origins`` may connect, besides the node's own."""

    def __init__(
        self, node: Node, origins: tuple[str, ...] = (), waiting_room: WaitingRoom | None = None
    ) -> None:
        self._node = node
        self._origins = origins
        self._waiting_room = WaitingRoom(node) if waiting_room is None else waiting_room

    @property
    def handshake_limit(self) -> HandshakeLimit:
        """Return the limit that is asked before anything of a handshake is read."""
        return self._waiting_room.openings

    def admit(self, handshake: Handshake) -> ViewerSession | WaitingViewer | Refusal:
        """Return a session for a viewer who may open a socket here, or a refusal with the
        reason."""
        path = _LIVE.fullmatch(handshake.path)
        if path is None:
            return self._refuse(
                404, ErrorCode.UNKNOWN_ROOM, "no socket here: /v1/rooms/{room}/live"
            )
        if self._node.draining:
            return self._refuse(503, ErrorCode.UNAVAILABLE, "this node is going away", 1)
        if not self._is_ours(handshake):
            words = "this origin isn't let in: name it in GRANDSTAND_ORIGINS"
            return self._refuse(403, ErrorCode.FORBIDDEN, words)
        room, peer = self._waiting_room, handshake.peer
        if not self._node.arrived(peer):
            words = "too many connections from this address"
            return self._refuse(429, ErrorCode.RATE_LIMITED, words, 5)
        if room.lets_in(peer):
            return ViewerSession(self._node, path[1])
        if room.has_place(peer):
            return WaitingViewer(room, path[1])
        self._node.left(peer)
        return self._refuse(503, ErrorCode.OVERLOADED, CROWDED, LONGEST_S)

    def _is_ours(self, handshake: Handshake) -> bool:
        """Return whether a page may connect: a page of our own host, or of an allowed origin."""
        origin = handshake.origin
        if origin is None or origin in self._origins or "*" in self._origins:
            return True
        _, separator, host = origin.partition("://")
        return bool(separator) and host == handshake.host

    def _refuse(
        self, status: int, code: ErrorCode, words: str, retry_after_s: int | None = None
    ) -> Refusal:
        self._node.metrics.handshakes_refused.labels(code.value).inc()
        return problem(status, code, words, retry_after_s)
