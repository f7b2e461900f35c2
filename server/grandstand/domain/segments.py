"""Segments: a room's numbered frames, two seconds at a time, the same on every node. Pure.

Theory of operation: programme time of an epoch is divided at multiples of ``DURATION_MS``. A commit
belongs to segment ``now // DURATION_MS``. Programme time never runs backwards within an epoch, so
segment n is whole as soon as a commit of a later segment is known, or the store has promised that
no earlier one will come (``store.timeline.seal``). So every process that knows the same commits
cuts the same segments, whenever it began to follow the room.

A comment that is taken back leaves the segment that shows it. If a commit of a later segment takes
it back, the segment is cut again, and its revision is the number of comments that left it so. That
too follows from the commits alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Generic, Literal, TypeVar

from msgspec import UNSET

from grandstand.domain.polls import views
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import RoomState
from grandstand.wire.messages import Comment, Cue, Overlay
from grandstand.wire.segments import RoomSnapshot
from grandstand.wire.settings import Settings
from grandstand.wire.translations import Translations

DURATION_MS = 2000
"""The length of a segment, in ms of programme time (contract)."""

TRANSLATED_MS = 4000
"""How long after a segment's end, in ms of programme time, translations of it still enter it
(contract)."""

MINUTE = 30
"""Segments in a minute: the archive has a snapshot at each, and one file."""

Codec = Literal["msgpack", "json"]
Kind = Literal["segments", "snapshots"]

F = TypeVar("F")


def number(now: int) -> int:
    """Return the segment of programme time ``now`` (ms)."""
    return now // DURATION_MS


def minute_after(n: int) -> int:
    """Return the first segment after ``n`` that begins a minute."""
    return (n // MINUTE + 1) * MINUTE


def first_of_epoch(now: int, seq: int, last_now: int | None) -> int:
    """Return the first segment of an epoch whose first commit is number ``seq`` at ``now``.

    ``last_now`` is the time of the last commit of the epoch before, if it is known. All that lie
    before a room's first commit are empty. All times are programme time, ms.
    """
    if seq == 1:
        return 0
    n = number(now)
    return n if last_now is None else min(n, number(last_now) + 1)


@dataclass(frozen=True, slots=True)
class Name:
    """What the last part of a path names: ``{n}.msgpack``, or ``{n}-{revision}.msgpack`` where a
    segment was cut again; ``{n}.{lang}.msgpack`` with translations; ``.json`` likewise."""

    n: int
    revision: int = 0
    codec: Codec = "msgpack"
    lang: str = ""

    PATTERN: ClassVar[str] = (
        r"^(0|[1-9][0-9]{0,12})(?:-([1-9][0-9]{0,5}))?"
        r"(?:\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,8}))?\.(msgpack|json)$"
    )

    @classmethod
    def read(cls, text: str) -> Name | None:
        """Return what ``text`` names; None if it names nothing."""
        match = re.fullmatch(cls.PATTERN, text)
        if match is None:
            return None
        codec: Codec = "json" if match[4] == "json" else "msgpack"
        return cls(int(match[1]), int(match[2] or 0), codec, match[3] or "")

    def __str__(self) -> str:
        revision = f"-{self.revision}" if self.revision else ""
        lang = f".{self.lang}" if self.lang else ""
        return f"{self.n}{revision}{lang}.{self.codec}"


def path(room: str, epoch: str, name: Name, kind: Kind = "segments") -> str:
    """Return the path of a segment, or of the snapshot at its beginning, from the root on."""
    return f"/v1/rooms/{room}/{kind}/{epoch}/{name}"


@dataclass(frozen=True, slots=True)
class Segment(Generic[F]):
    """The frames of segment ``n``, oldest first; ``before`` is the last offset before them."""

    n: int
    before: int
    frames: tuple[F, ...] = ()
    revision: int = 0

    @property
    def start(self) -> int:
        """Return programme time at its beginning, ms."""
        return self.n * DURATION_MS

    @property
    def end(self) -> int:
        """Return programme time at its end, ms, where the next one begins."""
        return self.start + DURATION_MS

    @property
    def offsets(self) -> tuple[int, int]:
        """Return the first and last offset; an empty one has a first that is the last plus 1."""
        return self.before + 1, self.before + len(self.frames)


class Cuts(Generic[F]):
    """The segments of one epoch, cut from its commits as they come.

    Segments from ``since`` on are wholly known, and those before ``until`` are closed: nothing is
    added to them any more. ``latest`` is the segment of the last commit, ``offset`` its offset.
    """

    def __init__(self, since: int, offset: int, latest: int | None = None) -> None:
        """``since``: the first segment of which all commits will be added, or lie before."""
        self.since = self.until = since
        self.latest = since - 1 if latest is None else latest
        self.offset = offset
        self._frames: dict[int, list[F]] = {}
        self._before: dict[int, int] = {}
        self._revisions: dict[int, int] = {}

    def add(self, now: int, frames: Sequence[F], offset: int) -> None:
        """Take the next commit: its programme time in ms, its frames, and the offset after it."""
        n = number(now)
        self.latest = max(self.latest, n)
        if n >= self.since:
            self.until = max(self.until, n)
            if frames:
                self._before.setdefault(self.until, offset - len(frames))
                self._frames.setdefault(self.until, []).extend(frames)
        self.offset = offset

    def take_back(
        self,
        ids: Collection[str],
        shown: Callable[[F], set[str]],
        without: Callable[[F, Collection[str]], F],
    ) -> set[str]:
        """Take comments out, as the last commit says; return the ids of those that were here.

        ``shown`` tells which comments a frame shows, ``without`` makes the frame without some.
        """
        found: set[str] = set()
        if not ids:
            return found
        for n in reversed(self._frames):
            frames = self._frames[n]
            for place, frame in enumerate(frames):
                gone = shown(frame).intersection(ids)
                if gone:
                    frames[place] = without(frame, gone)
                    found |= gone
                    if n < self.until:
                        self._revisions[n] = self._revisions.get(n, 0) + len(gone)
            if len(found) == len(ids):
                break
        return found

    def close(self, until: int) -> None:
        """Note that no commit of a segment before ``until`` will come."""
        self.until = max(self.until, until)

    def forget(self, frames: int) -> None:
        """Forget the oldest segments, until there are at most so many frames.

        One that has more by itself is forgotten while it is still open, and isn't known here.
        """
        kept = sum(map(len, self._frames.values()))
        for n in list(self._frames):
            if kept <= frames:
                return
            kept -= len(self._frames[n])
            self.forget_before(n + 1)

    def forget_before(self, n: int) -> None:
        """Forget the segments before ``n``."""
        self.since = max(self.since, n)
        for old in [each for each in self._frames if each < n]:
            del self._frames[old], self._before[old]
            self._revisions.pop(old, None)

    def get(self, n: int) -> Segment[F] | None:
        """Return segment ``n``; None unless it is wholly known and closed."""
        if not self.since <= n < self.until:
            return None
        revision = self._revisions.get(n, 0)
        return Segment(n, *find(self._frames, self._before, n, self.offset), revision)

    def closed(self) -> tuple[dict[int, list[F]], dict[int, int], int]:
        """Return the closed segments that have frames, the revisions of those that were cut again,
        and the last offset before ``until``."""
        frames = {n: list(each) for n, each in self._frames.items() if n < self.until}
        last = find(self._frames, self._before, self.until, self.offset)[0]
        return frames, dict(self._revisions), last


def find(
    frames: Mapping[int, Sequence[F]], before: Mapping[int, int], n: int, last: int
) -> tuple[int, tuple[F, ...]]:
    """Return the offset before segment ``n``, and its frames.

    ``frames`` and ``before`` have the segments that aren't empty, in order; ``last`` is the offset
    behind all of them.
    """
    if n in frames:
        return before[n], tuple(frames[n])
    numbers = list(frames)
    place = bisect_right(numbers, n)
    return (before[numbers[place]] if place < len(numbers) else last), ()


def offsets_before(frames: Mapping[int, Sequence[F]], before: int) -> dict[int, int]:
    """Return the offset before each segment of ``frames``, where ``before`` is that before all."""
    found = {}
    for n, each in frames.items():
        found[n] = before
        before += len(each)
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """What viewers know of a room at one commit. It stays as it is when the state goes on, but for
    comments that are taken back: ``revision`` is how many left it."""

    offset: int
    settings: Settings
    polls: tuple[PollRecord, ...]
    overlays: tuple[Overlay, ...]
    cues: tuple[Cue, ...]
    recent: tuple[Comment, ...]
    revision: int = 0
    translations: Mapping[str, Translations] = field(default_factory=dict)

    @classmethod
    def of(cls, state: RoomState, offset: int) -> Shown:
        """Return what viewers know of ``state``."""
        return cls(
            offset,
            state.settings,
            tuple(state.polls.values()),
            tuple(state.overlays.values()),
            tuple(state.cues),
            tuple(state.recent),
            translations=state.translations,
        )

    def without(self, ids: Collection[str]) -> Shown:
        """Return it without the comments of these ids."""
        recent = tuple(each for each in self.recent if each.id not in ids)
        gone = len(self.recent) - len(recent)
        return replace(self, recent=recent, revision=self.revision + gone) if gone else self

    def snapshot(self, room: str, epoch: str, n: int, lang: str = "") -> RoomSnapshot:
        """Return it as the state at the beginning of segment ``n``, for a viewer without a role;
        with ``lang`` as one who gets that language has it."""
        now = n * DURATION_MS
        oldest = now - self.settings.max_latency
        return RoomSnapshot(
            room=room,
            epoch=epoch,
            offset=self.offset,
            now=now,
            settings=self.settings,
            polls=[views.for_viewers(poll) for poll in self.polls if poll.announced],
            overlays=list(self.overlays),
            cues=[cue for cue in self.cues if cue.at >= oldest],
            recent=list(self.recent),
            segment=path(room, epoch, Name(n, lang=lang)),
            translations=self.translations.get(lang, UNSET),
        )


def runs(numbers: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges [since, until) joined where they touch or overlap, in order."""
    joined: list[tuple[int, int]] = []
    for since, until in sorted(numbers):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((since, until))
    return joined
