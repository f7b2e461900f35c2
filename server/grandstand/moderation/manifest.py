"""The manifest of a comment scorer: its categories, and from which probabilities they act."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar

import msgspec

from grandstand.inference.manifest import Count, DataSet, Manifest, Name

ALWAYS = ("mood", "excitement", "removed", "german")
"""Heads that every comment scorer has, beside its categories."""

_Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Level = tuple[_Probability, _Probability]


class TrainedOn(DataSet, frozen=True, forbid_unknown_fields=True):
    """One data set's share in one head of the scorer."""

    head: Name
    texts: Count


class ScorerManifest(Manifest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ``manifest.json`` says of a comment scorer.

    ``features`` is the ``ngrams.VERSION`` that it fits; ``heads`` names the model's outputs in
    their order, ``categories`` those of them that are looked for in comments; ``thresholds`` has,
    for levels 1 to 4 of each category, the probabilities from which it holds and rejects.
    """

    KIND: ClassVar[str] = "comment scorer"
    FORMAT: ClassVar[str] = "3"
    SETTING: ClassVar[str] = "GRANDSTAND_MODEL"

    features: str
    heads: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    categories: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    thresholds: dict[str, tuple[_Level, _Level, _Level, _Level]]
    trained_on: tuple[TrainedOn, ...]
    seed: int

    def fault(self) -> str:
        """Return what is wrong with heads, categories or thresholds, or ''."""
        if missing := {*self.categories, *ALWAYS} - set(self.heads):
            return f"has no head {min(missing)}"
        if set(self.thresholds) != set(self.categories):
            return "its thresholds are not those of its categories"
        for category, levels in self.thresholds.items():
            if any(hold > reject for hold, reject in levels):
                return f"{category} rejects before it holds"
            if any(
                one > other
                for milder, stricter in pairwise(levels)
                for one, other in zip(stricter, milder, strict=True)
            ):
                return f"{category} gets milder at a stricter level"
        return ""
