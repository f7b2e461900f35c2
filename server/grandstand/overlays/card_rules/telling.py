"""How telling a card is, 0 to 1: what happened, to whom, and how often that was just said. Pure.

``telling = weight of the rule x weight of the stage x discount of the rank x novelty``

- The weight orders what happens by how seldom it is and how much it decides. A record is the
  rarest thing in a show and stands for years; a new leader decides the contest; a personal best
  matters to those who know the entity; a gap is there for everyone at every moment.
- The stage's weight is the schema's: a heat counts for less than a final.
- The discount, 1 / log2(1 + rank), is the one by which search engines' results are judged (DCG):
  attention falls by the place, fast at first. 1, 0.63, 0.5, 0.43 … 0.3 at the ninth. A record
  counts in full whoever holds it.
- Novelty, 1 / (1 + n), n being how often this rule has spoken of this value in half an hour: a lead
  that changes hands ten times in a race is news the first time. Ten heats of one event are alike,
  too, since heats are stages of one value. For followers only what was said of their entity counts.

What an entity lacks to the leader changes with each of its values. A card that says nothing else is
made the first time, and when the gap has halved or doubled since it was last told.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from grandstand.overlays.card_rules.card import Fact

WEIGHTS = {
    "record": 1.0,
    "lead": 0.8,
    "best": 0.6,
    "close": 0.5,
    "rank": 0.5,
    "score": 0.5,
    "start": 0.5,
    "season": 0.3,
    "gap": 0.2,
}
RECENT_MS = 1_800_000
"""A round of a jump lasts 20 minutes, heats follow each other for an hour."""

MAX_SAID = 20_000
"""Of all rules and values; beyond that the oldest are forgotten."""

MAX_GAPS = 5000
"""Of entities, by label; beyond that the oldest are forgotten, and told once more."""

GAP_FACTOR = 2.0
"""By which a gap has to change. People take notice of a ratio, not of a difference: from 8 s to 7 s
is little, from 2 s to 1 s is half."""


@dataclass(slots=True)
class Novelty:
    """What was said in the last minutes."""

    _said: deque[tuple[int, tuple[str, str]]] = field(default_factory=deque)
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _gaps: dict[str, float] = field(default_factory=dict)

    def copy(self) -> Novelty:
        """Return one that changes by itself."""
        return Novelty(deque(self._said), dict(self._counts), dict(self._gaps))

    def factor(self, rule: str, value: str, at: int) -> float:
        """Return 1 if a rule hasn't spoken of a value lately, 1/2 if once, 1/3 if twice."""
        while self._said and (self._said[0][0] <= at - RECENT_MS or len(self._said) > MAX_SAID):
            key = self._said.popleft()[1]
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]
        return 1 / (1 + self._counts.get((rule, value), 0))

    def say(self, rule: str, value: str, at: int) -> None:
        """Note that a rule speaks of a value."""
        self._said.append((at, (rule, value)))
        self._counts[rule, value] = self._counts.get((rule, value), 0) + 1

    def is_told(self, own: str, facts: Sequence[Fact]) -> bool:
        """Note what is said of an entity's value, ``own``; return whether it is worth saying: it
        isn't if all that was found is a gap about as large as the one told before."""
        found = next((fact.values for fact in facts if fact.rule == "gap"), None)
        known = self._gaps.get(own)
        if found is None:
            self._gaps.pop(own, None)  # it leads
            return True
        gap = abs(found["value"] - found["other"])
        if len(facts) == 1 and known is not None and _are_alike(gap, known):
            return False
        self._gaps.pop(own, None)
        self._gaps[own] = gap
        if len(self._gaps) > MAX_GAPS:
            del self._gaps[next(iter(self._gaps))]
        return True


def _are_alike(gap: float, known: float) -> bool:
    less, more = sorted((gap, known))
    return less == more or more < GAP_FACTOR * less


def weight(fact: Fact) -> float:
    """Return how telling a fact is that wasn't said lately."""
    rank = 1 if fact.rule == "record" else fact.values.get("rank", 1)
    return WEIGHTS[fact.rule] / math.log2(1 + rank)
