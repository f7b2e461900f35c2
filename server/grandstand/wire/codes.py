"""The contract's error and close codes, in one place, each with what it asks of the client.

``CloseCode`` is the one table of closes: every Python client reads it, ``/asyncapi.json`` serves
it, and a test holds the SDK's copy (``client_demo/sdk/backoff.js``) against it. ``after_status``
is the same for HTTP statuses.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self


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


class AfterClose(StrEnum):
    """What a client must do after a close; ``rule`` says it in full."""

    rule: str

    def __new__(cls, word: str, rule: str) -> Self:
        """Make a member of its word, which is its value."""
        made = str.__new__(cls, word)
        made._value_ = word
        made.rule = rule
        return made

    RECONNECT = (
        "reconnect",
        "Connect again with `resume`, after a wait drawn at random between 0 and a bound. The "
        "bound is 0.5 s, doubles with each attempt in vain, and is 30 s at most. `bye.after`, or "
        "an HTTP answer's `Retry-After`, is the shortest wait.",
    )
    NEW_TOKEN = (
        "new token",
        "Get a new token, then do as after `reconnect`. Without a new token the close is final.",
    )
    FINAL = ("final", "Do not connect again.")


class CloseCode(IntEnum):
    """The status of a WebSocket close frame, what the client must do, and what it means.

    1000 to 2999 are the protocol's own codes, 3000 to 3999 are registered with IANA, and 4000 to
    4999 are ours. The contract leaves open what follows 1001, 1007, 1009 and 4001. A client comes
    back after 1001 and 4001. What closed with 1007 or 1009 would do so again.
    """

    client: AfterClose
    meaning: str

    def __new__(cls, code: int, client: AfterClose, meaning: str) -> Self:
        """Make a row of its code, which is its value."""
        made = int.__new__(cls, code)
        made._value_ = code
        made.client = client
        made.meaning = meaning
        return made

    @property
    def is_final(self) -> bool:
        """Return whether the client must not connect again."""
        return self.client is AfterClose.FINAL

    GOING_AWAY = 1001, AfterClose.RECONNECT, "The server, or a proxy before it, goes away."
    NO_CLOSE_FRAME = 1006, AfterClose.RECONNECT, "Never sent: the connection broke."
    INVALID_DATA = 1007, AfterClose.FINAL, "A text message is not UTF-8."
    TOO_BIG = 1009, AfterClose.FINAL, "A message is too big."
    INTERNAL_ERROR = 1011, AfterClose.RECONNECT, "The server is at fault."
    RESTART = 1012, AfterClose.RECONNECT, "The server restarts."
    TRY_AGAIN_LATER = 1013, AfterClose.RECONNECT, "The server cannot take the client now."
    UNAUTHORIZED = 3000, AfterClose.NEW_TOKEN, "The token is not valid, or no longer."
    FORBIDDEN = 3003, AfterClose.FINAL, "The token does not let its bearer into this room."
    TOO_SLOW = 3008, AfterClose.RECONNECT, "The client reads too slowly; it may see 1006 instead."
    TOO_MANY_CONNECTIONS = 3009, AfterClose.FINAL, "This viewer has too many connections."
    BANNED = 3503, AfterClose.FINAL, "The viewer is banned."
    PROTOCOL_ERROR = 4000, AfterClose.FINAL, "The client does not keep the protocol."
    NO_HELLO = 4001, AfterClose.RECONNECT, "No `hello` came in time."
    NO_SUCH_ROOM = 4004, AfterClose.FINAL, "There is no such room, or it was deleted."


AFTER_OTHER_CODES = AfterClose.RECONNECT
"""What a client does after a code that the table does not have: a proxy's, or a newer server's."""

_AFTER = {int(code): code.client for code in CloseCode}


def after_close(code: int) -> AfterClose:
    """Return what a client must do after a close with ``code``, ours or another's.

    A ``bye`` whose ``reconnect`` is false is final, whatever its code.
    """
    return _AFTER.get(code, AFTER_OTHER_CODES)


AFTER_REFUSED_HELLO = {
    ErrorCode.UNAUTHORIZED: CloseCode.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: CloseCode.FORBIDDEN,
    ErrorCode.UNKNOWN_ROOM: CloseCode.NO_SUCH_ROOM,
}
"""The close codes of a refused ``hello``; any other fault of it is one of protocol."""

_TRY_AGAIN = frozenset({408, 425, 429})
"""Statuses below 500 that say: later. 408 and 425 are a proxy's."""


def after_status(status: int) -> AfterClose:
    """Return what a client must do after an HTTP answer with ``status`` in place of a socket.

    The contract names 429 and 503. What else is a server's or a proxy's fault passes as these do.
    What is the request's fault stays, and so does a redirect, which browsers don't follow.
    """
    if status == 401:
        return AfterClose.NEW_TOKEN
    is_final = 300 <= status < 500 and status not in _TRY_AGAIN
    return AfterClose.FINAL if is_final else AfterClose.RECONNECT


class RefusedError(Exception):
    """The peer's fault: answered with its code, and the connection or request goes on.

    ``retry_after`` is in seconds and goes with the codes of ``WITH_RETRY_AFTER``.
    """

    category = rule = model = ""
    """What moderation took a comment for, and what decided."""

    def __init__(self, code: ErrorCode, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after


class RejectedError(RefusedError):
    """Moderation refused a comment: for what it was taken, and by which rule or model."""

    def __init__(self, category: str, rule: str = "", model: str = "") -> None:
        super().__init__(ErrorCode.REJECTED, f"not shown: {category}")
        self.category, self.rule, self.model = category, rule, model
