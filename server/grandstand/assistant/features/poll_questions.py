"""Questions for a poll, from the last minutes' comments and the run-down. Pure."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from grandstand.assistant.features.feature import (
    NUMBERS,
    TEXT,
    Draft,
    Feature,
    array_of,
    comments_of,
    numbered,
    places,
    schema_of,
    tidied,
)
from grandstand.assistant.material import Material
from grandstand.assistant.suggestion import Suggestion

QUESTIONS_MAX = 3
OPTIONS_MIN, OPTIONS_MAX = 2, 6
QUESTION_COLUMNS = 140
OPTION_CHARS = 60


class _Question(Struct):
    question: str
    options: list[str]
    comments: list[int] = []
    run_down: list[int] = []


class _Answer(Struct):
    questions: list[_Question]


class PollQuestions(Feature):
    """The feature."""

    name = "poll-questions"
    prompt, version = "poll-questions", 1
    tokens_max = 900
    answer = _Answer
    schema = schema_of(
        questions=array_of(
            schema_of(question=TEXT, options=array_of(TEXT), comments=NUMBERS, run_down=NUMBERS)
        )
    )

    def data(self, material: Material, lang: str) -> dict[str, object]:
        """Return the comments, and what comes next in the show."""
        planned = numbered([each.title for each in material.items], "r")
        return {"language": lang, "comments": comments_of(material), "run_down": planned}

    def drafts(self, answer: Any, material: Material) -> list[Draft]:
        """Return the questions, at most three."""
        return [_draft(each, material) for each in answer.questions[:QUESTIONS_MAX]]


def _draft(asked: _Question, material: Material) -> Draft:
    said = places(asked.comments, len(material.comments))
    planned = places(asked.run_down, len(material.items))
    comments = [material.comments[place] for place in said or ()]
    items = [material.items[place] for place in planned or ()]
    question = tidied(asked.question)
    options = [tidied(each) for each in asked.options]
    why = ""
    if said is None or planned is None or not (comments or items):
        why = "basis"
    elif not _are_options(options):
        why = "options"
    suggestion = Suggestion(
        question,
        options,
        sum(each.count for each in comments),
        [each.id for each in comments],
        items=[each.id for each in items],
    )
    known = [*(each.text for each in comments), *(each.title for each in items)]
    return Draft(suggestion, [question, *options], known, QUESTION_COLUMNS, why)


def _are_options(options: list[str]) -> bool:
    are_different = len({each.casefold() for each in options}) == len(options)
    are_short = all(len(each) <= OPTION_CHARS for each in options)
    return OPTIONS_MIN <= len(options) <= OPTIONS_MAX and are_different and are_short
