"""What a kind of poll decides. What all kinds have in common knows no kind by its name.

A kind decides which fields a producer gives besides those of every poll, what must hold between
them, and what of them the poll keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grandstand.wire.messages import PollKind

Call = Mapping[str, Any]
"""The well-formed fields of the call that opens a poll, by name; some may be missing."""

Flaw = tuple[str, str]
"""A field of the call, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a poll keeps of its kind's own fields."""

    max_choices: int = 1
    answer: int | None = None


def _no_flaws(call: Call) -> Iterator[Flaw]:
    return iter(())


def _plain_terms(call: Call) -> Terms:
    return Terms()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of poll.

    ``fields`` are its own fields of the call; one that no kind of a poll names is every poll's.
    ``takes_several`` says whether a vote may name several options; viewers are told how many.
    ``flaws`` finds what is wrong with its own fields, whichever others are missing. ``terms``
    takes a call without flaws.
    """

    name: PollKind
    fields: frozenset[str] = frozenset()
    takes_several: bool = False
    flaws: Callable[[Call], Iterator[Flaw]] = _no_flaws
    terms: Callable[[Call], Terms] = _plain_terms
