"""The contract's error and close codes, in one place, each with what it asks of the client.

Close codes tell by their range what a client must do, as RFC 6455 and the IANA registry lay out:
1000 to 2999 are the protocol's own, 3000 to 3999 registered ones, 4000 to 4999 ours.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ErrorCode(StrEnum):
    """The ``code`` of an ``error`` message and of a problem document."""

    BAD_MESSAGE = "bad_message"
    BAD_TIME = "bad_time"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    UNKNOWN_ROOM = "unknown_room"
    UNKNOWN_POLL = "unknown_poll"
    POLL_NOT_OPEN = "poll_not_open"
    ALREADY_VOTED = "already_voted"
    BAD_CHOICE = "bad_choice"
    TOO_LONG = "too_long"
    REJECTED = "rejected"
    RATE_LIMITED = "rate_limited"
    MUTED = "muted"
    SHIELDED = "shielded"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"


WITH_RETRY_AFTER = frozenset(
    {ErrorCode.RATE_LIMITED, ErrorCode.MUTED, ErrorCode.OVERLOADED, ErrorCode.UNAVAILABLE}
)


class CloseCode(IntEnum):
    """The status of a WebSocket close frame."""

    GOING_AWAY = 1001
    INVALID_DATA = 1007
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    RESTART = 1012
    TRY_AGAIN_LATER = 1013
    UNAUTHORIZED = 3000
    FORBIDDEN = 3003
    TOO_SLOW = 3008
    TOO_MANY_CONNECTIONS = 3009
    BANNED = 3503
    PROTOCOL_ERROR = 4000
    NO_HELLO = 4001
    NO_SUCH_ROOM = 4004


RECONNECT = frozenset(
    {
        CloseCode.GOING_AWAY,
        CloseCode.INTERNAL_ERROR,
        CloseCode.RESTART,
        CloseCode.TRY_AGAIN_LATER,
        CloseCode.UNAUTHORIZED,
        CloseCode.TOO_SLOW,
        CloseCode.NO_HELLO,
    }
)
"""Codes after which a client may connect again (after UNAUTHORIZED, with a new token)."""


class RefusedError(Exception):
    """The peer's fault: answered with its code, and the connection or request goes on.

    ``retry_after`` is in seconds and goes with the codes of ``WITH_RETRY_AFTER``.
    """

    def __init__(self, code: ErrorCode, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after
