from __future__ import annotations

import random

import pytest
from grandstand.rules import novelty
from grandstand.rules.novelty import (
    COMPARED,
    NEAR,
    QUIET_MS,
    SWELL_FROM,
    SWELL_MS,
    Theme,
    Themes,
    trigrams,
)
from hypothesis import given
from hypothesis import strategies as st

gists = st.text(st.sampled_from("abc 12é加"), max_size=12)


def theme(gist: str, shown_ms: int = 0, count: int = 1, **changes: int) -> Theme:
    likeness = changes.get("likeness", random.Random(gist).getrandbits(63))
    return Theme(gist, likeness, *trigrams(gist), shown_ms, count, changes.get("waiting", 0))


def near(one: str, other: str) -> bool:
    themes = Themes()
    themes.add(theme(one))
    return themes.near(*trigrams(other)) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("haha", "hahahaha"),
        ("lmao", "lmaoo"),
        ("kekw kekw kekw", "kekw"),
        ("<3 <3", "<3 <3 <3 <3"),
        ("what a brilliant save by the keeper", "what a brilliant save by keeper"),
        ("加油加油", "加油"),
    ],
)
def test_nearly_the_same_is_near(one: str, other: str) -> None:
    assert near(one, other)
    assert near(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("goal", "gaol"),
        ("no", "now"),
        ("the score is 2:1 for the home side", "the score is 2:2 for the home side"),
        ("what a save", "what a goal"),
        ("", "a"),
        ("加油", "再见"),
    ],
)
def test_something_else_is_not_near(one: str, other: str) -> None:
    assert not near(one, other)
    assert not near(other, one)


@given(st.lists(gists, unique=True, max_size=12), gists)
def test_whatever_is_near_is_found_and_nothing_else(shown: list[str], said: str) -> None:
    themes = Themes()
    for gist in shown:
        themes.add(theme(gist))
    grams, digits = trigrams(said)
    likes = {
        gist: len(grams & theirs) / len(grams | theirs)
        for gist in shown
        for theirs, numbers in [trigrams(gist)]
        if numbers == digits and len(grams & theirs) / len(grams | theirs) >= NEAR
    }
    found = themes.near(grams, digits)
    assert (found is None) == (not likes)
    if found is not None:
        assert likes[found.id] == max(likes.values())


def test_of_many_texts_with_a_trigram_in_common_only_the_latest_are_compared() -> None:
    themes = Themes()
    for number in range(COMPARED + 1):
        themes.add(Theme(f"a{number}", number, *trigrams("z"), number, 1))
    found = themes.near(*trigrams("z"))
    assert found is not None
    assert found.id == "a1"


def test_what_was_shown_is_quiet_for_its_time() -> None:
    said = theme("goal", shown_ms=1_000)
    assert said.is_quiet(1_000, 1, QUIET_MS)
    assert said.is_quiet(1_000 + QUIET_MS - 1, 1, QUIET_MS)
    assert not said.is_quiet(1_000 + QUIET_MS, 1, QUIET_MS)
    assert not said.is_quiet(1_000, 1, 0)


def test_what_a_whole_crowd_says_comes_again_before_its_time() -> None:
    said = theme("goal", waiting=SWELL_FROM - 2)
    assert said.is_quiet(SWELL_MS, 1, QUIET_MS)
    assert said.is_quiet(SWELL_MS - 1, 2, QUIET_MS)
    assert not said.is_quiet(SWELL_MS, 2, QUIET_MS)
    assert theme("goal", count=10, waiting=SWELL_FROM).is_quiet(SWELL_MS, 1, QUIET_MS)


def test_who_waited_is_carried_or_lost_and_never_both() -> None:
    themes = Themes()
    one, other = theme("goal", waiting=3), theme("save", 5, waiting=2)
    themes.add(one)
    themes.add(other)
    assert (themes.waiting, themes.take(one), themes.lost, themes.waiting) == (5, 3, 0, 2)
    themes.forget(5)
    assert themes.same(other.likeness) is other
    themes.forget(6)
    assert (themes.same(other.likeness), themes.lost, themes.waiting) == (None, 2, 0)
    assert themes.near(*trigrams("save")) is None


def test_a_comment_that_is_taken_back_stands_for_nobody_any_more() -> None:
    themes = Themes()
    themes.add(theme("goal", waiting=3))
    themes.add(theme("save"))
    themes.retract(["goal", "unknown"])
    assert (themes.near(*trigrams("goal")), themes.lost) == (None, 3)
    assert themes.near(*trigrams("save")) is not None


def test_of_too_many_texts_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty, "REMEMBERED", 2)
    themes = Themes()
    for number, gist in enumerate(("goal", "save", "corner")):
        themes.add(theme(gist, number, waiting=1))
    assert (themes.lost, themes.waiting) == (1, 2)
    assert themes.near(*trigrams("goal")) is None
    themes.add(theme("save", 9))
    assert (themes.lost, themes.waiting) == (2, 1)
    themes.forget(100)
    assert themes._by_gram == {}
