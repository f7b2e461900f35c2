"""One number from 1 to ``scale``; the result is the mean, and the distribution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grandstand.domain.polls.kinds.kind import Call, Flaw, Kind, Terms

DEFAULT_SCALE = 5


def _flaws(call: Call) -> Iterator[Flaw]:
    return iter(())  # its only field is right by itself


def _terms(call: Call) -> Terms:
    scale = call.get("scale", DEFAULT_SCALE)
    return Terms(options=tuple(str(number) for number in range(1, scale + 1)))


def _summary(tally: Sequence[int], answer: int | None) -> str:
    votes = sum(tally)
    if votes == 0:
        return ""
    mean = sum(number * count for number, count in enumerate(tally, 1)) / votes
    return f"mean {mean:.1f} of {len(tally)}"


KIND = Kind(
    name="rating", fields=frozenset({"scale"}), flaws=_flaws, terms=_terms, summary=_summary
)
