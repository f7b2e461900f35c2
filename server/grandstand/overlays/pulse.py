"""The room's pulse: comments a second, people, mood, excitement. Pure; bounded by seconds.

Every comment that enters the room counts, shown or not: the budget must not hide a storm.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from grandstand.wire.gauges import Pulse

RATE_SPAN_S = 5
PEOPLE_SPAN_S = 10
"""Mood and excitement are means over this span too."""


@dataclass(slots=True)
class _Second:
    number: int
    comments: int = 0
    mood: float = 0.0
    excitement: float = 0.0
    people: set[str] = field(default_factory=set)


@dataclass(slots=True)
class PulseMeter:
    """Counts per second of programme time."""

    _seconds: deque[_Second] = field(default_factory=deque)

    def comment(self, now_ms: int, user: str, mood: float, excitement: float) -> None:
        """Count one comment, with the scorer's mood (-1 to 1) and excitement (0 to 1)."""
        number = now_ms // 1000
        if not self._seconds or self._seconds[-1].number != number:
            self._seconds.append(_Second(number))
            self._forget(number)
        second = self._seconds[-1]
        second.comments += 1
        second.mood += mood
        second.excitement += excitement
        second.people.add(user)

    def read(self, now_ms: int) -> Pulse:
        """Return the pulse of the whole seconds before ``now_ms``."""
        number = now_ms // 1000
        self._forget(number)
        whole = [second for second in self._seconds if second.number < number]
        comments = sum(second.comments for second in whole)
        recent = sum(s.comments for s in whole if s.number >= number - RATE_SPAN_S)
        return Pulse(
            comments_per_second=round(recent / RATE_SPAN_S, 1),
            people=len(set().union(*(second.people for second in whole))),
            mood=round(sum(second.mood for second in whole) / comments, 2) if comments else 0.0,
            excitement=round(sum(second.excitement for second in whole) / comments, 2)
            if comments
            else 0.0,
        )

    def _forget(self, number: int) -> None:
        while self._seconds and self._seconds[0].number < number - PEOPLE_SPAN_S:
            self._seconds.popleft()
