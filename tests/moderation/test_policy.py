from __future__ import annotations

import pytest
from grandstand.moderation.findings import Finding
from grandstand.moderation.policy import SEVERITIES, Policy, Thresholds, decide

NOISE = Finding("spam", 0, "repeats")
RUDE = Finding("insult", 1, "rude")
PLAIN = Finding("insult", 2, "plain")
NOTHING: dict[str, float] = {}
THRESHOLDS: Thresholds = {
    "insult": ((0.9, 0.99), (0.8, 0.95), (0.6, 0.9), (0.4, 0.6)),
    "spam": ((0.9, 0.99), (0.5, 0.7), (0.3, 0.6), (0.3, 0.6)),
}


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
    found = [decide([one], NOTHING, policy, THRESHOLDS).action for one in (NOISE, RUDE, PLAIN)]
    assert found == [noise, rude, plain]


@pytest.mark.parametrize("category", list(THRESHOLDS))
@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_each_level_acts_on_probabilities(category: str, level: int) -> None:
    hold, reject = THRESHOLDS[category][level - 1]
    policy = Policy(level=level)
    assert decide([], {category: hold - 0.001}, policy, THRESHOLDS).action == "show"
    assert decide([], {category: hold}, policy, THRESHOLDS).action == "hold"
    assert decide([], {category: reject}, policy, THRESHOLDS).action == "reject"


def test_a_stricter_level_is_never_milder() -> None:
    assert list(SEVERITIES) == sorted(SEVERITIES, reverse=True)


def test_level_0_shows_everything_even_without_scores() -> None:
    assert decide([PLAIN], {"insult": 1.0}, Policy(level=0), THRESHOLDS).action == "show"
    assert decide([PLAIN], None, Policy(level=0), THRESHOLDS).action == "show"


def test_a_category_may_have_a_level_of_its_own() -> None:
    lax = Policy(level=4, categories={"insult": 0})
    assert decide([PLAIN], {"insult": 1.0}, lax, THRESHOLDS).action == "show"
    strict = Policy(level=0, categories={"insult": 4})
    assert decide([RUDE], {"spam": 1.0}, strict, THRESHOLDS).action == "reject"
    assert decide([], None, strict, THRESHOLDS).action == "hold"


def test_the_sternest_verdict_wins_and_names_its_category() -> None:
    verdict = decide([RUDE, Finding("threat", 2, "kys")], {"spam": 0.0}, Policy(), THRESHOLDS)
    assert (verdict.action, verdict.category) == ("reject", "threat")
    assert "kys" in verdict.reason


@pytest.mark.parametrize(
    ("finding", "probability", "action"),
    [
        (Finding("insult", 1, "rude", is_word=True), 0.05, "show"),
        (Finding("hate", 1, "rude", is_word=True), 0.05, "show"),
        (Finding("insult", 1, "rude", is_word=True), 0.3, "hold"),
        (Finding("insult", 2, "plain", is_word=True), 0.05, "reject"),
        (Finding("sexual", 1, "rude", is_word=True), 0.05, "hold"),
        (Finding("hate", 1, "a phrase"), 0.05, "hold"),
    ],
)
def test_one_rude_word_alone_does_not_decide_against_a_sure_model(
    finding: Finding, probability: float, action: str
) -> None:
    probabilities = {"insult": probability}
    assert decide([finding], probabilities, Policy(), THRESHOLDS).action == action
    assert decide([finding], probabilities, Policy(level=4), THRESHOLDS).action != "show"
    other = Finding("insult", 1, "another", is_word=True)
    assert decide([finding, other], probabilities, Policy(), THRESHOLDS).action != "show"
    assert decide([finding], None, Policy(on_timeout="allow"), THRESHOLDS).action != "show"


def test_without_scores_the_room_says_whether_to_hold() -> None:
    assert decide([], None, Policy(on_timeout="hold"), THRESHOLDS).action == "hold"
    assert decide([], None, Policy(on_timeout="allow"), THRESHOLDS).action == "show"
    assert decide([PLAIN], None, Policy(on_timeout="hold"), THRESHOLDS).action == "reject"
    assert decide([PLAIN], None, Policy(on_timeout="allow"), THRESHOLDS).action == "reject"


def test_a_model_that_looks_for_nothing_leaves_it_to_the_rules() -> None:
    assert decide([], NOTHING, Policy(level=4), {}).action == "show"
    assert decide([PLAIN], NOTHING, Policy(), {}).action == "reject"


@pytest.mark.parametrize(("probability", "action"), [(0.4, "show"), (0.5, "hold")])
def test_a_suspect_word_counts_where_the_scorer_suspects_too(
    probability: float, action: str
) -> None:
    suspect = Finding("insult", -1, "whale", is_word=True)
    assert decide([suspect], {"insult": probability}, Policy(), THRESHOLDS).action == action
    assert decide([suspect], None, Policy(on_timeout="allow"), THRESHOLDS).action == "show"


def test_a_certain_word_decides_whatever_the_scorer_says() -> None:
    certain = Finding("insult", 1, "a slur that the scorer never saw")
    assert decide([certain], {"insult": 0.01}, Policy(), THRESHOLDS).action == "hold"


def test_what_offers_nothing_is_spam_only_where_the_scorer_is_surest() -> None:
    for probability, action in ((0.6, "show"), (0.7, "hold"), (0.99, "hold")):
        found = decide([], {"spam": probability}, Policy(), THRESHOLDS, offers=False)
        assert found.action == action
    assert decide([], {"spam": 0.6}, Policy(), THRESHOLDS).action == "hold"
