"""All kinds of polls, and checks of a call that need all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from grandstand.domain.polls.kinds import multiple, prediction, quiz, rating, single
from grandstand.domain.polls.kinds.kind import Call, Flaw, Kind
from grandstand.wire.messages import PollKind

KINDS: Mapping[PollKind, Kind] = {
    kind.name: kind
    for kind in (single.KIND, multiple.KIND, quiz.KIND, rating.KIND, prediction.KIND)
}
"""Every kind by its name, the plainest first."""


def flaws(call: Call) -> Iterator[Flaw]:
    """Find what is wrong with the fields that some kinds alone have.

    A call whose ``kind`` is missing has no flaw here: which fields it may have isn't known.
    """
    if "kind" not in call:
        return
    own = KINDS[call["kind"]]
    yield from own.flaws(call)
    for name in call:
        others = [kind.name for kind in KINDS.values() if name in kind.fields]
        if others and name not in own.fields:
            yield name, f"is for `{'`, `'.join(others)}` alone"


def plainest(fields: Collection[str]) -> PollKind | None:
    """Return the first kind whose own fields include ``fields``; None if there is none."""
    return next((kind.name for kind in KINDS.values() if kind.fields >= set(fields)), None)
