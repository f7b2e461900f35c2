"""When a client comes back, and when never: the contract's full jitter and its codes. Pure.

It must not know sockets or messages other than ``bye``. ``wire.codes`` has the tables; here they
are applied. Times are seconds of any one clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from grandstand.wire.codes import AfterClose, CloseCode, after_close, after_status
from grandstand.wire.messages import Bye

FIRST_S, MOST_S = 0.5, 30.0

LONGEST_S = 86_400.0
"""For how long a server may send a client away: what asks for more, or for no number, is broken."""

STEADY_S = 10.0
"""A viewer who was in for so long starts with short waits again."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A WebSocket ended: by a close frame, or without one (1006)."""

    code: int
    reason: str = ""

    def __str__(self) -> str:
        return f"{int(self.code)} {self.reason}".strip()


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP answer came in place of a socket, or of a token; ``retry_after_s`` from now."""

    status: int
    retry_after_s: float = 0.0

    def __str__(self) -> str:
        return f"HTTP {self.status}"


@dataclass(frozen=True, slots=True)
class Failed:
    """The client couldn't connect, or gave the connection up: ``words`` say why."""

    words: str

    def __str__(self) -> str:
        return self.words


End = Closed | Refused | Failed
"""How an attempt to be in a room ended."""


def within_a_day(after_s: float) -> float:
    """Return how long to wait for a server that asks for ``after_s``, which may be no number."""
    return min(max(0.0, after_s), LONGEST_S)


def backoff_s(attempt: int, chance: float) -> float:
    """Return how long to wait: up to 0.5 s, doubling with each attempt in vain, to 30.

    ``attempt`` is 0 for the first; ``chance``, 0 to 1, is drawn by the caller.
    """
    return chance * min(MOST_S, FIRST_S * float(1 << min(attempt, 16)))


@dataclass(slots=True)
class Backoff:
    """One client's, over all its connections. ``attempts`` were in vain."""

    attempts: int = 0
    _not_before_s: float = field(default=float("-inf"))
    _welcomed_s: float | None = None
    _bye: Bye | None = None

    def begin(self) -> None:
        """Note that an attempt begins."""
        self._bye = self._welcomed_s = None

    def welcomed(self, now_s: float) -> None:
        """Note that the client is in."""
        self._welcomed_s = now_s

    def hold(self, now_s: float, after_s: float) -> None:
        """Don't come back before ``after_s`` have passed: the server asks for that."""
        self._not_before_s = now_s + within_a_day(after_s)

    def warned(self, bye: Bye, now_s: float) -> None:
        """Take the server's last message before it closes."""
        self._bye = bye
        self.hold(now_s, bye.after / 1000)

    def judge(self, end: End, now_s: float) -> tuple[End, AfterClose]:
        """Return how the attempt really ended, and what the client must do then.

        A proxy may turn the close code into 1006; the ``bye`` before it told the truth.
        """
        match end:
            case Closed(code, reason):
                bye = self._bye
                if bye is not None:
                    code = bye.code if code == CloseCode.NO_CLOSE_FRAME else code
                    reason = reason or bye.reason
                after = after_close(code)
                if bye is not None and not bye.reconnect and after is AfterClose.RECONNECT:
                    after = AfterClose.FINAL
                return Closed(code, reason), after
            case Refused(status, retry_after_s):
                self.hold(now_s, retry_after_s)
                return end, after_status(status)
        return end, AfterClose.RECONNECT

    def return_s(self, now_s: float, chance: float) -> float:
        """Return when to come back, as one attempt more in vain; ``chance`` is 0 to 1."""
        if self._welcomed_s is not None and now_s - self._welcomed_s >= STEADY_S:
            self.attempts = 0
        due_s = max(now_s + backoff_s(self.attempts, chance), self._not_before_s)
        self.attempts += 1
        return due_s
