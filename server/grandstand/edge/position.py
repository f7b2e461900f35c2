"""A viewer's position among its room's numbered frames, while it reads and while it doesn't.

It must not know messages or identities. Theory of operation: a viewer whose socket is full leaves
the audience. The last frame that it got is its position. When it has read, it gets the frames after
its position from the ring, for as long as its socket takes them. It may be full again after any of
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from grandstand.edge.audience import Audience
from grandstand.edge.cohort import Outlet
from grandstand.edge.patience import step
from grandstand.replica.publication import Publication
from grandstand.replica.room import LiveRoom

NOWHERE = ("", 0)
"""The position of a viewer who waits for a new welcome. It is not in the audience, and no epoch is
empty."""


class Stream(Protocol):
    """A room's numbered frames, as they are written and as the ring keeps them."""

    @property
    def live(self) -> LiveRoom:
        """Return the room, whose ring keeps the last frames."""

    def audience_of(self, outlet: Outlet) -> Audience:
        """Return those who get each frame as it comes, as this viewer does while it reads."""

    def missed_beside(self, outlet: Outlet, offset: int) -> Sequence[Publication]:
        """Return what a viewer missed since frame ``offset`` beside numbered frames."""


class StreamPosition:
    """One viewer's position in the stream of its room."""

    __slots__ = ("_given", "_left_at", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left_at: tuple[str, int] | None = None
        self._given: int | None = None

    @property
    def is_behind(self) -> bool:
        """Return whether the viewer is left out of the fan-out."""
        return self._left_at is not None

    def welcomed(self, offset: int) -> None:
        """Note that a welcome is being written, after which the viewer has everything up to
        ``offset``."""
        self._given = offset

    def fell_behind(self, outlet: Outlet) -> None:
        """Note that the socket is full: the position is the frame that is being written, or the
        last one before."""
        audience, epoch = self._stream.audience_of(outlet), self._stream.live.replica.epoch
        if self._given is not None:
            self._left_at = (epoch, self._given)
        elif outlet in audience:
            self._left_at = (epoch, audience.given_offset(outlet))
        else:
            self._left_at = NOWHERE
        audience.leave(outlet)

    def caught_up(self, outlet: Outlet) -> bool:
        """Write what the viewer missed, now that its socket is empty; return False if the ring lost
        it."""
        replica = self._stream.live.replica
        left_at, self._left_at = self._left_at, None
        if left_at is None:
            return True
        epoch, offset = left_at
        missed = replica.after(offset) if epoch == replica.epoch else None
        if missed is None:
            return False
        self.give(outlet, [*missed, *self._stream.missed_beside(outlet, offset)], offset)
        self.take_seat(outlet)
        return True

    def let_wait(self, outlet: Outlet, asked_ms: int) -> None:
        """Let frames wait for about as long as asked for; what waited is written first."""
        patience, audience = step(asked_ms), self._stream.audience_of(outlet)
        if patience == outlet.patience:
            return
        is_seated = outlet in audience
        audience.release(outlet)
        outlet.patience = patience
        if is_seated:
            self.take_seat(outlet)

    def leave_seat(self, outlet: Outlet) -> None:
        """Leave the audience, before a welcome; what waited isn't for the viewer any more."""
        self._stream.audience_of(outlet).leave(outlet)
        if self._left_at is not None:
            self._left_at = NOWHERE

    def take_seat(self, outlet: Outlet) -> None:
        """Join the audience, unless the socket is full already."""
        if not self.is_behind:
            self._stream.audience_of(outlet).join(outlet)

    def give(self, outlet: Outlet, missed: list[Publication], after: int) -> None:
        """Write the frames that follow ``after`` to the viewer, and unnumbered ones behind them."""
        self._given = after
        for publication in missed:
            if outlet.paused:
                break
            if publication.offset is not None:
                self._given = publication.offset
            outlet.write(publication.ready(outlet.form))
        self._given = None
