"""What people who follow the same things follow besides."""

from __future__ import annotations

import random

import numpy as np
import pytest
from grandstand.recommendations import alikeness
from grandstand.recommendations.alikeness import FEWEST, MAX_FOLLOWS, Alikeness, latest

CURLING = ["sport:curling", "team:sweden", "room:curling"]
SKATING = ["sport:skating", "athlete:hanyu", "room:skating"]
CROWD = [*(CURLING for _ in range(30)), *(SKATING for _ in range(60)), ["sport:luge"]]


def weight(found: Alikeness, thing: str, other: str) -> float:
    return float(found.weights[found.places[thing], found.places[other]])


def test_what_is_followed_together_speaks_for_each_other() -> None:
    found = Alikeness.of(CROWD)
    assert found.followers[found.places["team:sweden"]] == 30
    assert weight(found, "team:sweden", "room:curling") > 0.1
    assert weight(found, "team:sweden", "room:skating") == 0
    assert weight(found, "team:sweden", "team:sweden") == 0


def test_one_who_follows_much_says_less_by_each_thing() -> None:
    broad = [["a", "b", *(f"{number}-{each}" for each in range(50))] for number in range(20)]
    narrow = [["a", "c"] for _ in range(20)]
    found = Alikeness.of([*broad, *narrow])
    assert weight(found, "a", "c") > 2 * weight(found, "a", "b")


def test_the_same_people_in_another_order_give_the_same_model() -> None:
    chance = random.Random(3)
    people = [chance.sample([f"t{each}" for each in range(40)], 7) for _ in range(300)]
    found, other = Alikeness.of(people), Alikeness.of(chance.sample(people, len(people)))
    assert found.things == other.things
    assert (found.weights == other.weights).all()


def test_too_few_people_give_no_weight() -> None:
    for count in (FEWEST - 1, FEWEST):
        people = [*CROWD, *(["team:sweden", "athlete:hanyu"] for _ in range(count))]
        found = Alikeness.of(people)
        assert (weight(found, "team:sweden", "athlete:hanyu") != 0) == (count >= FEWEST)


def test_what_too_few_follow_is_unknown() -> None:
    people = [*CROWD, *(["sport:luge", "a secret"] for _ in range(FEWEST - 1))]
    assert "a secret" not in Alikeness.of(people).things


def test_nobody_or_nothing_is_a_model_too() -> None:
    nobody: list[list[str]] = []
    assert Alikeness.of(nobody).things == ()
    assert Alikeness.of([[], ["a"]]).things == ()


def test_of_more_things_the_most_followed_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alikeness, "MAX_THINGS", 3)
    assert Alikeness.of(CROWD).things == ("athlete:hanyu", "room:skating", "sport:skating")


def test_of_more_people_the_first_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alikeness, "MAX_PEOPLE", 30)
    assert set(Alikeness.of(CROWD).things) == set(CURLING)


def test_of_more_pairs_those_of_the_first_people_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alikeness, "MAX_PAIRS", 30 * len(CURLING) ** 2)
    assert set(Alikeness.of(CROWD).things) == set(CURLING)


def test_of_one_who_follows_everything_the_latest_count() -> None:
    everything = [f"t{number}" for number in range(10_000)]
    assert latest(everything) == everything[: -MAX_FOLLOWS - 1 : -1]
    assert latest(["a", "b", "a"]) == ["a", "b"]
    found = Alikeness.of([everything] * FEWEST)
    assert len(found.things) == MAX_FOLLOWS


def test_pairs_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Alikeness.of(CROWD)
    monkeypatch.setattr(alikeness, "_PAIRS_AT_ONCE", 10)
    assert np.array_equal(Alikeness.of(CROWD).weights, whole.weights)


def test_weights_stay_small_where_most_pairs_are_rare() -> None:
    chance = random.Random(4)
    people = [chance.sample([f"t{each}" for each in range(400)], 60) for _ in range(40)]
    found = Alikeness.of(people)
    assert 0 < np.abs(found.weights).max() < 0.1


def test_all_who_follow_the_same_are_no_trouble() -> None:
    found = Alikeness.of([["a", "b"]] * 1000)
    assert np.isfinite(found.weights).all()
    assert 0 < weight(found, "a", "b") <= 1
