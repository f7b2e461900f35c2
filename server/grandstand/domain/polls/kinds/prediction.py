"""One choice, made before anybody knows which is right; when that is known, the poll is
resolved."""

from __future__ import annotations

from collections.abc import Sequence

from grandstand.domain.polls.kinds.kind import Kind


def _summary(tally: Sequence[int], answer: int | None) -> str:
    votes = sum(tally)
    return "" if answer is None or votes == 0 else f"{tally[answer] / votes:.0%} were right"


KIND = Kind(name="prediction", is_resolved=True, summary=_summary)
