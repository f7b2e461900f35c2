"""A draft of an answer to an appeal, with the rule and the words that decided. Pure."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from grandstand.assistant.features.feature import (
    NUMBERS,
    TEXT,
    Draft,
    Feature,
    numbered,
    places,
    schema_of,
    tidied,
)
from grandstand.assistant.instructions import speaks_to_a_model
from grandstand.assistant.material import COVER, Material, covered
from grandstand.assistant.suggestion import Suggestion

TEXT_COLUMNS = 700


class _Answer(Struct):
    text: str
    words: list[int] = []


class Appeal(Feature):
    """The feature."""

    name = "appeal"
    prompt, version = "appeal", 1
    tokens_max = 700
    answer = _Answer
    schema = schema_of(text=TEXT, words=NUMBERS)

    def data(self, material: Material, lang: str) -> dict[str, object]:
        """Return why it was decided so, without the comment itself, and what its author says."""
        decision = material.decision
        if decision is None:
            raise RuntimeError("an appeal is about a decision")
        data: dict[str, object] = {
            "language": lang,
            "category": decision.category,
            "rule": covered(decision.reason),
            "words": numbered([_harmless(each) for each in decision.words], "n"),
        }
        if material.plea and not speaks_to_a_model(material.plea):
            data["plea"] = covered(material.plea)
        return data

    def drafts(self, answer: Any, material: Material) -> list[Draft]:
        """Return the one draft; its basis is the decision, which is shown beside it."""
        decision = material.decision
        words = [] if decision is None else decision.words
        text = tidied(answer.text)
        why = "basis" if places(answer.words, len(words)) is None else ""
        return [Draft(Suggestion(text), [text], [*words, material.plea], TEXT_COLUMNS, why)]


def _harmless(words: str) -> str:
    return COVER if speaks_to_a_model(words) else words
