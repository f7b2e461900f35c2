"""What was said and not answered yet: which of it goes out, again or at all, and when. Pure.

A message keeps its id for ever, so that it counts once. A comment whose id the server may have
forgotten meanwhile is given up, since it could count twice. (A vote's id holds for as long as its
poll.) Times are seconds of any one clock.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count

from msgspec import UNSET

from grandstand.client.backoff import within_a_day
from grandstand.domain.limits import Bucket, Rate
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import Error, PostComment, Vote

Request = PostComment | Vote

REMEMBERED_S = 290.0
"""The server knows a comment's id for 5 minutes."""

LATER = frozenset({ErrorCode.OVERLOADED, ErrorCode.UNAVAILABLE})
"""The server was at fault, not the message."""

PACE = Rate(interval_ms=60, burst=40)
"""Messages of one viewer: less than a connection may send (20 a second, 60 at once), which is
refused and at last closed for more."""

GIVEN_UP_S = 10.0
"""A comment that an overloaded server wants no sooner, it doesn't want at all."""

NEVER = float("inf")


@dataclass(slots=True)
class _Entry:
    message: Request
    due_s: float = NEVER
    sent_s: float = NEVER
    """When it was sent first."""
    is_repeated: bool = False


class Pending:
    """One viewer's. ``insists`` are further codes after which a message is sent again, at least
    ``spacing_s`` after the last that was put off.
    """

    def __init__(self, insists: frozenset[ErrorCode] = frozenset(), spacing_s: float = 0.0) -> None:
        self._later = LATER | insists
        self._spacing_s = spacing_s
        self._entries: dict[str, _Entry] = {}
        self._queue: list[tuple[float, int, str]] = []
        self._order = count()
        self._bucket = Bucket()
        self._paced_s = 0.0
        self._put_off_s = 0.0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._entries

    @property
    def due_s(self) -> float:
        """When ``take`` has something to give; infinite if never."""
        return max(self._queue[0][0], self._paced_s) if self._queue else NEVER

    def wait_s(self, now_s: float) -> float:
        """Return how long the pace keeps back what should be sent by now; 0 if it doesn't."""
        return max(0.0, self._paced_s - now_s) if self._queue and self._queue[0][0] <= now_s else 0

    def add(self, message: Request) -> None:
        """Keep a message until it is answered."""
        self._entries[message.id] = _Entry(message)

    def plan(self, message_id: str, due_s: float) -> None:
        """Let ``take`` give a message from ``due_s`` on."""
        self._entries[message_id].due_s = due_s
        heapq.heappush(self._queue, (due_s, next(self._order), message_id))

    def settle(self, message_id: str) -> None:
        """Forget a message: it was answered."""
        self._entries.pop(message_id, None)

    def refused(self, now_s: float, error: Error, chance: float) -> None:
        """Settle a message, unless the answer asks to come later; ``chance`` is 0 to 1.

        One that came too fast because it was sent again may have been counted the first time.
        A comment that an overloaded server asks to come much later is given up: more is said than
        the room can take.
        """
        entry = None if error.id is UNSET else self._entries.get(error.id)
        if entry is None:
            return
        is_late = error.code is ErrorCode.RATE_LIMITED and entry.is_repeated
        after_s = 1.0 if error.retry_after is UNSET else within_a_day(error.retry_after)
        is_too_many = (
            error.code is ErrorCode.OVERLOADED
            and isinstance(entry.message, PostComment)
            and after_s >= GIVEN_UP_S
        )
        if is_too_many or (error.code not in self._later and not is_late):
            self.settle(entry.message.id)
            return
        due_s = now_s + after_s * (1 + chance)
        if self._spacing_s:
            self._put_off_s = due_s = max(due_s, self._put_off_s + self._spacing_s)
        self.plan(entry.message.id, due_s)

    def resume(self, now_s: float) -> None:
        """Plan all, in their order: a connection is new."""
        self.pause()
        for message_id in self._entries:
            self.plan(message_id, now_s)

    def pause(self) -> None:
        """Plan none: there is no connection."""
        self._queue.clear()
        for entry in self._entries.values():
            entry.due_s = NEVER

    def take(self, now_s: float) -> tuple[list[Request], list[str]]:
        """Return what is to be sent now, and the ids of what is given up."""
        sent: list[Request] = []
        forgotten: list[str] = []
        while self._queue and self._queue[0][0] <= now_s:
            due_s, _, message_id = self._queue[0]
            entry = self._entries.get(message_id)
            if entry is None or entry.due_s != due_s:
                heapq.heappop(self._queue)  # it was settled, or planned anew
                continue
            message = entry.message
            if isinstance(message, PostComment) and now_s - entry.sent_s > REMEMBERED_S:
                self.settle(message_id)
                forgotten.append(message_id)
                continue
            wait_ms = self._bucket.take(now_s * 1000, PACE)
            if wait_ms:
                self._paced_s = now_s + wait_ms / 1000
                break
            heapq.heappop(self._queue)
            entry.is_repeated = entry.sent_s <= now_s
            entry.sent_s = min(entry.sent_s, now_s)
            entry.due_s = NEVER
            sent.append(message)
        return sent, forgotten
