"""Several choices, up to ``max_choices``; most votes win."""

from __future__ import annotations

from collections.abc import Iterator

from grandstand.domain.polls.kinds.kind import Call, Flaw, Kind, Terms, option_flaws


def _flaws(call: Call) -> Iterator[Flaw]:
    yield from option_flaws(call)
    options = call.get("options")
    if options is not None and call.get("max_choices", 1) > len(options):
        yield "max_choices", f"must be at most {len(options)}, the number of options"


def _terms(call: Call) -> Terms:
    return Terms(max_choices=call.get("max_choices", len(call["options"])))


KIND = Kind(
    name="multiple",
    fields=frozenset({"options", "max_choices"}),
    takes_several=True,
    flaws=_flaws,
    terms=_terms,
)
