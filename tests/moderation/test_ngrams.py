from __future__ import annotations

import numpy as np
import pytest
from grandstand.moderation.ngrams import COLUMNS, LONGEST, MAX_CHARS, ROWS, features
from hypothesis import given
from hypothesis import strategies as st

WORD, PAIR, BONES = range(LONGEST, COLUMNS)


def _of(skeletons: list[str], index: int = 0) -> list[list[int]]:
    found = features(skeletons)
    rows: list[list[int]] = found.ids[found.owners == index].tolist()
    return rows


def _column(text: str, column: int) -> set[int]:
    return {row[column] for row in _of([text])} - {0}


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_a_text_has_the_same_features_in_any_batch(skeletons: list[str]) -> None:
    for index, bones in enumerate(skeletons):
        assert _of(skeletons, index) == _of([bones])


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_ids_are_rows_of_the_table_and_counts_count_them(skeletons: list[str]) -> None:
    found = features(skeletons)
    assert found.ids.shape == (len(found.owners), COLUMNS)
    assert found.ids.min() >= 0
    assert found.ids.max() < ROWS
    parts = [found.ids[found.owners == index] for index in range(len(skeletons))]
    assert [max(1, int((part > 0).sum())) for part in parts] == found.counts.tolist()


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_a_gap_of_nothing_stands_after_each_text(skeletons: list[str]) -> None:
    found = features(skeletons)
    gaps = np.flatnonzero(found.owners == len(skeletons))
    assert len(gaps) == len(skeletons)
    assert not found.ids[gaps].any()
    assert [found.owners[gap - 1] for gap in gaps] == list(range(len(skeletons)))


def test_what_is_known_of_a_length_is_not_for_writing() -> None:
    with pytest.raises(ValueError, match="read-only"):
        features(["goal"]).owners[0] = 7


def test_a_word_has_one_feature_wherever_it_stands() -> None:
    assert _column("goalkeeper", WORD) <= _column("what a goalkeeper", WORD)


def test_word_pairs_do_not_reach_into_the_next_text() -> None:
    pairs = [row[PAIR] for text in (0, 1) for row in _of(["well", "done"], text)]
    assert pairs == [0] * len(pairs)
    assert _column("well done", PAIR)


def test_marks_inside_a_word_and_the_digits_of_a_number_make_no_other_word() -> None:
    assert _column("id.iot", WORD) == _column("id-io't", WORD) == _column("idiot", WORD)
    assert _column("07123", WORD) == _column("98765", WORD) != _column("0712", WORD)


def test_letters_swapped_or_doubled_leave_a_words_bones() -> None:
    bones = _column("stupid", BONES)
    assert bones
    assert (
        _column("stuupid", BONES) == _column("sutpid", BONES) == _column("st.upid", BONES) == bones
    )
    assert _column("stupor", BONES) != bones


def test_chinese_of_one_sound_has_the_same_syllables() -> None:
    spoken = [
        _column(text, WORD) | _column(text, PAIR) for text in ("你是傻逼", "你是沙比", "你是shabi")
    ]
    assert spoken[0] == spoken[1] == spoken[2]
    assert _column("你是天使", PAIR) != _column("你是傻逼", PAIR)


def test_syllables_do_not_reach_into_the_next_text() -> None:
    assert [row[PAIR] for row in _of(["傻", "逼"])] == [0] * 3


def test_endless_texts_are_cut() -> None:
    found = features(["a" * 10_000_000])
    assert (found.owners == 0).sum() == MAX_CHARS + 2
