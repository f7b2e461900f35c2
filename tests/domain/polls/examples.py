"""A poll to make others of, and a case for each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from grandstand.domain.polls.kinds.kind import Terms
from grandstand.domain.polls.record import PollRecord
from grandstand.wire.messages import PollKind
from msgspec.structs import replace

OPTIONS = ["A", "B", "C"]


@dataclass(frozen=True)
class Case:
    """A kind's own fields of a call with three options, what is kept of them, and wrong ones.

    ``revealed_by`` is the step by which its result is shown, and ``answer`` the one told then.
    """

    kind: PollKind
    own: dict[str, Any]
    terms: Terms
    wrong: list[dict[str, Any]] = field(default_factory=list)
    revealed_by: Literal["reveal", "resolve"] = "reveal"
    answer: int | None = None

    def __str__(self) -> str:
        return "-".join([self.kind, *(name for name in self.own if name != "options")])

    @property
    def options(self) -> list[str]:
        """Return the texts of its three options."""
        return [*self.terms.options] or OPTIONS


GIVEN = {"options": OPTIONS}
CASES = [
    Case("single", GIVEN, Terms(), [{}]),
    Case("multiple", GIVEN, Terms(max_choices=3), [{}]),
    Case(
        "multiple",
        {**GIVEN, "max_choices": 2},
        Terms(max_choices=2),
        [{}, {**GIVEN, "max_choices": 4}],
    ),
    Case(
        "quiz",
        {**GIVEN, "answer": 2},
        Terms(answer=2),
        [{}, GIVEN, {**GIVEN, "answer": 3}],
        answer=2,
    ),
    Case("rating", {"scale": 3}, Terms(options=("1", "2", "3"))),
    Case("prediction", GIVEN, Terms(), [{}], revealed_by="resolve", answer=1),
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
