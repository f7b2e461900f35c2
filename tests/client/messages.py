"""What a server says, for tests of a client."""

from __future__ import annotations

from grandstand.wire.messages import Viewer, Welcome
from grandstand.wire.settings import Settings

NOW_MS = 1_790_000_000_000


def welcome(offset: int, *, epoch: str = "e", recovered: bool = False) -> Welcome:
    """One of an empty room."""
    return Welcome(
        room="gala", epoch=epoch, offset=offset, now=NOW_MS, viewer=Viewer("viewer"),
        settings=Settings(), polls=[], overlays=[], cues=[], recent=[], viewers=1,
        recovered=recovered, durability="fsync",
    )  # fmt: skip
