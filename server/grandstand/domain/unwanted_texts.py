"""Texts that a moderator took back: for a while no copy of them is shown. Pure; bounded.

A moderator who retracts a comment that stands for a group means the text of the group. Without a
mark the next copy would be shown again. A copy isn't refused: it goes into the record, merged into
the retracted comment, so that moderators can see who said it. Marks are part of the room's state,
since a sequencer that takes over must know them. Approving a held copy by hand lifts the mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from grandstand.domain.expiry import forget_first, forget_over

UNWANTED_MS = 600_000
MAX_UNWANTED = 200
"""At most this many texts, some 30 bytes each in the state that a retraction writes."""


class Unwanted(Struct, frozen=True):
    """The retracted comment, and until when its text isn't shown (programme time, ms)."""

    comment: str
    until: int


@dataclass(slots=True)
class UnwantedTexts:
    """The marks at ``now``, by dedupe key: those of the room's state, and what a tick changes."""

    known: Mapping[int, Unwanted]
    now: int
    changes: dict[int, Unwanted | None] = field(default_factory=dict)

    def mark(self, dedupe_key: int, comment: str) -> None:
        """Mark the text of a retracted comment; of too many marks drop the one that ends first."""
        self.changes[dedupe_key] = Unwanted(comment, self.now + UNWANTED_MS)
        forget_first(self.known, self.changes, MAX_UNWANTED)

    def lift(self, dedupe_key: int) -> None:
        """Let the text be shown again."""
        if self.comment_of(dedupe_key):
            self.changes[dedupe_key] = None

    def comment_of(self, dedupe_key: int) -> str:
        """Return the id of the retracted comment that said the same, or ``""``."""
        mark = self.changes.get(dedupe_key, self.known.get(dedupe_key))
        return mark.comment if mark is not None and self.now < mark.until else ""

    def prune(self) -> None:
        """Drop the marks whose time is over."""
        forget_over(self.known, self.changes, self.now)
