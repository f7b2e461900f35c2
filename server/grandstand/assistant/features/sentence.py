"""The words of a card that rules found, in place of a template's: the same, said as people say it.
Pure.

No person is between the model and the viewers here, so it is off unless a room switches it on, and
the answer must have each number and each name of the template's text, and no other number.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from grandstand.assistant.features.feature import TEXT, Draft, Feature, schema_of, tidied
from grandstand.assistant.material import Material
from grandstand.assistant.suggestion import Suggestion
from grandstand.text.contents import amounts, columns

WIDER = 1.5
"""How many times as wide as the template's text it may be."""


class _Answer(Struct):
    text: str


class CardSentence(Feature):
    """The feature. Its material has the template's text as a plan's only item, and the names in it
    as words."""

    name = "sentences"
    prompt, version = "sentence", 1
    tokens_max = 200
    answer = _Answer
    schema = schema_of(text=TEXT)

    def data(self, material: Material, lang: str) -> dict[str, object]:
        """Return the template's text, and the names in it."""
        return {"language": lang, "text": _template(material), "names": [*material.words]}

    def drafts(self, answer: Any, material: Material) -> list[Draft]:
        """Return the one sentence."""
        template, text = _template(material), tidied(answer.text)
        why = ""
        if amounts(text) != amounts(template):
            why = "numbers"
        elif any(name in template and name not in text for name in material.words):
            why = "names"
        width = round(WIDER * columns(template))
        return [Draft(Suggestion(text), [text], [template], width, why)]


def _template(material: Material) -> str:
    return material.items[0].title
