"""The result of a producer's or moderator's event, in the domain's own words.

``api.problems`` knows what a refusal means in HTTP; ``store.outcomes`` knows how an outcome is
stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias


class Refusal(StrEnum):
    """Why an event was impossible: codes of the contract."""

    BAD_MESSAGE = "bad_message"
    UNKNOWN_COMMENT = "unknown_comment"
    UNKNOWN_POLL = "unknown_poll"
    IMPOSSIBLE_STEP = "impossible_step"
    OUTDATED = "outdated"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    INTERNAL_ERROR = "internal_error"


Fate: TypeAlias = Literal["taken", "waiting", "late", "repeated", "full"]
"""What happened to one update of a stats card or an entity."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a possible event led to, as far as its sender can't know it beforehand.

    ``new_epoch``: the room's clock is reset, and a new epoch begins. ``decided``: the ids of the
    comments that were still held. ``fates``: one for each card, in the order given.
    """

    new_epoch: bool = False
    decided: Sequence[str] = ()
    fates: Sequence[Fate] = ()


class ImpossibleEventError(Exception):
    """The event changes nothing; its sender is told why."""

    def __init__(self, code: Refusal, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an event changed nothing; ``code`` is a Refusal, or a code of a newer version."""

    code: str
    message: str


Result: TypeAlias = Effect | Refused


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of the event of id ``event``."""

    event: str
    result: Result
