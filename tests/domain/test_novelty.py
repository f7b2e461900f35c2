from __future__ import annotations

import random

import pytest
from grandstand.domain import novelty
from grandstand.domain.novelty import (
    MOST_COMPARED,
    MOST_EFFORT,
    MOST_LETTERS,
    NEAR,
    NO_SHAPE,
    QUIET_MS,
    SHARING,
    SWELL_FROM,
    SWELL_MS,
    ShownText,
    ShownTexts,
    shape,
)
from hypothesis import given
from hypothesis import strategies as st

gists = st.text(st.sampled_from("abc 12é加"), max_size=12)


def shown_text(skeleton: str, shown_ms: int = 0, count: int = 1, **changes: int) -> ShownText:
    dedupe_key = changes.get("dedupe_key", random.Random(skeleton).getrandbits(63))
    return ShownText(
        skeleton, dedupe_key, shape(skeleton), shown_ms, count, changes.get("waiting", 0)
    )


def near(one: str, other: str) -> bool:
    shown_texts = ShownTexts()
    shown_texts.add(shown_text(one))
    return shown_texts.near(shape(other)) is not None


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
    shown_texts = ShownTexts()
    for skeleton in shown:
        shown_texts.add(shown_text(skeleton))
    grams, digits = shape(said).grams, shape(said).digits
    likes = {
        skeleton: len(grams & theirs) / len(grams | theirs)
        for skeleton in shown
        for theirs, numbers in [(shape(skeleton).grams, shape(skeleton).digits)]
        if numbers == digits and len(grams & theirs) / len(grams | theirs) >= NEAR
    }
    found = shown_texts.near(shape(said))
    assert (found is None) == (not likes)
    if found is not None:
        assert likes[found.id] == max(likes.values())


def test_of_many_texts_with_a_trigram_in_common_only_the_latest_are_found_by_it() -> None:
    shown_texts = ShownTexts()
    for number in range(SHARING + 1):
        shown_texts.add(ShownText(f"a{number}", number, shape("z"), number, 1))
    found = shown_texts.near(shape("z"))
    assert found is not None
    assert found.id == "a1"


def alike(number: int, length: int = 200) -> str:
    """Texts of rare letters whose trigrams are mostly their own, a few everybody's."""
    return "zzz zzy zzx " + "".join(random.Random(number).choices("uvwxy", k=length))


def test_a_text_is_compared_once_however_many_trigrams_it_shares() -> None:
    shown_texts = ShownTexts()
    shown_texts.add(shown_text("what a brilliant save by the keeper"))
    assert shown_texts.near(shape("what a brilliant save by a keeper")) is not None
    assert shown_texts.compared == 1


def test_a_comment_is_compared_with_so_many_at_most() -> None:
    shown_texts = ShownTexts()
    for number in range(2_000):
        shown_texts.add(shown_text(alike(number, 40)))
    for number in range(2_000, 2_020):
        shown_texts.effort = shown_texts.compared = 0
        shown_texts.near(shape(alike(number, 40)))
        assert 0 < shown_texts.compared <= MOST_COMPARED


def test_a_long_text_is_looked_at_by_its_beginning_and_by_all_its_digits() -> None:
    long = alike(1, 5_000)
    assert len(shape(long).grams) <= MOST_LETTERS
    assert len(shape(long).finders) <= MOST_LETTERS
    assert near(long, f"{long} vwx")
    assert not near(long, f"{long} 7")


def test_when_enough_was_looked_at_only_the_very_same_is_known() -> None:
    shown_texts = ShownTexts()
    goal = shown_text("goal")
    shown_texts.add(goal)
    shown_texts.effort = MOST_EFFORT
    assert shown_texts.shape("goal") is NO_SHAPE
    assert shown_texts.near(shape("goal")) is None
    assert shown_texts.same(goal.dedupe_key) is goal
    shown_texts.effort = 0
    assert shown_texts.near(shown_texts.shape("goal")) is goal
    assert shown_texts.effort > 0


def test_what_is_remembered_of_a_long_text_counts_for_more_than_its_letters() -> None:
    shown_texts = ShownTexts()
    text = alike(1)
    form = shown_texts.shape(text)
    looked = shown_texts.effort
    assert looked > len(text)
    shown_texts.add(ShownText("c1", 1, form, 0, 1))
    assert shown_texts.effort > looked + len(form.finders)


def test_a_text_that_nothing_is_near_to_leaves_nothing_behind() -> None:
    shown_texts = ShownTexts()
    bare = ShownText("a1", 1, NO_SHAPE, 0, 1)
    shown_texts.add(bare)
    assert shown_texts.near(NO_SHAPE) is None
    shown_texts.take(bare)
    assert (shown_texts.same(1), shown_texts._by_gram) == (None, {})


def test_one_of_too_many_that_share_a_trigram_goes_without_a_trace() -> None:
    shown_texts = ShownTexts()
    for number in range(SHARING + 5):
        shown_texts.add(ShownText(f"a{number}", number, shape("zz"), number, 1))
    shown_texts.forget(10**9)
    assert shown_texts._by_gram == {}


def test_what_was_shown_is_quiet_for_its_time() -> None:
    said = shown_text("goal", shown_ms=1_000)
    assert said.is_quiet(1_000, 1, QUIET_MS)
    assert said.is_quiet(1_000 + QUIET_MS - 1, 1, QUIET_MS)
    assert not said.is_quiet(1_000 + QUIET_MS, 1, QUIET_MS)
    assert not said.is_quiet(1_000, 1, 0)


def test_what_a_whole_crowd_says_comes_again_before_its_time() -> None:
    said = shown_text("goal", waiting=SWELL_FROM - 2)
    assert said.is_quiet(SWELL_MS, 1, QUIET_MS)
    assert said.is_quiet(SWELL_MS - 1, 2, QUIET_MS)
    assert not said.is_quiet(SWELL_MS, 2, QUIET_MS)
    assert shown_text("goal", count=10, waiting=SWELL_FROM).is_quiet(SWELL_MS, 1, QUIET_MS)


def test_who_waited_is_carried_or_lost_and_never_both() -> None:
    shown_texts = ShownTexts()
    one, other = shown_text("goal", waiting=3), shown_text("save", 5, waiting=2)
    shown_texts.add(one)
    shown_texts.add(other)
    assert (shown_texts.waiting, shown_texts.take(one), shown_texts.lost, shown_texts.waiting) == (
        5,
        3,
        0,
        2,
    )
    shown_texts.forget(5)
    assert shown_texts.same(other.dedupe_key) is other
    shown_texts.forget(6)
    assert (shown_texts.same(other.dedupe_key), shown_texts.lost, shown_texts.waiting) == (
        None,
        2,
        0,
    )
    assert shown_texts.near(shape("save")) is None


def test_a_comment_that_is_taken_back_stands_for_nobody_any_more() -> None:
    shown_texts = ShownTexts()
    shown_texts.add(shown_text("goal", waiting=3))
    shown_texts.add(shown_text("save"))
    shown_texts.retract(["goal", "unknown"])
    assert (shown_texts.near(shape("goal")), shown_texts.lost) == (None, 3)
    assert shown_texts.near(shape("save")) is not None


def test_of_too_many_texts_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty, "REMEMBERED", 2)
    shown_texts = ShownTexts()
    for number, skeleton in enumerate(("goal", "save", "corner")):
        shown_texts.add(shown_text(skeleton, number, waiting=1))
    assert (shown_texts.lost, shown_texts.waiting) == (1, 2)
    assert shown_texts.near(shape("goal")) is None
    shown_texts.add(shown_text("save", 9))
    assert (shown_texts.lost, shown_texts.waiting) == (2, 1)
    shown_texts.forget(100)
    assert shown_texts._by_gram == {}
