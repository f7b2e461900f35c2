"""Finds the words without which the scorer would give a lower probability. Pure.

For the category that is nearest to acting, each span of the text is left out, wherever it occurs,
and the rest is scored again. A span is a word, or, in scripts without gaps between words, one to
four characters in a row. The span that lowers the probability most comes first. Skipped are spans
that overlap one that was taken, and of equal ones the longer, since they add nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grandstand.moderation.policy import Policy
from grandstand.moderation.scores import Scorer

SPANS_MAX = 5
LONGEST_RUN = 4
LOWERS_MIN = 0.001

_GAPLESS = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
_PIECE = re.compile(f"(?P<gapless>[{_GAPLESS}]+)|[^\\s{_GAPLESS}]+")

_Places = list[tuple[int, int]]
"""Where a span occurs: [start, stop) in code points."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A span of the text, and by how much its absence lowers the category's probability."""

    category: str
    span: str
    lowers_by: float


def find_reasons(scorer: Scorer, text: str, policy: Policy) -> list[Reason]:
    """Return the spans that decided, at most five, the most important first.

    ``text`` is what was judged. This scores up to four times as many texts as it has characters, in
    one batch.
    """
    spans = _spans(text)
    if not spans:
        return []
    without = [_without(text, places) for places in spans.values()]
    scores = scorer.score([text, *without])
    category = max(
        scorer.categories,
        key=lambda name: float(scores.categories[name][0]) / _acts_from(scorer, name, policy),
    )
    full, *others = scores.categories[category].tolist()
    drops = {span: round(full - other, 3) for span, other in zip(spans, others, strict=True)}
    found: list[Reason] = []
    taken: _Places = []
    for span in sorted(drops, key=lambda each: (-drops[each], len(each))):
        if drops[span] < LOWERS_MIN or len(found) == SPANS_MAX:
            break
        if not any(_overlap(one, other) for one in spans[span] for other in taken):
            found.append(Reason(category, span, drops[span]))
            taken += spans[span]
    return found


def _acts_from(scorer: Scorer, category: str, policy: Policy) -> float:
    """Return the lowest probability at which it acts in such a room; where it never does, that of
    the mildest level."""
    level = max(1, policy.level_of(category))
    return max(scorer.thresholds[category][level - 1][0], LOWERS_MIN)


def _spans(text: str) -> dict[str, _Places]:
    found: dict[str, _Places] = {}
    for piece in _PIECE.finditer(text):
        for start, stop in _parts(piece):
            found.setdefault(text[start:stop], []).append((start, stop))
    return found


def _parts(piece: re.Match[str]) -> Iterator[tuple[int, int]]:
    start, stop = piece.span()
    if piece["gapless"] is None:
        yield start, stop
        return
    for size in range(1, LONGEST_RUN + 1):
        for first in range(start, stop - size + 1):
            yield first, first + size


def _without(text: str, places: _Places) -> str:
    left_out = {at for start, stop in places for at in range(start, stop)}
    kept = "".join(letter for at, letter in enumerate(text) if at not in left_out)
    return " ".join(kept.split())


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
