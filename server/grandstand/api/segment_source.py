"""Where segments come from: the ring of a followed room, or the archive; each encoded once here.

Any stranger may ask. So what was encoded is kept, a segment that many want is read once, an index
is made once a second, and the archive refuses when too many wait for it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from msgspec import UNSET

from grandstand.archive.archive import Archive, ArchiveAwayError, ArchiveBusyError
from grandstand.archive.parts import Span
from grandstand.domain.segments import (
    DURATION_MS,
    MINUTE,
    TRANSLATED_MS,
    Codec,
    Name,
    Segment,
    number,
    path,
    runs,
)
from grandstand.replica.room import LiveRoom
from grandstand.replica.translations import of_frames
from grandstand.timeouts import timeout
from grandstand.wire.segments import (
    NextSegment,
    SegmentEntry,
    SegmentIndex,
    decode_snapshot,
    encode,
    encode_segment,
)

KEPT_BYTES = 16 * 2**20
"""Encoded segments that a node keeps: a day of a room without a word, or some minutes of a loud
one. What is older is read and encoded again."""

LISTED = MINUTE
"""Segments of an index: those of the last minute (contract), or a minute around a moment."""

INDEX_S = 0.5
"""How long an index is the same for all who ask."""

INDEXES_KEPT = 1000

SNAPSHOT_S = 3.0
"""How long an index waits for a room that was just read: within a segment it has a snapshot."""

LOOK_AGAIN_S = 0.1

HURRY_S = 2.0
"""How long an index of the present waits for the archive, in all."""

PARTS_BACK = 4
"""Parts in which an index looks for a snapshot before a moment of the past."""

EPOCHS = 20
"""Epochs, the newest, in which an index looks for a moment of the past."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An answer's body, with the name of its content."""

    body: bytes
    codec: Codec
    etag: str

    @classmethod
    def of(cls, body: bytes, codec: Codec) -> Encoded:
        """Return the answer with the name that follows from its bytes."""
        return cls(body, codec, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


class SegmentSource:
    """The segments of all rooms, as one node serves them."""

    def __init__(self, archive: Archive | None) -> None:
        self._archive = archive
        self._kept: OrderedDict[tuple[str, str, str, Name], Encoded] = OrderedDict()
        self._kept_bytes = 0
        self._indexes: OrderedDict[tuple[str, str, int | None], tuple[float, Encoded]] = (
            OrderedDict()
        )
        self._making: dict[tuple[str, str, int | None], asyncio.Task[Encoded | None]] = {}

    # --- segments and snapshots ------------------------------------------------------------------

    async def segment(self, live: LiveRoom, epoch: str, name: Name) -> Encoded | Name | None:
        """Return a segment, or its present name if it was cut again since; None if it isn't cut, or
        isn't known here.

        Raises StoreUnavailable, ArchiveAwayError, ArchiveBusyError.
        """
        if name.lang:
            return await self._translated(live, epoch, name)
        if epoch == live.replica.epoch and name.n >= live.replica.segments.until:
            await live.seal()
        found = await self._find(live, epoch, name.n)
        if found is None:
            return None

        def body() -> bytes:
            after = path(live.room, epoch, Name(name.n + 1))
            return encode_segment(found.start, found.end, found.frames, after, name.codec)

        return self._answer((live.room, "segments", epoch, name), found.revision, body)

    async def _translated(self, live: LiveRoom, epoch: str, name: Name) -> Encoded | Name | None:
        """Return a segment with translations; None if translations may still enter it. What is too
        old to be in the ring is told by the name without the language, and so is one of a language
        that the room doesn't have.

        Raises StoreUnavailable.
        """
        plain, last = replace(name, lang=""), name.n + TRANSLATED_MS // DURATION_MS
        if epoch == live.replica.epoch and last >= live.replica.segments.until:
            await live.seal()
        replica = live.replica
        if epoch != replica.epoch or name.lang not in replica.state.settings.languages:
            return plain
        if last >= replica.segments.until:
            return None
        found = replica.segments.get(name.n)
        if found is None:
            return plain

        def body() -> bytes:
            until = found.end + TRANSLATED_MS
            came = replica.translations.between(name.lang, found.start, until, found.end)
            after = path(live.room, epoch, Name(name.n + 1, lang=name.lang))
            return encode_segment(
                found.start,
                found.end,
                found.frames,
                after,
                name.codec,
                of_frames(came, found.frames),
            )

        return self._answer((live.room, "segments", epoch, name), found.revision, body)

    async def snapshot(self, live: LiveRoom, epoch: str, name: Name) -> Encoded | Name | None:
        """Return the state at the beginning of a segment, or its present name as for segments; None
        if it isn't known here.

        Raises StoreUnavailable, ArchiveAwayError, ArchiveBusyError.
        """
        key = (live.room, "snapshots", epoch, name)
        replica = live.replica
        if name.lang and name.lang not in replica.state.settings.languages:
            return replace(name, lang="")
        if epoch == replica.epoch:
            if name.n > replica.segments.until:
                await live.seal()
            shown = replica.segments.snapshot(name.n, replica.state, replica.offset)
            if shown is not None:
                document = shown.snapshot(live.room, epoch, name.n, name.lang)
                return self._answer(key, shown.revision, lambda: encode(document, name.codec))
        if self._archive is None:
            return None
        if name.lang:
            return replace(name, lang="")
        part = await self._archive.part_of(live.room, epoch, name.n)
        packed = None if part is None else part.snapshots.get(name.n)
        if part is None or packed is None:
            return None

        def body() -> bytes:
            return encode(decode_snapshot(packed), "json") if name.codec == "json" else packed

        return self._answer(key, part.snapshot_revisions.get(name.n, 0), body)

    async def _find(self, live: LiveRoom, epoch: str, n: int) -> Segment[bytes] | None:
        if epoch == live.replica.epoch:
            found = live.replica.segments.get(n)
            if found is not None or n >= live.replica.segments.until:
                return found
        if self._archive is None:
            return None
        part = await self._archive.part_of(live.room, epoch, n)
        return None if part is None else part.segment(n)

    def _answer(
        self, key: tuple[str, str, str, Name], revision: int, body: Callable[[], bytes]
    ) -> Encoded | Name | None:
        """Return what ``key`` names if that is its present ``revision``; each is encoded once."""
        name = key[-1]
        if revision != name.revision:  # a higher one isn't known here yet
            return replace(name, revision=revision) if name.revision < revision else None
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        encoded = self._kept[key] = Encoded.of(body(), name.codec)
        self._kept_bytes += len(encoded.body)
        while self._kept_bytes > KEPT_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._kept_bytes -= len(gone.body)
        return encoded

    # --- the index -------------------------------------------------------------------------------

    async def index(self, live: LiveRoom, at: int | None) -> Encoded | None:
        """Return which segments there are around programme time ``at`` (ms), or of the last minute;
        None if there is no snapshot to begin with.

        Raises StoreUnavailable, ArchiveAwayError, ArchiveBusyError.
        """
        if at is not None and number(at) >= number(live.now()) - LISTED // 2:
            at = None
        key = (live.room, live.replica.epoch, None if at is None else number(at))
        now_s = asyncio.get_running_loop().time()
        made = self._indexes.get(key)
        if made is not None and now_s - made[0] < INDEX_S:
            return made[1]
        making = self._making.get(key)
        if making is None:  # one for all who ask
            making = asyncio.create_task(self._make(live, key[2]), name=f"index {live.room}")
            self._making[key] = making
            making.add_done_callback(lambda _: self._making.pop(key, None))
        found = await asyncio.shield(making)
        if found is not None:
            self._indexes[key] = asyncio.get_running_loop().time(), found
            self._indexes.move_to_end(key)
            while len(self._indexes) > INDEXES_KEPT:
                self._indexes.popitem(last=False)
        return found

    async def _make(self, live: LiveRoom, around: int | None) -> Encoded | None:
        await live.seal()
        if around is None:
            snapshot = await self._newest_snapshot(live)
            ring = live.replica.segments
            entries = await self._entries(live, ring.until - LISTED, ring.until)
            missing: list[list[int]] = []
        else:
            snapshot, entries, missing = await self._of_the_past(live, around)
        if snapshot is None:
            return None
        replica, now = live.replica, live.now()
        n = replica.segments.until
        index = SegmentIndex(
            epoch=replica.epoch,
            now=now,
            duration=DURATION_MS,
            snapshot=snapshot,
            segments=entries,
            next=NextSegment(
                n, path(live.room, replica.epoch, Name(n)), max(now, (n + 1) * DURATION_MS)
            ),
            latest=live.latest.of(replica.state),
            missing=missing or UNSET,
        )
        return Encoded.of(encode(index, "json"), "json")

    async def _newest_snapshot(self, live: LiveRoom) -> str | None:
        """Return the path of the newest one; a room that was just read has it in a moment."""
        for _ in range(round(SNAPSHOT_S / LOOK_AGAIN_S)):
            name = live.replica.segments.newest_snapshot()
            if name is not None:
                return path(live.room, live.replica.epoch, name, "snapshots")
            await asyncio.sleep(LOOK_AGAIN_S)
            await live.seal()
        return None

    async def _entries(self, live: LiveRoom, first: int, end: int) -> list[SegmentEntry]:
        """Return those of the present epoch from ``first`` to before ``end`` that can be had."""
        epoch, archive, loop = live.replica.epoch, self._archive, asyncio.get_running_loop()
        deadline_s = loop.time() + HURRY_S
        found: list[SegmentEntry] = []
        for n in range(max(0, first), end):
            segment = live.replica.segments.get(n)
            if segment is None and archive is not None:
                try:
                    async with timeout(deadline_s - loop.time()):
                        part = await archive.part_of(live.room, epoch, n)
                except (ArchiveAwayError, ArchiveBusyError, TimeoutError):
                    part = archive = None  # what the ring has is there
                segment = None if part is None else part.segment(n)
            if segment is not None:
                found.append(_entry(live.room, epoch, segment))
        return found

    async def _of_the_past(
        self, live: LiveRoom, around: int
    ) -> tuple[str | None, list[SegmentEntry], list[list[int]]]:
        """Return the snapshot before segment ``around``, the segments from its minute to a minute
        behind it, and what is missing of them."""
        if self._archive is None:
            return await self._newest_snapshot(live), [], []
        room, first, end = live.room, around - around % MINUTE, around + MINUTE
        snapshot: str | None = None
        entries: list[SegmentEntry] = []
        spans: list[Span] = []
        for epoch in (await self._archive.epochs(room))[-EPOCHS:]:
            of_epoch = await self._archive.spans(room, epoch)
            spans += of_epoch
            if not any(span.since < end and span.until > first for span in of_epoch):
                continue
            found = [await self._find(live, epoch, n) for n in range(first, end)]
            entries += [_entry(room, epoch, segment) for segment in found if segment is not None]
            snapshot = await self._snapshot_before(room, epoch, around) or snapshot
        entries.sort(key=lambda entry: (entry.start, entry.epoch))
        here = runs((entry.n, entry.n + 1) for entry in entries)
        begun = min((span.since for span in spans), default=end)
        missing = _missing(max(first, begun), min(end, live.replica.segments.until), here)
        return snapshot or await self._newest_snapshot(live), entries, missing

    async def _snapshot_before(self, room: str, epoch: str, n: int) -> str | None:
        """Return the path of the newest snapshot that the archive has up to segment ``n``; a minute
        in which another process took the room over may have none."""
        assert self._archive is not None
        for _ in range(PARTS_BACK):
            part = await self._archive.part_of(room, epoch, n)
            if part is None:
                return None
            newest = max((each for each in part.snapshots if each <= n), default=None)
            if newest is not None:
                name = Name(newest, part.snapshot_revisions.get(newest, 0))
                return path(room, epoch, name, "snapshots")
            n = part.since - 1
        return None


def _missing(first: int, end: int, here: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return what lies between ``first`` and ``end`` and isn't ``here``, in programme time (ms)."""
    found = []
    for since, until in [*here, (end, end)]:
        if since > first:
            found.append([first * DURATION_MS, since * DURATION_MS])
        first = max(first, until)
    return found


def _entry(room: str, epoch: str, segment: Segment[bytes]) -> SegmentEntry:
    return SegmentEntry(
        epoch=epoch,
        n=segment.n,
        start=segment.start,
        until=segment.end,
        offsets=list(segment.offsets),
        url=path(room, epoch, Name(segment.n, segment.revision)),
    )
