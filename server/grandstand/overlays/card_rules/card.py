"""What rules propose: facts about a value, put together as one card. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from grandstand.domain.schemas import Stage, ValueSchema

Number = int | float


@dataclass(frozen=True, slots=True)
class Fact:
    """What one rule found. ``entities`` are those that it speaks of, the card's own first.

    ``values`` are the numbers that a sentence may name: ``value`` is the entity's own, ``rank`` its
    place. ``mark`` is the feed's word for a record or a best. ``since`` is the oldest ``at`` of the
    values used, in ms.
    """

    rule: str
    entities: tuple[str, ...]
    values: Mapping[str, Number]
    since: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A card to show at ``at``, ms of programme time.

    ``facts`` are all about one value of ``entity``, the most telling first. ``id`` is the same for
    the same value at the same moment, so a card that is given again replaces the former. ``names``
    are those of all entities in it. ``telling`` is 0 to 1, ``to_followers`` the same for those who
    follow the entity. ``values`` are those of all facts, and ``age_min`` where a value used is
    older than its schema allows.
    """

    id: str
    at: int
    entity: str
    label: str
    facts: tuple[Fact, ...]
    names: Mapping[str, str]
    schema: ValueSchema
    stage: Stage
    values: Mapping[str, Number]
    telling: float
    to_followers: float
    audience: Literal["everyone", "followers"]

    @property
    def rule(self) -> str:
        """Return the rule of the most telling fact."""
        return self.facts[0].rule
