from __future__ import annotations

from itertools import pairwise

import pytest
from grandstand.moderation.policy import SEVERITIES, THRESHOLDS, Policy, decide
from grandstand.moderation.rules import Finding

NOISE = Finding("spam", 0, "repeats")
RUDE = Finding("insult", 1, "rude")
PLAIN = Finding("insult", 2, "plain")
NOTHING: dict[str, float] = {}


@pytest.mark.parametrize(
    ("level", "noise", "rude", "plain"),
    [
        (0, "show", "show", "show"),
        (1, "show", "show", "reject"),
        (2, "show", "hold", "reject"),
        (3, "hold", "hold", "reject"),
        (4, "hold", "reject", "reject"),
    ],
)
def test_each_level_acts_on_severities(level: int, noise: str, rude: str, plain: str) -> None:
    policy = Policy(level=level)
    found = [decide([one], NOTHING, policy).action for one in (NOISE, RUDE, PLAIN)]
    assert found == [noise, rude, plain]


@pytest.mark.parametrize("category", list(THRESHOLDS))
@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_each_level_acts_on_probabilities(category: str, level: int) -> None:
    hold, reject = THRESHOLDS[category][level - 1]
    policy = Policy(level=level)
    assert decide([], {category: hold - 0.001}, policy).action == "show"
    assert decide([], {category: hold}, policy).action == "hold"
    assert decide([], {category: reject}, policy).action == "reject"


def test_a_stricter_level_is_never_milder() -> None:
    for rows in THRESHOLDS.values():
        for milder, stricter in pairwise(rows):
            assert stricter <= milder
        assert all(hold < reject for hold, reject in rows)
    assert list(SEVERITIES) == sorted(SEVERITIES, reverse=True)


def test_level_0_shows_everything_even_without_scores() -> None:
    assert decide([PLAIN], {"insult": 1.0}, Policy(level=0)).action == "show"
    assert decide([PLAIN], None, Policy(level=0)).action == "show"


def test_a_category_may_have_a_level_of_its_own() -> None:
    lax = Policy(level=4, categories={"insult": 0})
    assert decide([PLAIN], {"insult": 1.0}, lax).action == "show"
    strict = Policy(level=0, categories={"insult": 4})
    assert decide([RUDE], {"spam": 1.0}, strict).action == "reject"
    assert decide([], None, strict).action == "hold"


def test_the_sternest_verdict_wins_and_names_its_category() -> None:
    verdict = decide([RUDE, Finding("threat", 2, "kys")], {"spam": 0.0}, Policy())
    assert (verdict.action, verdict.category) == ("reject", "threat")
    assert "kys" in verdict.reason


def test_without_scores_the_room_says_whether_to_hold() -> None:
    assert decide([], None, Policy(on_timeout="hold")).action == "hold"
    assert decide([], None, Policy(on_timeout="allow")).action == "show"
    assert decide([PLAIN], None, Policy(on_timeout="hold")).action == "reject"
    assert decide([PLAIN], None, Policy(on_timeout="allow")).action == "reject"


def test_a_category_without_thresholds_decides_nothing() -> None:
    assert decide([], {"unheard of": 1.0}, Policy(level=4)).action == "show"
