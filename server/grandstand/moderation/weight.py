"""How much a comment is worth showing, since only thirty a second can be shown. Pure.

``weight = (10 * substance + life) * kindness``, cut to 0..10 and rounded to tenths:

- substance 0.1 to 0.8: how much is said, by the number of different letters and words of the
  skeleton. One letter says next to nothing, five to ten words say most, more adds little. Noise
  (a skeleton of few letters for its length, capitals all through) takes a part of it away, a link
  most.
- kindness 0 to 1: the probability that it is fine (``Scores.fine``); without scores 1.
- life 0 to 2: excitement, and half of how far the mood is from indifferent, good or bad: a crowd's
  feelings are worth more than its small talk.

The sequencer judges what a comment is worth beside others, here and now (``domain.selection``).
Only it knows what was just shown, who was, and how loud the room is.
"""

from __future__ import annotations

import math

_LAST_BEFORE_CHINESE = "\u2e80"


def weigh(
    text: str, skeleton: str, fine: float = 1.0, mood: float = 0.0, excitement: float = 0.0
) -> float:
    """Weigh one comment: 0 to 10 in tenths.

    ``fine`` and ``excitement`` 0 to 1, ``mood`` -1 to 1.
    """
    letters = set(skeleton)
    variety = len(letters)
    if variety == 0:
        return 0.0
    words = len(set(skeleton.split()))
    # A Chinese character says about as much as three letters, and there are no gaps to count.
    if not skeleton.isascii():
        variety += 2 * sum(map(_LAST_BEFORE_CHINESE.__lt__, letters))
    said = 1.0 - math.exp(-(variety + 2 * words) / 14.0)
    substance = 0.1 + 0.7 * said
    if len(text) > 24 and len(set(text)) * 5 < len(text):
        substance *= 0.4
    if len(text) > 12 and text.isupper():
        substance *= 0.8
    if "http" in skeleton or "www." in skeleton or ".com" in skeleton:
        substance *= 0.3
    life = 1.5 * excitement + 0.5 * abs(mood)
    return round(min(10.0, max(0.0, (10.0 * substance + life) * fine)), 1)
