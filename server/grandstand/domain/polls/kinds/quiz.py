"""One choice, of which one is right: ``answer``, which the reveal shows to viewers."""

from __future__ import annotations

from collections.abc import Iterator

from grandstand.domain.polls.kinds.kind import Call, Flaw, Kind, Terms, option_flaws


def _flaws(call: Call) -> Iterator[Flaw]:
    yield from option_flaws(call)
    options = call.get("options")
    if "answer" not in call:
        yield "answer", "is missing: a quiz has a right answer"
    elif options is not None and call["answer"] >= len(options):
        yield "answer", f"must be an option's index, 0 to {len(options) - 1}"


def _terms(call: Call) -> Terms:
    return Terms(answer=call["answer"])


KIND = Kind(
    name="quiz",
    fields=frozenset({"options", "answer"}),
    has_leaderboard=True,
    flaws=_flaws,
    terms=_terms,
)
