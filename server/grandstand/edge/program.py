"""Admission of subscribers to programme feeds, and the answer that becomes a feed.

The call itself, with who may watch, is the API's. Theory of operation: the answer's head goes out
as every answer's does, through CORS and h11. Then the connection is taken from HTTP, and the
application's task ends. A task for each subscriber would wake 1,000 times a frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from grandstand.domain.identity import Identity, user_id
from grandstand.edge.node import Node
from grandstand.edge.subscriber import Subscriber
from grandstand.edge.transport.event_stream import Session
from grandstand.edge.validation import BANNED
from grandstand.replica.room import LiveRoom
from grandstand.wire import event_stream, program
from grandstand.wire.codes import ErrorCode, RefusedError

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No cache keeps a feed, and nginx doesn't collect it."""


class Connection(Protocol):
    """An HTTP connection that can become something else."""

    def write_at_once(self) -> None:
        """Let nothing that is written wait in the transport."""

    def become(self, session: Session, peer: str, is_chunked: bool) -> bool:
        """Become a stream after the head of an answer; False if the peer has left."""


class ProgramFeeds:
    """The programme feeds of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def open(self, request: Request, live: LiveRoom, identity: Identity | None) -> Response:
        """Return the answer to a caller who may watch.

        Raises RefusedError for one who may not have another connection.
        """
        if request.method == "HEAD":
            return _Head(headers=HEADERS)
        node, peer = self._node, request.client.host if request.client else ""
        if node.draining:
            raise RefusedError(ErrorCode.UNAVAILABLE, "this node is going away", 1.0)
        if wait_s := node.handshake_limit.take(peer):
            raise RefusedError(ErrorCode.OVERLOADED, "many are coming in at once", wait_s)
        room, user = node.room(live), ""
        if identity is not None:
            user = user_id(identity.sub, live.salt)
            if live.replica.state.ban(user, live.now()) is not None:
                raise RefusedError(ErrorCode.FORBIDDEN, BANNED)
            if len(room.sessions_of(user)) >= node.limits.per_viewer:
                raise RefusedError(ErrorCode.RATE_LIMITED, "too many connections of you", 5.0)
        if not node.arrived(peer):
            words = "too many connections from this address"
            raise RefusedError(ErrorCode.RATE_LIMITED, words, 5.0)
        since = program.resume(request.headers.get("last-event-id", ""))
        return _Feed(node, Subscriber(node, room, identity, user, since), peer)


class _Head(Response):
    """An answer whose length nobody knows."""

    media_type = event_stream.MEDIA_TYPE

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Set the headers, without a length."""
        super().init_headers(headers)
        del self.headers["content-length"]


class _Feed(_Head):
    """An answer without an end."""

    def __init__(self, node: Node, subscriber: Subscriber, peer: str) -> None:
        super().__init__(headers=HEADERS)
        self._node = node
        self._subscriber = subscriber
        self._peer = peer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the head, and hand the connection over."""
        connection: Connection = scope["state"]["connection"]
        is_over = False
        try:
            connection.write_at_once()
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            is_chunked = scope["http_version"] == "1.1"
            is_over = connection.become(self._subscriber, self._peer, is_chunked)
        finally:
            if not is_over:
                self._node.left(self._peer)
