"""What a rule says of a comment: a category, how plain it is, and the rule's name."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = ("insult", "hate", "sexual", "threat", "spam")

MILD, HOLD, REJECT = 0, 1, 2
"""Severities: noise, rude or doubtful, plain."""

SEVERITY_NAMES = {"hold": HOLD, "reject": REJECT}
"""As the lists name them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a comment ran into.

    ``is_word``: a single entry of the word list, which may mean something else where it stands.
    """

    category: str
    severity: int
    rule: str
    is_word: bool = False
