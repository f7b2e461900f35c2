"""Highlights on the wire: as overlays that come by the frames, and as HTTP lists them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from grandstand.wire.messages import Overlay, Time

KIND = "highlight"

SHOWN_MS = 15_000
"""For how long a highlight is shown to a viewer, in programme time."""


class Highlight(Struct, frozen=True, rename={"from_": "from"}):
    """A moment at which the audience stirred; ``id`` is that of its overlay, whose ``data`` is the
    rest.

    What happened began at ``from``; at ``noticed`` the comments began to show it. ``until`` is when
    the audience was calm again, or ``noticed`` as long as it isn't. One with a strength of 0 was
    deleted, at ``until``.
    """

    strength: Annotated[float, Meta(description="How many times the usual was said at the peak.")]
    words: Annotated[list[str], Meta(description="What was said more than in the minutes before.")]
    comments: Annotated[list[str], Meta(description="The ids of comments that stand for it.")]
    from_: Time
    noticed: Time
    until: Time
    id: str

    @classmethod
    def of(cls, overlay: Overlay) -> Highlight:
        """Return what an overlay tells. Raises msgspec.ValidationError if it isn't a highlight."""
        return msgspec.convert({**overlay.data, "id": overlay.id}, cls)

    def overlay(self) -> Overlay:
        """Return the version of its overlay that tells this, at ``until``."""
        data = msgspec.to_builtins(self)
        name = data.pop("id")
        shown_until = self.until if self.is_gone else self.noticed + SHOWN_MS
        expires_at = max(self.until, shown_until)
        return Overlay(name, KIND, self.until, data, expires_at=expires_at)

    @property
    def is_gone(self) -> bool:
        """Return whether a producer deleted it."""
        return self.strength == 0

    def gone(self, at: int) -> Highlight:
        """Return what tells that it was deleted at ``at`` (programme ms)."""
        return replace(self, strength=0.0, words=[], comments=[], until=at)

    def without_words(self, words: Collection[str]) -> Highlight:
        """Return it without these words."""
        return replace(self, words=[each for each in self.words if each not in words])

    def without(self, comments: Collection[str]) -> Highlight:
        """Return it without these samples."""
        kept = [each for each in self.comments if each not in comments]
        return replace(self, comments=kept)
