"""One subscriber of a room's programme feed: from the head of its answer to the end of it.

It must not know HTTP or the transport. It is a member of its room as a viewer's session is, and
gets the room's publications in a form of their own. Theory of operation: it begins with the frames
that it missed, or with a ``reset`` if they can't be told. When its socket is full it is left out of
the fan-out (``StreamPosition``). If the ring has lost the missed frames when the socket has
drained, it gets another ``reset``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from grandstand.domain.identity import Identity, check_may
from grandstand.edge.position import StreamPosition
from grandstand.wire.codes import CloseCode, RefusedError
from grandstand.wire.messages import Notice, Resume

if TYPE_CHECKING:
    from grandstand.edge.node import Node
    from grandstand.edge.room import EdgeRoom
    from grandstand.edge.transport.event_stream import EventStream
    from grandstand.edge.transport.keepalive import Deadline

BEHIND_S = 20
"""A subscriber whose socket stays full for this long is cut, as a viewer is."""

KIND = "events"
"""The label of its connection among those of viewers, which have their codec's."""


class Subscriber:
    """A reader of the programme feed. Its connection was counted for its address before."""

    __slots__ = (
        "_deadline",
        "_ended",
        "_node",
        "_position",
        "_resume",
        "_room",
        "identity",
        "outlet",
        "user",
    )

    outlet: EventStream
    is_staff = False  # also a producer gets what everybody gets

    def __init__(
        self, node: Node, room: EdgeRoom, identity: Identity | None, user: str, since: Resume | None
    ) -> None:
        self.identity = identity
        self.user = user
        self._node = node
        self._room = room
        self._resume = since
        self._position = StreamPosition(room)
        self._deadline: Deadline | None = None
        self._ended = False

    # --- from the stream -------------------------------------------------------------------------

    def opened(self, stream: EventStream) -> None:
        """Take the stream, and begin."""
        self.outlet = stream
        self._node.metrics.connections[KIND].inc()
        self._room.subscribe(self)
        if self._may_stay():
            self._begin("fresh", self._resume)

    def behind(self) -> None:
        """Leave the audience: the peer doesn't read."""
        if self._ended or self._position.is_behind:
            return
        self._position.fell_behind(self.outlet)
        self._node.metrics.viewers_behind.inc()
        self._drop_deadline()
        self._deadline = self._node.keepalive.after(
            BEHIND_S, partial(self.bye, CloseCode.TOO_SLOW, "too slow")
        )

    def caught_up(self) -> None:
        """Send what the peer missed: it has read everything."""
        if self._ended or not self._position.is_behind:
            return
        self._node.metrics.viewers_behind.dec()
        self._drop_deadline()
        if not self._position.caught_up(self.outlet):
            self.welcome_again()

    def ending(self) -> None:
        """Stop writing: nothing may be written any more."""
        self._room.audiences.leave(self.outlet)

    def lost(self) -> None:
        """Clean up: the connection is over."""
        self._ended = True
        self._drop_deadline()
        self._node.metrics.connections[KIND].dec()
        self._node.left(self.outlet.peer)
        if self._position.is_behind:
            self._node.metrics.viewers_behind.dec()
        self._room.leave(self)

    def drain(self) -> None:
        """End the stream: the process is stopping."""
        self.bye(CloseCode.RESTART, "this node is going away")

    # --- from the room ---------------------------------------------------------------------------

    def tell(self, message: Notice) -> None:
        """Do nothing: the feed has nothing of single viewers."""

    def welcome_again(self) -> None:
        """Send the whole state once more: the subscriber lost its position."""
        if self._ended or self._position.is_behind or not self._may_stay():
            return  # who is behind is told when it has caught up
        self._position.leave_seat(self.outlet)
        self._begin("again", None)

    def review(self) -> None:
        """End the stream if the room's settings don't let its reader watch any more."""
        self._may_stay()

    def bye(self, code: CloseCode, reason: str) -> None:
        """End the stream; only once. When it asks again, the reader is told why it may not."""
        if self._ended:
            return
        self._ended = True
        self._drop_deadline()
        self._node.metrics.closes.labels(str(int(code))).inc()
        self.outlet.close()

    # --- its own ---------------------------------------------------------------------------------

    def _may_stay(self) -> bool:
        try:
            check_may(self.identity, "watch", self._room.live.replica.state.settings)
        except RefusedError as refused:
            self.bye(CloseCode.FORBIDDEN, refused.message)
            return False
        return True

    def _begin(self, kind: str, since: Resume | None) -> None:
        live, position, outlet = self._room.live, self._position, self.outlet
        missed = None
        if since is not None and since.epoch == live.replica.epoch:
            missed = live.replica.show_after(since.offset)
        self._node.metrics.welcomes[kind if missed is None else "recovered"].inc()
        after = live.replica.offset - len(missed or ())
        position.welcomed(after)
        if outlet.paused:
            self.behind()
        if missed is None:
            outlet.write(self._room.reset().ready(outlet.form))
        position.give(outlet, missed or [], after)
        position.take_seat(outlet)

    def _drop_deadline(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()
