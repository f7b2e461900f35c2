"""The rooms beside the gala: a football match and a race, each with a feed, some of the crowd, and
no picture. By them one sees what else is on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from grandstand.demo import match, race
from grandstand.demo.meet import ATHLETES
from grandstand.domain.schemas import KindSchema

Body = Mapping[str, Any]
Give = Callable[[Sequence[Body]], Awaitable[None]]
Play = Callable[[Callable[[], int], Give, Random], Awaitable[None]]
"""Tells a feed until it is cancelled: given programme time (ms), where updates go, and chance."""

SETTINGS = {"guests": "vote", "comment_interval": 1, "comment_burst": 5}
PHRASES = "sport_phrases.toml"


@dataclass(frozen=True, slots=True)
class SideRoom:
    """A room, its feed, its share of the crowd, and what some of these follow."""

    id: str
    title: str
    play: Play
    share: float
    schemas: Mapping[str, KindSchema] = field(default_factory=dict)
    topics: Sequence[str] = ()

    @property
    def settings(self) -> dict[str, object]:
        """Return its settings, as ``PUT`` of a room takes them."""
        return {**SETTINGS, "title": self.title}

    def crowd(self, size: int) -> int:
        """Return how many of a crowd of ``size`` are here."""
        return int(size * self.share)


RUNNERS = [f"athlete:{each}" for each in ATHLETES]
SIDE_ROOMS = (
    SideRoom("match", "Friday football · 周五足球", match.play, 0.2),
    SideRoom("race", "Night run · 夜跑", race.run, 0.1, race.SCHEMAS, RUNNERS),
)
