"""A room's ingest stream: everything that changes the room enters here, once.

Appends are recognised by message keys. After a cut connection the same batch is sent again and gets
the same answers, whether or not it had been executed (invariants 1 and 3).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from grandstand.domain.clock import StoreClock
from grandstand.store import keys
from grandstand.store.errors import RoomEndedError, RoomGoneError
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.writer import Argument, Call, Writer

PERIOD_MS = 300_000
"""An id is remembered for 5 minutes at least, 10 at most (contract: 5)."""

BACKLOG_CAP = 50_000
"""Entries that may wait to be sequenced: seven seconds of the densest show known (DESIGN.md)."""

HELD_CAP = 5_000
"""Comments that may wait for a moderator."""

Kind = Literal["c", "h", "r", "x", "q"]
_APPEND = load("append")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to append: ``kind`` is c comment, h held comment, r rejected comment, x control, q
    a question what happened to the message before.

    ``payload`` is the event; for a rejected comment it is the reason (which is kept, so that the
    same message gets the same answer). ``user`` is the one whose rate is charged; control charges
    none.
    """

    user: str
    message_id: str
    kind: Kind
    payload: bytes

    @property
    def key(self) -> bytes:
        """Return the key by which the message is recognised: 96 bits, of which 2e6 collide with
        chance 3e-17."""
        content = f"{self.user}\0{self.message_id}".encode()
        return hashlib.blake2b(content, digest_size=12).digest()


@dataclass(frozen=True, slots=True)
class Appended:
    """What happened to an item: accepted or held with its comment id, rejected with the reason,
    limited with the ms to wait, overloaded; or unknown, as the answer to a question."""

    result: Literal["accepted", "held", "rejected", "limited", "overloaded", "unknown"]
    comment: str = ""
    reason: str = ""
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class CommentRate:
    """The room's limit for one viewer: a comment every ``interval_ms``, ``burst`` at once."""

    interval_ms: int
    burst: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the stream: its id, the comment id (empty for control), the event's bytes.

    ``attempt`` names the call that made it, each time it is sent; it is empty where a server of an
    older version made it.
    """

    cursor: str
    comment: str
    payload: bytes
    attempt: bytes = b""

    @property
    def arrived_ms(self) -> int:
        """Return when it arrived, by the store's clock."""
        return int(self.cursor.partition("-")[0])


class Ingest:
    """The ingest streams of all rooms."""

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        appended: Callable[[str], None],
        clock: StoreClock,
    ) -> None:
        """``appended`` is told each room to which something was, or may have been, appended."""
        self._reader = reader
        self._writer = writer
        self._appended = appended
        self._clock = clock

    async def append(
        self, room: str, items: Sequence[Item], rate: CommentRate, store_now_ms: float
    ) -> list[Appended]:
        """Append a micro-batch in its order, in one script; return one answer per item.

        ``store_now_ms`` is the store's time as the caller knows it: it selects the keys, while the
        script reads the store's own clock. Raises StoreUnavailable; then the batch may or may not
        have been executed, and may be sent again unchanged. Raises RoomGoneError if the store has
        lost the room, RoomEndedError if it was deleted; then nothing was appended.
        """
        call = append_call(room, items, rate, store_now_ms, int(self._clock.jumped_ms))
        try:
            (reply,) = await self._writer.all([call])
        finally:  # the batch may have been executed, whatever the answer was
            self._appended(room)
        if reply == b"gone":
            raise RoomGoneError(room)
        if reply == b"ended":
            raise RoomEndedError(room)
        return [_appended(answer) for answer in reply]

    async def read(self, room: str, after: str, count: int) -> list[Entry]:
        """Return at most ``count`` entries behind the cursor ``after``, oldest first."""
        rows = await self._reader.ask("XRANGE", keys.ingest(room), f"({after}", "+", "COUNT", count)
        return [
            Entry(cursor.decode(), fields[b"c"].decode(), fields[b"e"], fields.get(b"a", b""))
            for cursor, fields in rows
        ]


def new_attempt() -> bytes:
    """Return a name that no other call has, not even the same one sent again.

    After a failover two servers may have given the same id to entries of their own.
    """
    return secrets.token_bytes(6)


def append_call(
    room: str,
    items: Sequence[Item],
    rate: CommentRate,
    store_now_ms: float,
    jumped_ms: int = 0,
) -> Call:
    """Return the script call of ``Ingest.append``; a jump of the store's clock is compensated."""
    first = int(store_now_ms // PERIOD_MS) - 2
    touched = [
        keys.head(room),
        keys.ingest(room),
        keys.held(room),
        *(keys.ids(room, first + step) for step in range(4)),
        *(keys.rate(room, item.user) for item in items),
    ]
    values: list[Argument] = [
        first,
        PERIOD_MS,
        rate.interval_ms,
        rate.burst,
        BACKLOG_CAP,
        HELD_CAP,
        jumped_ms,
        new_attempt(),
    ]
    for item in items:
        values += (item.key, item.kind, item.payload)
    return _APPEND, touched, values


def _appended(answer: bytes) -> Appended:
    kind, rest = answer[:1], answer[1:].decode()
    if kind == b"c":
        return Appended("accepted", comment=rest)
    if kind == b"h":
        return Appended("held", comment=rest)
    if kind == b"r":
        return Appended("rejected", reason=rest)
    if kind == b"l":
        return Appended("limited", wait_ms=int(rest))
    if kind == b"x":
        return Appended("accepted")
    if kind == b"n":
        return Appended("unknown")
    return Appended("overloaded")
