"""What the audience stirred at: comments, cues and stats around a highlight. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from grandstand.assistant.features.feature import (
    NUMBERS,
    TEXT,
    Draft,
    Feature,
    comments_of,
    numbered,
    places,
    schema_of,
    tidied,
)
from grandstand.assistant.material import (
    Material,
    RestedComment,
    RestedCue,
    RestedStat,
    covered,
)
from grandstand.assistant.suggestion import Suggestion

TEXT_COLUMNS = 320


class _Answer(Struct):
    text: str
    comments: list[int] = []
    cues: list[int] = []
    stats: list[int] = []


class Peak(Feature):
    """The feature."""

    name = "peak"
    prompt, version = "peak", 1
    tokens_max = 500
    answer = _Answer
    schema = schema_of(text=TEXT, comments=NUMBERS, cues=NUMBERS, stats=NUMBERS)

    def data(self, material: Material, lang: str) -> dict[str, object]:
        """Return what there is around the moment, with its seconds from the beginning."""
        cues = numbered([each.name for each in material.cues], "c")
        stats = numbered([each.text for each in material.stats], "t")
        return {
            "language": lang,
            "words": [covered(each) for each in material.words],
            "comments": _timed(comments_of(material), material.comments, material),
            "cues": _timed(cues, material.cues, material),
            "stats": _timed(stats, material.stats, material),
        }

    def drafts(self, answer: Any, material: Material) -> list[Draft]:
        """Return the one explanation."""
        said = places(answer.comments, len(material.comments))
        marked = places(answer.cues, len(material.cues))
        told = places(answer.stats, len(material.stats))
        comments = [material.comments[place] for place in said or ()]
        cues = [material.cues[place] for place in marked or ()]
        stats = [material.stats[place] for place in told or ()]
        named = said is not None and marked is not None and told is not None
        text = tidied(answer.text)
        suggestion = Suggestion(
            text,
            count=sum(each.count for each in comments),
            comments=[each.id for each in comments],
            cues=[each.id for each in cues],
            stats=[each.id for each in stats],
        )
        known = [each.text for each in comments] + [each.text for each in stats]
        known += [each.name for each in cues]
        return [Draft(suggestion, [text], known, TEXT_COLUMNS, "" if named and known else "basis")]


def _timed(
    rows: list[dict[str, object]],
    given: Sequence[RestedComment | RestedCue | RestedStat],
    material: Material,
) -> list[dict[str, object]]:
    return [
        {**row, "s": round((each.at - material.start) / 1000)}
        for row, each in zip(rows, given, strict=True)
    ]
