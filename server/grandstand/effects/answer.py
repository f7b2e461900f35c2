"""What came of one attempt to carry an action out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """``words`` tell a producer what came of it; of the other end's answer they quote the status
    alone. With ``is_final`` another attempt would not help.
    """

    is_done: bool
    words: str
    is_final: bool = False
