"""From findings and probabilities to a verdict, by a room's level. Pure.

Level 0 shows everything; 1 turns away only the plainest; 2, the default, is for a show with a broad
audience; 3 for one with children in it; 4 would rather hold ten good comments than show a bad one.
A category may have a level of its own. Rules act by severity (0 noise, 1 rude, 2 plain), the
scorer's probabilities by the thresholds below.

What a level costs ordinary people, percent of messages held / rejected, rules and scorer together
(``models/comment_scorer/results.json``; Twitch chat that nobody removed, real insults in it
included, and happy Chinese posts):

=======================  ===========  ===========  ===========  ===========
level                              1            2            3            4
=======================  ===========  ===========  ===========  ===========
recorded Twitch chats    0.08 / 0.18  0.89 / 0.43  3.11 / 0.57  3.46 / 1.52
Chinese posts            0.00 / 0.39  0.39 / 0.39  0.79 / 0.39  0.98 / 1.08
=======================  ===========  ===========  ===========  ===========

Each threshold is the probability that a given share of ordinary chat exceeds (MODEL_CARD.md has the
shares); ``python -m models.comment_scorer.evaluate`` prints them, and a test holds them together: a
new model gets new thresholds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from grandstand.moderation.rules import Finding

Action = Literal["show", "hold", "reject"]

_NEVER = 2.0

THRESHOLDS: Mapping[str, tuple[tuple[float, float], ...]] = {
    # level:      1              2              3              4       (hold, reject)
    "insult": ((0.988, 0.997), (0.865, 0.973), (0.671, 0.931), (0.448, 0.671)),
    "spam": ((0.89, 0.955), (0.456, 0.698), (0.3, 0.6), (0.3, 0.6)),
}
"""Probabilities from which a category holds and rejects, for levels 1 to 4."""

SEVERITIES: tuple[tuple[int, int], ...] = ((2, 2), (1, 2), (0, 2), (0, 1))
"""Severities of a word or pattern from which it holds and rejects, for levels 1 to 4."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a room asks of moderation; the ``moderation`` of its settings."""

    level: int = 2
    categories: Mapping[str, int] = field(default_factory=dict)
    on_timeout: Literal["hold", "allow"] = "hold"

    def level_of(self, category: str) -> int:
        """Level of one category, 0 to 4."""
        return self.categories.get(category, self.level)

    @property
    def is_off(self) -> bool:
        """Whether nothing at all is looked for."""
        return self.level == 0 and not any(self.categories.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a comment, for which category, and why in a few words for moderators."""

    action: Action
    category: str | None = None
    reason: str = ""


SHOW = Verdict("show")
_ORDER: dict[Action, int] = {"show": 0, "hold": 1, "reject": 2}


def decide(
    findings: Sequence[Finding],
    category_probabilities: Mapping[str, float] | None,
    policy: Policy,
) -> Verdict:
    """Give the sternest verdict any finding or probability asks for.

    ``category_probabilities`` None: the scorer missed its deadline or failed. Then the rules decide
    alone, and what they would show is held if the room says so.
    """
    worst = SHOW
    for finding in findings:
        level = policy.level_of(finding.category)
        if level == 0:
            continue
        hold, reject = SEVERITIES[level - 1]
        if finding.severity >= hold:
            action: Action = "reject" if finding.severity >= reject else "hold"
            worst = _sterner(worst, Verdict(action, finding.category, f"rule {finding.rule}"))
    if category_probabilities is None:
        if policy.on_timeout == "hold" and not policy.is_off:
            worst = _sterner(worst, Verdict("hold", None, "not scored in time"))
        return worst
    for category, probability in category_probabilities.items():
        level = policy.level_of(category)
        if level == 0:
            continue
        hold_from, reject_from = THRESHOLDS.get(category, ((_NEVER, _NEVER),) * 4)[level - 1]
        if probability >= hold_from:
            action = "reject" if probability >= reject_from else "hold"
            worst = _sterner(worst, Verdict(action, category, f"scored {probability:.2f}"))
    return worst


def _sterner(one: Verdict, other: Verdict) -> Verdict:
    return other if _ORDER[other.action] > _ORDER[one.action] else one
