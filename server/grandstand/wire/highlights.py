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

    What happened began at ``from``; at ``noticed`` the comments had shown it. ``until`` is when the
    audience was calm again, or ``noticed`` as long as it isn't.
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
        expires_at = max(self.until, self.noticed + SHOWN_MS)
        return Overlay(name, KIND, self.until, data, expires_at=expires_at)

    def without(self, comments: Collection[str]) -> Highlight:
        """Return it without these samples."""
        kept = [each for each in self.comments if each not in comments]
        return replace(self, comments=kept)
