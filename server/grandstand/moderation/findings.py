"""What a rule says of a comment: a category, how plain it is, and the rule's name."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = ("insult", "hate", "sexual", "threat", "spam")

SUSPECT, MILD, HOLD, REJECT = -1, 0, 1, 2
"""Severities: nothing unless the scorer suspects the text too, noise, rude or doubtful, plain."""

SEVERITY_NAMES = {"hold": HOLD, "reject": REJECT}
"""As the lists name them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a comment ran into.

    ``is_word``: a single entry of the word list that may mean something else where it stands.
    """

    category: str
    severity: int
    rule: str
    is_word: bool = False
