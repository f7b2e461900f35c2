"""The archive as leaders write it and nodes read it: parts by room, epoch and segment.

The place may be slow, full, read-only or away. Its calls are made in threads of their own, few at a
time, and nobody waits for one longer than ``PATIENCE_S``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

import structlog

from grandstand.archive.parts import (
    NO_WORDS,
    BrokenPartError,
    Part,
    Span,
    Words,
    having,
    join,
    pack,
    to_join,
    unpack,
)
from grandstand.archive.storage import Storage
from grandstand.archive.threads import Threads
from grandstand.telemetry import Metrics
from grandstand.timeouts import timeout
from grandstand.wire.highlights import Highlight

PATIENCE_S = 20.0

THREADS = 4

READERS = 64
"""Calls that wait at a time for what strangers ask; more are refused."""

KEPT_BYTES = 32 * 2**20
"""Parts that were read and are kept, by the size of their frames."""

LISTED_S = 1.0
"""How long a list of a room's epochs, or of an epoch's parts, is believed."""

LISTS_KEPT = 1000

T = TypeVar("T")
log = structlog.get_logger(__name__)


class ArchiveAwayError(Exception):
    """The archive doesn't do what it was asked; ``str`` says why, without paths."""


class PartGoneError(ArchiveAwayError):
    """A part went since its folder was listed."""


class PartBrokenError(ArchiveAwayError):
    """A part can't be read, and will never be."""


class ArchiveBusyError(Exception):
    """Too many wait for the archive."""


class _Lists(Generic[T]):
    """Lists of folders, each made once for all who ask within ``LISTED_S``."""

    def __init__(self, make: Callable[[str], Awaitable[list[T]]]) -> None:
        self._make = make
        self._kept: OrderedDict[str, tuple[float, asyncio.Future[list[T]]]] = OrderedDict()

    async def get(self, folder: str) -> list[T]:
        """Return the list of a folder. Raises what making it raises."""
        now_s = asyncio.get_running_loop().time()
        made_s, making = self._kept.get(folder, (now_s, None))
        if making is None or (now_s - made_s >= LISTED_S and making.done()):
            made_s, making = now_s, asyncio.ensure_future(self._make(folder))
            making.add_done_callback(lambda made: self._made(folder, made))
            self._kept[folder] = made_s, making
            self._kept.move_to_end(folder)
            while len(self._kept) > LISTS_KEPT:
                self._kept.popitem(last=False)
        return await asyncio.shield(making)

    def forget(self, folder: str) -> None:
        """Make the list anew for who asks next."""
        self._kept.pop(folder, None)

    def _made(self, folder: str, made: asyncio.Future[list[T]]) -> None:
        if made.cancelled() or made.exception() is not None:
            self.forget(folder)


class Archive:
    """The segments of all rooms at one place."""

    def __init__(self, storage: Storage, metrics: Metrics) -> None:
        self._storage = storage
        self._metrics = metrics
        self._threads = Threads("archive", THREADS)
        self._epochs = _Lists(self._list_epochs)
        self._spans = _Lists(self._list_spans)
        self._parts: OrderedDict[tuple[str, Span], tuple[Part, int]] = OrderedDict()
        self._kept_bytes = 0
        self._waiting: dict[str, asyncio.Task[Part]] = {}
        self._asked = 0
        self._is_away = False

    # --- what nodes ask --------------------------------------------------------------------------

    async def part_of(self, room: str, epoch: str, n: int) -> Part | None:
        """Return a part that has segment ``n``, if there is one: of several what is newest.

        Raises ArchiveAwayError, ArchiveBusyError.
        """
        try:
            return await self._read_all(room, epoch, n)
        except PartGoneError:  # it became part of a longer one, or was cut again
            return await self._read_all(room, epoch, n)

    async def _read_all(self, room: str, epoch: str, n: int) -> Part | None:
        spans = having(await self.spans(room, epoch), n)
        parts = [await self._read(f"{room}/{epoch}", span) for span in spans]
        return join(parts) if len(parts) > 1 else next(iter(parts), None)

    async def spans(self, room: str, epoch: str) -> list[Span]:
        """Return which parts an epoch has, as of up to ``LISTED_S`` ago. An epoch that somebody
        made up costs no list of its own.

        Raises ArchiveAwayError, ArchiveBusyError.
        """
        if epoch not in await self.epochs(room):
            return []
        return await self._spans.get(f"{room}/{epoch}")

    async def epochs(self, room: str) -> list[str]:
        """Return the room's epochs, oldest first, as of up to ``LISTED_S`` ago.

        Raises ArchiveAwayError, ArchiveBusyError.
        """
        return await self._epochs.get(room)

    async def _list_epochs(self, room: str) -> list[str]:
        return await self._asking(lambda: self._storage.names(room))

    async def _list_spans(self, folder: str) -> list[Span]:
        names = await self._asking(lambda: self._storage.names(folder))
        return [span for name in names if (span := Span.read(name)) is not None]

    async def _read(self, folder: str, span: Span) -> Part:
        known = self._parts.get((folder, span))
        if known is not None:
            self._parts.move_to_end((folder, span))
            return known[0]
        path = f"{folder}/{span.name}"
        reading = self._waiting.get(path)
        if reading is None:  # one for all who ask
            reading = asyncio.create_task(self._fetch(folder, span, path), name="read archive")
            self._waiting[path] = reading
            reading.add_done_callback(lambda _: self._waiting.pop(path, None))
        return await asyncio.shield(reading)

    async def _fetch(self, folder: str, span: Span, path: str) -> Part:
        try:
            part = await self._asking(lambda: unpack(self._storage.read(path)))
        except ArchiveAwayError:
            self._spans.forget(folder)
            raise
        size = sum(len(frame) for frames in part.frames.values() for frame in frames)
        size += sum(map(len, part.snapshots.values())) + 1000
        self._parts[folder, span] = part, size
        self._kept_bytes += size
        while self._kept_bytes > KEPT_BYTES and self._parts:
            _, (_, gone) = self._parts.popitem(last=False)
            self._kept_bytes -= gone
        return part

    async def _asking(self, call: Callable[[], T]) -> T:
        if self._asked >= READERS:
            raise ArchiveBusyError("many ask the archive")
        self._asked += 1
        try:
            return await self._do(call)
        finally:
            self._asked -= 1

    # --- what leaders do -------------------------------------------------------------------------

    async def write(self, room: str, epoch: str, part: Part) -> None:
        """Write a part; again does no harm. Raises ArchiveAwayError."""

        def work() -> None:
            span, data = pack(part)
            self._storage.write(f"{room}/{epoch}/{span.name}", data)

        await self._do(work)
        self._epochs.forget(room)
        self._spans.forget(f"{room}/{epoch}")

    async def newest(self, room: str, epoch: str) -> Part | None:
        """Return the part of an epoch that reaches furthest, of those that can be read.

        Raises ArchiveAwayError.
        """

        def read() -> Part | None:
            for span in sorted(self._listed(room, epoch), key=lambda span: -span.until):
                with contextlib.suppress(BrokenPartError):
                    return unpack(self._storage.read(f"{room}/{epoch}/{span.name}"))
            return None

        return await self._do(read)

    async def compact(self, room: str, epoch: str) -> None:
        """Make one part of those of each minute that is over. Raises ArchiveAwayError."""

        def work() -> None:
            for spans in to_join(self._listed(room, epoch)):
                paths = [f"{room}/{epoch}/{span.name}" for span in spans]
                with contextlib.suppress(BrokenPartError):  # they stay as they are
                    whole = join([unpack(self._storage.read(path)) for path in paths])
                    self._replace(f"{room}/{epoch}", spans, whole)

        await self._do(work)

    def _replace(self, folder: str, spans: Collection[Span], part: Part) -> None:
        span, data = pack(part)
        self._storage.write(f"{folder}/{span.name}", data)
        for each in spans:
            if each != span:
                self._storage.delete(f"{folder}/{each.name}")

    async def parts_since(self, room: str, since: int) -> list[tuple[str, Span]]:
        """Return the epochs and spans of the parts with segments from ``since`` on, the oldest
        first. Raises ArchiveAwayError."""

        def work() -> list[tuple[str, Span]]:
            return [
                (epoch, span)
                for epoch in self._storage.names(room)
                for span in sorted(self._listed(room, epoch))
                if span.until > since
            ]

        return await self._do(work)

    async def cut_again(
        self, room: str, epoch: str, span: Span, ids: Collection[str], words: Words = NO_WORDS
    ) -> tuple[set[str], bool]:
        """Take the comments of these ids out of a part, and these words out of its highlights;
        return the comments that it had, and whether it has a snapshot. Again does no harm. Raises
        ArchiveAwayError.
        """
        folder = f"{room}/{epoch}"

        def work() -> tuple[set[str], bool]:
            part = unpack(self._storage.read(f"{folder}/{span.name}"))
            found = part.comments().intersection(ids)
            left = part.without(found, words)
            if left != part:
                self._replace(folder, [span], left)
            return found, bool(part.snapshots)

        done = await self._do(work)
        self._spans.forget(folder)
        return done

    async def highlights(self, room: str, epoch: str, span: Span) -> list[Highlight]:
        """Return the highlights that a part tells of, each version. Raises ArchiveAwayError."""
        path = f"{room}/{epoch}/{span.name}"
        return await self._do(lambda: unpack(self._storage.read(path)).highlights())

    async def comments(self, room: str, epoch: str, span: Span) -> set[str]:
        """Return the ids of the comments that a part shows. Raises ArchiveAwayError."""
        path = f"{room}/{epoch}/{span.name}"
        return await self._do(lambda: unpack(self._storage.read(path)).comments())

    async def trim(self, room: str, before: int) -> None:
        """Delete what ends before segment ``before``. Raises ArchiveAwayError."""

        def work() -> None:
            for epoch in self._storage.names(room):
                spans = self._listed(room, epoch)
                over = [span for span in spans if span.until <= before]
                if spans and len(over) == len(spans):
                    self._storage.delete(f"{room}/{epoch}")
                else:
                    for span in over:
                        self._storage.delete(f"{room}/{epoch}/{span.name}")

        await self._do(work)

    async def delete(self, room: str) -> None:
        """Delete all of a room; again does no harm. Raises ArchiveAwayError."""
        await self._do(lambda: self._storage.delete(room))
        self._epochs.forget(room)

    def _listed(self, room: str, epoch: str) -> list[Span]:
        names = self._storage.names(f"{room}/{epoch}")
        return [span for name in names if (span := Span.read(name)) is not None]

    # --- both ------------------------------------------------------------------------------------

    async def _do(self, call: Callable[[], T]) -> T:
        try:
            async with timeout(PATIENCE_S):
                done = await self._threads.run(call)
        except TimeoutError:
            raise self._away(f"no answer in {PATIENCE_S:.0f} s") from None
        except BrokenPartError as broken:
            self._metrics.archive_failures.inc()
            log.error("archive_part_broken", reason=str(broken))
            raise PartBrokenError("a part can't be read") from None
        except FileNotFoundError:
            raise PartGoneError("a part went meanwhile") from None
        except Exception as fault:  # what a place raises, only its library knows
            reason = getattr(fault, "strerror", None) or type(fault).__name__
            raise self._away(str(reason)) from None
        if self._is_away:
            self._is_away = False
            log.warning("archive_back")
        self._metrics.archive_up.set(1)
        return done

    def _away(self, reason: str) -> ArchiveAwayError:
        self._metrics.archive_failures.inc()
        self._metrics.archive_up.set(0)
        if not self._is_away:
            log.error("archive_away", reason=reason)
        self._is_away = True
        return ArchiveAwayError(reason)

    def close(self) -> None:
        """End the threads; one that a place holds up is left alone."""
        self._threads.close()
