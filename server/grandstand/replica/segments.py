"""The segments of one room that this process can cut, and the states at their beginnings. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from grandstand.domain.envelope import Commit
from grandstand.domain.segments import Cuts, Name, Segment, Shown, first_of_epoch, number
from grandstand.domain.state import RoomState
from grandstand.replica.publication import Publication
from grandstand.wire import redaction

SNAPSHOT_EVERY = 5
"""A snapshot is offered at every fifth segment, so that all nodes offer the same ones."""

SNAPSHOTS_KEPT = 13
"""Two minutes of them. A copy of a room's lists takes some microseconds and a few KB."""


class SegmentRing:
    """The newest segments, made of the publications that the ring keeps."""

    def __init__(self, since: int = 0, offset: int = 0, latest: int = -1) -> None:
        """As ``Cuts``; ``latest`` is the segment of the last commit that led to the state."""
        self._cuts: Cuts[Publication] = Cuts(since, offset, latest)
        self._snapshots: deque[tuple[int, int, Shown]] = deque(maxlen=SNAPSHOTS_KEPT)

    @property
    def since(self) -> int:
        """Return the first segment that is wholly known."""
        return self._cuts.since

    @property
    def until(self) -> int:
        """Return the first segment that isn't closed."""
        return self._cuts.until

    def before(self, now: int, state: RoomState, offset: int) -> None:
        """Take the room as it is before a commit of programme time ``now`` (ms) changes it."""
        first, last = self._cuts.latest + 1, number(now)
        has_one = last - last % SNAPSHOT_EVERY >= first
        if last >= first and (has_one or not self._snapshots):
            self._snapshots.append((first, last, Shown.of(state, offset)))

    def add(self, now: int, publications: Sequence[Publication], offset: int, most: int) -> None:
        """Take the publications of a commit; keep at most so many of all."""
        self._cuts.add(now, publications, offset)
        gone = redaction.retracted(each.payload for each in publications)
        if gone:
            self._cuts.take_back(gone, _comments, _without)
            for place, (first, last, shown) in enumerate(self._snapshots):
                self._snapshots[place] = first, last, shown.without(gone)
        self._cuts.forget(most)

    def close(self, until: int) -> None:
        """Note that no commit of a segment before ``until`` will come."""
        self._cuts.close(until)

    def get(self, n: int) -> Segment[bytes] | None:
        """Return segment ``n`` with its frames in msgpack; None if it isn't whole here."""
        found = self._cuts.get(n)
        if found is None:
            return None
        frames = tuple(each.payload for each in found.frames)
        return Segment(n, found.before, frames, found.revision)

    def snapshot(self, n: int, state: RoomState, offset: int) -> Shown | None:
        """Return the room at the beginning of segment ``n``; ``state`` is how it is now."""
        for first, last, shown in self._snapshots:
            if first <= n <= last:
                return shown
        is_now = self._cuts.latest < n <= self.until
        return Shown.of(state, offset) if is_now else None

    def newest_snapshot(self) -> Name | None:
        """Return the name of the newest snapshot that other nodes have, too, if there is one."""
        latest, until = self._cuts.latest, self.until
        if until - until % SNAPSHOT_EVERY > latest:
            return Name(until - until % SNAPSHOT_EVERY)
        if self._snapshots:
            first, last, shown = self._snapshots[-1]
            return Name(max(first, last - last % SNAPSHOT_EVERY), shown.revision)
        return Name(until) if until > latest else None


def _comments(publication: Publication) -> set[str]:
    return redaction.commented(publication.payload)


def _without(publication: Publication, ids: Collection[str]) -> Publication:
    return Publication(redaction.without(publication.payload, ids), publication.offset)


def ring_at(
    now: int, seq: int, offset: int, run: Sequence[Commit], before: Commit | None
) -> SegmentRing:
    """Return the ring of a room that was loaded at commit ``seq``, ``offset`` and ``now`` (ms).

    ``run`` are commits that lead there without a gap; they are still to be added. ``before`` is the
    one before them if it is of another epoch.
    """
    if not run:
        latest = -1 if seq == 0 else number(now)
        return SegmentRing(latest + 1, offset, latest)
    first = run[0]
    if first.seq == 1 or before is not None:
        since = first_of_epoch(first.now, first.seq, None if before is None else before.now)
    else:
        since = number(first.now) + 1
    return SegmentRing(since, first.offset - len(first.frames), number(now))
