"""A replica of one room: its state, and a ring of publications for those who come back. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grandstand.domain.envelope import Commit
from grandstand.domain.state import PrivateChanges, RoomState, fold
from grandstand.replica.publication import Publication, of_commit
from grandstand.replica.segments import SegmentRing
from grandstand.replica.translations import TranslationRing
from grandstand.wire.codec import decode_frame
from grandstand.wire.translations import Translations

RING_FRAMES = 300
"""A minute at a tick of 200 ms: a viewer who comes back within it misses nothing. With all four
forms of frames of the largest size, the ring has 75 MiB."""


SHOW = {"settings", "polls", "overlays", "cues"}
"""The parts of a room's state that its programme feed speaks of."""


@dataclass(slots=True)
class Replica:
    """One room at one commit, and the publications of the numbered frames that led there."""

    epoch: str
    seq: int
    offset: int
    state: RoomState
    ring: deque[Publication] = field(default_factory=lambda: deque(maxlen=RING_FRAMES))
    held: dict[str, str] = field(default_factory=dict)
    """Comments that wait for a moderator, and their authors."""

    segments: SegmentRing = field(default_factory=SegmentRing)

    translations: TranslationRing = field(default_factory=TranslationRing)
    translated: Mapping[str, Translations] = field(default_factory=dict)
    """What the last commit brought, by language."""

    show_offset: int = field(init=False)
    """No frame after this one says anything but comments, so far as is known."""

    _held_of: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self.show_offset = self.offset
        self._held_of = Counter(self.held.values())

    def held_of(self, user: str) -> int:
        """Return how many comments of that viewer wait for a moderator."""
        return self._held_of[user]

    def _hold(self, private: PrivateChanges) -> None:
        for comment in private.held:
            self.held[comment.id] = comment.user
            self._held_of[comment.user] += 1
        for comment_id in private.decided:
            user = self.held.pop(comment_id, None)
            if user is not None:
                self._held_of[user] -= 1
                if not self._held_of[user]:
                    del self._held_of[user]

    def apply(self, commit: Commit) -> list[Publication] | Literal["old", "gap"]:
        """Move on by one commit, and return its publications. A commit that was applied before
        (``old``) changes nothing, nor does one that isn't the next (``gap``: fill it from the
        timeline) or is of another epoch.

        Raises what decoding raises, for a frame that can't be read; then nothing is changed.
        """
        if commit.epoch != self.epoch:
            return "gap"
        if commit.seq <= self.seq:
            return "old"
        if commit.seq != self.seq + 1:
            return "gap"
        frames = [decode_frame(frame) for frame in commit.frames]
        self.segments.before(commit.now, self.state, self.offset)
        changed = fold(self.state, frames, commit.private)
        self._hold(commit.private)
        self.seq, self.offset = commit.seq, commit.offset
        if changed & SHOW:
            self.show_offset = commit.offset
        return self.remember(commit)

    def remember(self, commit: Commit) -> list[Publication]:
        """Put a commit's publications into the ring, and return them. Those in the ring follow each
        other and end at the offset. After an erasure nobody gets frames from before it again."""
        publications = of_commit(commit)
        self.ring.extend(publications)
        if commit.private.erased:
            self.ring.clear()
            self.translations.forget()
        self.segments.add(commit.now, publications, commit.offset, RING_FRAMES)
        self.translated = {}
        if self.state.settings.languages or self.translations:
            self.translated = self.translations.take(commit)
            recent = (each.id for each in self.state.recent)
            self.translations.forget_before(commit.offset - len(self.ring), recent)
        return publications

    def after(self, offset: int) -> list[Publication] | None:
        """The publications after ``offset``, oldest first; None if they aren't all here."""
        missing = self.offset - offset
        if not 0 <= missing <= len(self.ring):
            return None
        return list(self.ring)[len(self.ring) - missing :]

    def show_after(self, offset: int) -> list[Publication] | None:
        """As ``after``, for those to whom comments don't matter: they have missed nothing if the
        ring lost comments alone."""
        if self.show_offset <= offset <= self.offset:
            return []
        return self.after(offset)
