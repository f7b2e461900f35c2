"""A poll to make others of, and a case for each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from grandstand.domain.polls.kinds.kind import Terms
from grandstand.domain.polls.record import PollRecord
from grandstand.wire.messages import PollKind
from msgspec.structs import replace

OPTIONS = ["A", "B", "C"]


@dataclass(frozen=True)
class Case:
    """A kind's own fields of a call with three options, what is kept of them, and wrong ones."""

    kind: PollKind
    own: dict[str, Any]
    terms: Terms
    wrong: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return "-".join([self.kind, *self.own])


CASES = [
    Case("single", {}, Terms()),
    Case("multiple", {}, Terms(max_choices=3)),
    Case("multiple", {"max_choices": 2}, Terms(max_choices=2), [{"max_choices": 4}]),
    Case("quiz", {"answer": 2}, Terms(answer=2), [{}, {"answer": 3}]),
]


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
