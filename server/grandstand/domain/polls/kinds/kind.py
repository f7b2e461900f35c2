"""The decisions of a kind of poll. Code that all kinds share knows no kind by its name.

A kind decides which fields a producer gives besides those of every poll, what must hold between
them, and which of them the poll keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grandstand.wire.messages import PollKind

Call = Mapping[str, Any]
"""The well-formed fields of the call that opens a poll, by name; some may be missing."""

Flaw = tuple[str, str]
"""A field of the call, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a poll keeps of its kind's own fields; ``options`` where the kind makes them itself."""

    max_choices: int = 1
    answer: int | None = None
    options: tuple[str, ...] = ()


def option_flaws(call: Call) -> Iterator[Flaw]:
    """Find whether the options are missing, in a kind for which the call gives them."""
    if "options" not in call:
        yield "options", "is missing"


def _plain_terms(call: Call) -> Terms:
    return Terms()


def _no_summary(tally: Sequence[int], answer: int | None) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of poll.

    ``fields`` are its own fields of the call; a field that no kind names belongs to every poll.
    ``takes_several`` says whether a vote may name several options; viewers are told how many.
    ``is_resolved`` says whether the answer comes once the result is final, by a step of its own
    that reveals it. ``has_leaderboard`` says whether those who chose the answer are ranked by how
    fast they did. ``flaws`` finds what is wrong with its own fields, whichever others are
    missing. ``terms`` takes a call without flaws. ``summary`` describes the result of a tally in a
    few words, with the answer if it is known; it is ``""`` where the bars say everything.
    """

    name: PollKind
    fields: frozenset[str] = frozenset({"options"})
    takes_several: bool = False
    is_resolved: bool = False
    has_leaderboard: bool = False
    flaws: Callable[[Call], Iterator[Flaw]] = option_flaws
    terms: Callable[[Call], Terms] = _plain_terms
    summary: Callable[[Sequence[int], int | None], str] = _no_summary
