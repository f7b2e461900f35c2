from __future__ import annotations

import pytest
from grandstand.domain.causes import cause, may_appeal, turned_away
from grandstand.wire.messages import HeldComment
from msgspec import UNSET
from msgspec.structs import replace

HELD = HeldComment("c1", 1000, "u", "Ada", "rude", 1.0, ["insult"], "scored 0.91", model="s-1")


@pytest.mark.parametrize(
    ("category", "reason", "told"),
    [
        ("insult", "rule idiot", ("idiot", "")),
        ("insult", "scored 0.91", ("", "s-1")),
        ("", "not scored in time", ("", "")),
    ],
)
def test_a_rule_decided_or_the_model_or_neither(
    category: str, reason: str, told: tuple[str, str]
) -> None:
    assert cause(category, reason, "s-1") == told


def test_an_author_is_told_the_cause_and_may_appeal_but_not_against_an_answer() -> None:
    told = turned_away(HELD, "no")
    assert (told.category, told.rule, told.model, told.by) == ("insult", UNSET, "s-1", UNSET)
    told = turned_away(replace(HELD, categories=[], model=""), "no", "tiny")
    assert (told.category, told.rule, told.model, told.by) == (UNSET, UNSET, UNSET, "tiny")
    assert may_appeal(HELD)
    assert not may_appeal(replace(HELD, appeal=""))
