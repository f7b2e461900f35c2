"""What the audience says, by topics whose counts are computed. Pure."""

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
    places,
    schema_of,
    tidied,
)
from grandstand.assistant.material import Material
from grandstand.assistant.suggestion import Suggestion

TOPICS_MAX = 5
TOPIC_COLUMNS = 200


class _Topic(Struct):
    text: str
    comments: list[int]


class _Answer(Struct):
    topics: list[_Topic]


class Summary(Feature):
    """The feature."""

    name = "summary"
    prompt, version = "summary", 1
    tokens_max = 1200
    answer = _Answer
    schema = schema_of(topics=array_of(schema_of(text=TEXT, comments=NUMBERS)))

    def data(self, material: Material, lang: str) -> dict[str, object]:
        """Return the comments."""
        return {"language": lang, "comments": comments_of(material)}

    def drafts(self, answer: Any, material: Material) -> list[Draft]:
        """Return the topics, those of most comments first. A comment counts for the first topic
        that names it."""
        drafts, counted = list[Draft](), set[int]()
        for topic in answer.topics[:TOPICS_MAX]:
            named = places(topic.comments, len(material.comments))
            own = [place for place in named or () if place not in counted]
            counted |= {*own}
            comments = [material.comments[place] for place in own]
            count = sum(each.count for each in comments)
            text = tidied(topic.text)
            suggestion = Suggestion(text, count=count, comments=[each.id for each in comments])
            known = [each.text for each in comments]
            why = "" if named is not None and comments else "basis"
            drafts.append(Draft(suggestion, [text], known, TOPIC_COLUMNS, why))
        return sorted(drafts, key=lambda draft: -draft.suggestion.count)
