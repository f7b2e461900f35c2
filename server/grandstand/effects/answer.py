"""What came of one attempt to carry an action out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """``words`` quote nothing of what the other end said but its status.

    ``is_final``: trying again would not help.
    """

    is_done: bool
    words: str
    is_final: bool = False
