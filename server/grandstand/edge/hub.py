"""Audiences: sets of viewers who get the same bytes. The hub knows nothing else of them.

Today an audience is a room, or those of it who voted in a poll; a language's speakers and a topic's
followers fit without a second mechanism.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import structlog

from grandstand.edge.forms import Forms

log = structlog.get_logger(__name__)


class Outlet(Protocol):
    """Where a member's bytes go."""

    @property
    def is_text(self) -> bool:
        """Whether it takes JSON."""

    @property
    def deflates(self) -> bool:
        """Whether it takes compressed frames."""

    @property
    def paused(self) -> bool:
        """Whether its peer reads too slowly to be given more."""

    def write(self, frame: bytes) -> None:
        """Gives it a ready frame."""


class Audience:
    """Viewers who get the same bytes, grouped by the form in which they get them."""

    def __init__(self) -> None:
        self._members: dict[tuple[bool, bool], dict[Outlet, None]] = {}

    def __len__(self) -> int:
        return sum(len(group) for group in self._members.values())

    def __iter__(self) -> Iterator[Outlet]:
        for group in self._members.values():
            yield from group

    def join(self, outlet: Outlet) -> None:
        """One more member; again is the same."""
        self._members.setdefault((outlet.is_text, outlet.deflates), {})[outlet] = None

    def leave(self, outlet: Outlet) -> None:
        """One less, if it was there."""
        group = self._members.get((outlet.is_text, outlet.deflates))
        if group is not None:
            group.pop(outlet, None)

    def broadcast(self, forms: Forms) -> int:
        """Writes one frame to every member that isn't paused; how many bytes that were.

        No await, no task, no encoding per member. One failing member never stops the loop.
        """
        written = 0
        for (is_text, deflates), group in self._members.items():
            if not group:
                continue
            frame = forms.ready(is_text, deflates)
            reached = 0
            for outlet in list(group):
                if not outlet.paused:
                    try:
                        outlet.write(frame)
                        reached += 1
                    except Exception:
                        log.exception("write_failed")
            written += reached * len(frame)
        return written
