from __future__ import annotations

import pytest
from grandstand.overlays.card_rules.card import Fact
from grandstand.overlays.card_rules.rules import RULES
from grandstand.overlays.card_rules.telling import RECENT_MS, WEIGHTS, Novelty, weight


def fact(rule: str, rank: int) -> Fact:
    return Fact(rule, ("athlete:a",), {"value": 1, "rank": rank}, 0)


def test_every_rule_has_a_weight() -> None:
    assert {rule.__name__ for rule in RULES} | {"start"} == WEIGHTS.keys()


def test_attention_falls_by_the_place() -> None:
    weights = [weight(fact("best", rank)) for rank in (1, 2, 3, 8)]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == WEIGHTS["best"]
    assert weights[2] == pytest.approx(WEIGHTS["best"] / 2)


def test_a_record_counts_in_full_whoever_holds_it() -> None:
    assert weight(fact("record", 30)) == WEIGHTS["record"]


def test_what_was_just_said_is_less_telling_until_it_is_forgotten() -> None:
    novelty = Novelty()
    factors = []
    for _ in range(3):
        factors.append(novelty.factor("lead", "Throw", 0))
        novelty.say("lead", "Throw", 0)
    assert factors == [1, 1 / 2, 1 / 3]
    assert novelty.factor("lead", "Race", 0) == 1
    assert novelty.factor("lead", "Throw", RECENT_MS) == 1
