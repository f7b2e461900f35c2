"""Who is in a room: a viewer's session, or a subscriber of the programme feed."""

from __future__ import annotations

from typing import Protocol

from grandstand.domain.identity import Identity
from grandstand.edge.cohort import Outlet
from grandstand.wire.codes import CloseCode
from grandstand.wire.messages import Notice


class Member(Protocol):
    """One viewer's connection, as its room knows it."""

    @property
    def user(self) -> str:
        """Return its viewer's id in this room; empty without a token."""

    @property
    def identity(self) -> Identity | None:
        """Return the identity from its token."""

    @property
    def is_staff(self) -> bool:
        """Return whether it gets held comments."""

    @property
    def outlet(self) -> Outlet:
        """Return where its bytes go."""

    def tell(self, message: Notice) -> None:
        """Send a notice to this viewer alone."""

    def welcome_again(self) -> None:
        """Send the whole state once more: what the viewer has doesn't lead to the room's state."""

    def bye(self, code: CloseCode, reason: str) -> None:
        """Send the viewer away."""


class FeedMember(Member, Protocol):
    """A subscriber of the programme feed."""

    def review(self) -> None:
        """Go away if the room's settings don't let it watch any more."""
