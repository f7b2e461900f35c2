"""What suggestions rest on, and in which form a model gets it. Pure.

A model is given texts without their senders: no ids, no links, and mentions are covered. A name
that a comment has in its words stays. What says the same is one item with a count. What speaks to a
model rather than to the audience is left out. A model names the numbers of what it goes by, so that
every suggestion can show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import UNSET, Struct, UnsetType

from grandstand.assistant.instructions import speaks_to_a_model
from grandstand.text.contents import LINK
from grandstand.text.normalise import dedupe_key
from grandstand.wire.messages import Time

COMMENTS_MAX = 150
"""Items that a model is given: some 10,000 characters."""

CUES_MAX = STATS_MAX = PLANNED_MAX = 20

COVER = "…"
_HASHTAG = "#"


class RestedComment(Struct, frozen=True):
    """A comment that viewers were shown; `count` of them said this."""

    id: str
    text: str
    at: Time
    count: int = 1


class RestedCue(Struct, frozen=True):
    """A cue of the producer."""

    id: str
    name: str
    at: Time


class RestedStat(Struct, frozen=True):
    """What the room's data said; `id` is a card's or an entity's."""

    id: str
    text: str
    at: Time


class RestedItem(Struct, frozen=True):
    """An item of the run-down."""

    id: str
    title: str


class DecisionBasis(Struct, frozen=True):
    """Why a comment was held or refused: by which rule, and the words without which it wouldn't
    have been."""

    category: str
    reason: str
    words: list[str]


class Counts(Struct, frozen=True):
    """Computed, not generated: how many comments were `said` in that time, and for how many of
    them stand those that the model was `given`."""

    said: int = 0
    given: int = 0


class RestsOn(Struct, frozen=True, rename={"from_": "from"}):
    """What suggestions rest on, from when to when, without what none of them names."""

    from_: Time
    until: Time
    counts: Counts
    comments: list[RestedComment] = []
    cues: list[RestedCue] = []
    stats: list[RestedStat] = []
    items: list[RestedItem] = []
    decision: DecisionBasis | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Material:
    """All that a feature may use, from ``start`` to ``end`` (programme ms). ``said`` comments came
    in that time. ``words`` are those of a highlight; ``plea`` is what the author of a decided
    comment says."""

    start: int
    end: int
    said: int = 0
    comments: Sequence[RestedComment] = ()
    cues: Sequence[RestedCue] = ()
    stats: Sequence[RestedStat] = ()
    items: Sequence[RestedItem] = ()
    words: Sequence[str] = ()
    decision: DecisionBasis | None = None
    plea: str = ""
    given: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "given", sum(each.count for each in self.comments))


def condensed(comments: Iterable[RestedComment]) -> list[RestedComment]:
    """Return comments with those that say the same as one, without what speaks to a model: those
    that most people said, then the newest, in the order of their moments."""
    found: dict[int, RestedComment] = {}
    for each in comments:
        key = dedupe_key(each.text)
        first = found.get(key)
        count = each.count + (first.count if first is not None else 0)
        first = first or each
        found[key] = RestedComment(first.id, first.text, first.at, count)
    fit = [each for each in found.values() if not speaks_to_a_model(each.text)]
    fit.sort(key=lambda each: (-each.count, -each.at))
    return sorted(fit[:COMMENTS_MAX], key=lambda each: (each.at, each.id))


def covered(text: str) -> str:
    """Return a text as a model gets it: links, addresses and mentions covered, hashtags not."""
    return LINK.sub(lambda found: found[0] if found[0][0] == _HASHTAG else COVER, text)


_BLANK = re.compile(r"\s+")


def line(text: str) -> str:
    """Return a text on one line."""
    return _BLANK.sub(" ", text).strip()
