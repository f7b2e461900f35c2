"""The scores of comments, and what the moderator needs of a scorer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from grandstand.moderation.policy import Thresholds


@dataclass(frozen=True, slots=True)
class Scores:
    """Of ``n`` texts, each array float32 of shape (n,).

    ``categories``: probability of each category the model was taught; ``mood`` -1 (bad) to 1
    (good); ``excitement`` 0 to 1; ``fine``: the probability that nobody would take it away, by the
    categories and by what moderators of live chats removed; ``languages``: a BCP 47 tag each, a
    hint, ``und`` if unknown.
    """

    categories: dict[str, NDArray[np.float32]]
    mood: NDArray[np.float32]
    excitement: NDArray[np.float32]
    fine: NDArray[np.float32]
    languages: list[str]


class Row(NamedTuple):
    """Scores of one text, as plain floats; ranges as in ``Scores``."""

    probabilities: dict[str, float]
    mood: float
    excitement: float
    fine: float
    language: str


Rows = Mapping[str, Row]
"""Scores by text."""


class Scorer(Protocol):
    """An object that scores comments; called from one or more threads at once."""

    @property
    def version(self) -> str:
        """Return the model's version, for people."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """Return the categories that texts are checked for."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """Return for each category from which probabilities it acts."""
        ...

    def score(self, texts: list[str]) -> Scores:
        """Score cleaned texts, in order; an empty list gives empty arrays."""
        ...


def rows(scores: Scores) -> list[Row]:
    """Return the scores of each text, in order."""
    names = list(scores.categories)
    columns = [column.tolist() for column in scores.categories.values()]
    return [
        Row(dict(zip(names, probabilities, strict=True)), mood, excitement, fine, language)
        for mood, excitement, fine, language, *probabilities in zip(
            scores.mood.tolist(),
            scores.excitement.tolist(),
            scores.fine.tolist(),
            scores.languages,
            *columns,
            strict=True,
        )
    ]
