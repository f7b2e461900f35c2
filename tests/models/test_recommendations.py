"""How recommendations are measured."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from models.recommendations import availability, baselines
from models.recommendations.evaluate import HERE, Trial, interval, tables
from models.recommendations.sets import Event, split

FOLLOWS = [[str(each) for each in range(user % 7, user % 7 + 5 + user % 3)] for user in range(60)]


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial(FOLLOWS, (1,))


def test_what_is_held_out_is_nowhere_in_what_is_left() -> None:
    left, held = split([*FOLLOWS, ["0"]], 1)
    for each, kept, out in zip([*FOLLOWS, ["0"]], left, held, strict=True):
        assert sorted(kept + out) == sorted(each)
        assert len(out) == (max(1, round(len(each) / 5)) if len(each) >= 5 else 0)


def test_the_validation_knows_nothing_of_the_test(trial: Trial) -> None:
    validation = Trial(FOLLOWS, (1, 2))
    for kept, left, held in zip(trial.left, validation.left, validation.held, strict=True):
        assert sorted(left + held) == sorted(kept)


def test_lesser_known_is_what_follows_after_half_of_all_follows(trial: Trial) -> None:
    known = sum(trial.followers.get(each, 0) for each in {*trial.channels} - trial.tail)
    assert known >= sum(trial.followers.values()) / 2
    least = min(trial.followers[each] for each in {*trial.channels} - trial.tail)
    assert all(trial.followers.get(each, 0) <= least for each in trial.tail)


def test_who_is_told_what_was_held_out_has_all_of_it(trial: Trial) -> None:
    right = trial.figures(trial.held)
    assert right[:, 0].tolist() == [1.0] * len(right)
    assert {each for each in right[:, 1] if not math.isnan(each)} == {1.0}
    assert not trial.figures([[] for _ in trial.left])[:, 0].any()


def test_the_server_and_baselines_recommend_nothing_that_is_followed(trial: Trial) -> None:
    lists = [trial.of_board("balanced", 3), trial.of_scores(baselines.popular)]
    for given, kept in zip(lists[0], trial.left, strict=True):
        assert given
        assert not {*given} & {*kept}
    assert trial.coverage(lists[0]) <= len(trial.channels)


def test_baselines_score_by_what_is_followed_together() -> None:
    follows = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0]], np.float32)
    for scores in (baselines.item_knn(follows), baselines.ease(follows, 1, 0)):
        assert scores[3].argmax() == 1


def test_an_interval_holds_its_mean() -> None:
    chance = np.random.default_rng(1)
    values = np.array([0.0, 1.0, np.nan] * 30)
    draws = [chance.integers(len(values), size=len(values)) for _ in range(200)]
    mean, low, high = interval(values, draws)
    assert mean == 0.5
    assert 0.3 < low < mean < high < 0.7


def test_finals_are_told_to_who_follows_an_athlete_of_them() -> None:
    events = [
        *(Event(f"a{each}", "AAA", "A", 0, 600, False) for each in range(6)),
        Event("a final", "AAA", "A", 600, 1200, True),
        Event("b final", "BBB", "B", 600, 1200, True),
    ]
    found = availability.availability(events)
    assert found["finals_told"] == found["finals"] == 2
    assert found["told_after_s_most"] == 0


def test_the_page_has_the_figures_of_the_results() -> None:
    results = json.loads((HERE / "results.json").read_text("utf-8"))
    page = (HERE / "README.md").read_text("utf-8")
    for table in tables(results):
        assert table in page, "python -m models.recommendations.evaluate prints the tables"
