"""What can go wrong between a caller and the store; all that some callers know of it."""

from __future__ import annotations


class StoreUnavailable(Exception):
    """The store can't answer now: what was asked may or may not have been done.

    ``reason`` is for logs and operators. Viewers get ``unavailable`` with a ``retry_after``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RoomGoneError(StoreUnavailable):
    """The store has lost the room's head: nothing enters until the room is made anew.

    For its sender this is a store that is away: the room is there again within a second or so, and
    the same message may be sent again.
    """

    def __init__(self, room: str = "") -> None:
        super().__init__(f"the store has lost the room {room}")


class UnknownRoomError(Exception):
    """There is no such room in the store."""


class RoomEndedError(UnknownRoomError):
    """A producer deleted the room."""


class ConflictError(Exception):
    """Another sequencer moved the room, or a new epoch began: load it anew."""
