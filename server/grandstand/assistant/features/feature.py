"""What a feature is: a prompt, the form of its answer, and what becomes of one. Pure.

A feature gets material and gives data; it gets an answer and gives suggestions, each with the texts
that it rests on. It checks that what the answer names was given; what every text must fulfil is
checked by ``answers``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from grandstand.assistant.material import Material, covered
from grandstand.assistant.suggestion import FeatureName, Suggestion
from grandstand.text.normalise import clean


@dataclass(frozen=True, slots=True)
class Draft:
    """A suggestion that isn't checked yet: ``texts`` are all that people would read, ``known`` are
    those that it rests on, and ``fault`` is what is wrong with what it names, "" if nothing is."""

    suggestion: Suggestion
    texts: Sequence[str]
    known: Sequence[str]
    max_columns: int
    fault: str = ""


class Feature(ABC):
    """One feature; ``prompt`` and ``version`` name its file in ``prompts/``, ``schema`` is that of
    ``answer``."""

    name: ClassVar[FeatureName]
    prompt: ClassVar[str]
    version: ClassVar[int]
    schema: ClassVar[Mapping[str, object]]
    answer: ClassVar[type[Any]]
    tokens_max: ClassVar[int]

    @abstractmethod
    def data(self, material: Material, lang: str) -> dict[str, object]:
        """Return what the model is given."""

    @abstractmethod
    def drafts(self, answer: Any, material: Material) -> list[Draft]:
        """Return what an answer suggests."""


def schema_of(**properties: object) -> dict[str, object]:
    """Return the JSON Schema of an object that has exactly these properties."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*properties],
        "properties": properties,
    }


def array_of(items: object) -> dict[str, object]:
    """Return the JSON Schema of an array."""
    return {"type": "array", "items": items}


TEXT = {"type": "string"}
NUMBERS = array_of({"type": "integer"})


def numbered(texts: Sequence[str], name: str) -> list[dict[str, object]]:
    """Return texts with their numbers, from 1 on, as a model gets them."""
    return [{name: number, "text": covered(text)} for number, text in enumerate(texts, 1)]


def comments_of(material: Material) -> list[dict[str, object]]:
    """Return the comments with their numbers and how many said each."""
    given = numbered([each.text for each in material.comments], "n")
    return [
        {**row, "count": each.count} for row, each in zip(given, material.comments, strict=True)
    ]


def places(numbers: Sequence[int], count: int) -> list[int] | None:
    """Return the places of what a model named, each once; None if it named what it wasn't given."""
    found = list(dict.fromkeys(number - 1 for number in numbers))
    return found if all(0 <= place < count for place in found) else None


def tidied(text: str) -> str:
    """Return a text without blanks at its ends; what is invisible stays, to be found."""
    return text.strip() if clean(text) else ""
