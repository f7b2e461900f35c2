"""The findings of rules in a comment: a category, a severity, and the rule's name."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = ("insult", "hate", "sexual", "threat", "spam")

SUSPECT, MILD, HOLD, REJECT = -1, 0, 1, 2
"""Severities: nothing unless the scorer suspects the text too; noise; rude or doubtful; plain
abuse."""

SEVERITY_NAMES = {"hold": HOLD, "reject": REJECT}
"""Severities by their names in the lists."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a comment matched.

    ``is_word``: a single entry of the word list that may mean something else where it occurs.
    """

    category: str
    severity: int
    rule: str
    is_word: bool = False
