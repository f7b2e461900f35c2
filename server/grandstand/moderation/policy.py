"""From findings and probabilities to a verdict, by a room's level. Pure.

Level 0 shows everything. Level 1 rejects only the plainest abuse. Level 2, the default, is for a
show with a broad audience, level 3 for one with children in it. Level 4 would rather hold ten good
comments than show a bad one. A category may have a level of its own. Rules act by severity (0
noise, 1 rude, 2 plain), the scorer's probabilities by the thresholds of its model.

A threshold is the probability that a given share of ordinary chat exceeds. Each model has its own
thresholds, in its manifest (MODEL_CARD.md has the shares, and what a level costs ordinary people).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from grandstand.domain.causes import RULE
from grandstand.moderation.findings import HOLD, SUSPECT, Finding

Action = Literal["show", "hold", "reject"]

Thresholds = Mapping[str, tuple[tuple[float, float], ...]]
"""Probabilities from which each category holds and rejects, for levels 1 to 4."""

SEVERITIES: tuple[tuple[int, int], ...] = ((2, 2), (1, 2), (0, 2), (0, 1))
"""Severities of a word or pattern from which it holds and rejects, for levels 1 to 4."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A room's wishes for moderation; the ``moderation`` of its settings."""

    level: int = 2
    categories: Mapping[str, int] = field(default_factory=dict)
    on_timeout: Literal["hold", "allow"] = "hold"

    def level_of(self, category: str) -> int:
        """Return the level of one category, 0 to 4."""
        return self.categories.get(category, self.level)

    @property
    def is_off(self) -> bool:
        """Return whether nothing is checked at all."""
        return self.level == 0 and not any(self.categories.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about a comment, its category, and a short reason for moderators."""

    action: Action
    category: str | None = None
    reason: str = ""


NOT_SCORED = "not scored in time"
"""The reason for a comment that the scorer had no time for."""

SURELY_HARMLESS = 0.15
"""Probability of an insult below which a single rude word of the list counts as noise."""

SUSPICIOUS = 0.5
"""Probability of an insult from which a suspect word of the list counts as rude: 2 % of real chat,
most of which has no such word."""

_JUDGED_AS_INSULT = ("insult", "hate")
"""Categories that the scorer's ``insult`` covers."""

SHOW = Verdict("show")
_ORDER: dict[Action, int] = {"show": 0, "hold": 1, "reject": 2}


def decide(
    findings: Sequence[Finding],
    category_probabilities: Mapping[str, float] | None,
    policy: Policy,
    thresholds: Thresholds,
    offers: bool = True,
) -> Verdict:
    """Return the sternest verdict that any finding or probability asks for.

    ``offers`` says whether the text has what spam needs (``contacts.may_offer``). Without it, the
    scorer alone holds where it would reject, and rejects nothing as spam. ``thresholds`` has every
    category of ``category_probabilities``. If these are None, the scorer missed its deadline or
    failed. Then the rules decide alone, and what they would show is held if the room says so.
    """
    worst = SHOW
    insult = (category_probabilities or {}).get("insult", 0.0)
    findings = [each for each in findings if each.severity > SUSPECT or insult >= SUSPICIOUS]
    sure = len(findings) == 1 and _is_doubted(findings[0], category_probabilities)
    for finding in findings:
        level = policy.level_of(finding.category)
        if level == 0:
            continue
        hold, reject = SEVERITIES[level - 1]
        severity = HOLD if finding.severity == SUSPECT else finding.severity - sure
        if severity >= hold:
            action: Action = "reject" if severity >= reject else "hold"
            worst = _sterner(worst, Verdict(action, finding.category, f"{RULE}{finding.rule}"))
    if category_probabilities is None:
        if policy.on_timeout == "hold" and not policy.is_off:
            worst = _sterner(worst, Verdict("hold", None, NOT_SCORED))
        return worst
    for category, probability in category_probabilities.items():
        level = policy.level_of(category)
        if level == 0:
            continue
        hold_from, reject_from = thresholds[category][level - 1]
        if category == "spam" and not offers:
            hold_from, reject_from = reject_from, math.inf
        if probability >= hold_from:
            action = "reject" if probability >= reject_from else "hold"
            worst = _sterner(worst, Verdict(action, category, f"scored {probability:.2f}"))
    return worst


def _is_doubted(finding: Finding, category_probabilities: Mapping[str, float] | None) -> bool:
    """Return whether there is only one word, and the scorer, which reads the rest too, is sure that
    it is none."""
    return (
        finding.is_word
        and finding.severity == HOLD
        and finding.category in _JUDGED_AS_INSULT
        and category_probabilities is not None
        and category_probabilities.get("insult", 1.0) < SURELY_HARMLESS
    )


def _sterner(one: Verdict, other: Verdict) -> Verdict:
    return other if _ORDER[other.action] > _ORDER[one.action] else one
