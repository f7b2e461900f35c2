"""A poll to make others of."""

from __future__ import annotations

from typing import Any

from grandstand.domain.polls.record import PollRecord
from msgspec.structs import replace


def poll(**changes: Any) -> PollRecord:
    """Return an open poll with ``changes``: a window of 1,000 to 2,000 ms, and 500 ms of grace."""
    plain = PollRecord(
        id="p",
        kind="single",
        question="Who wins?",
        options=["home", "away"],
        opens_at=1_000,
        closes_at=2_000,
        grace=500,
    )
    return replace(plain, **changes)
