from __future__ import annotations

import numpy as np
from grandstand.moderation.ngrams import COLUMNS, MAX_CHARS, features
from hypothesis import given
from hypothesis import strategies as st

ROWS = 1 << 12


def _of(skeletons: list[str], index: int) -> list[list[int]]:
    found = features(skeletons, ROWS)
    first = found.ends[index - 1] if index else 0
    rows: list[list[int]] = found.ids[first : found.ends[index]].tolist()
    return rows


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_a_text_has_the_same_features_in_any_batch(skeletons: list[str]) -> None:
    for index, bones in enumerate(skeletons):
        assert _of(skeletons, index) == _of([bones], 0)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_ids_are_rows_of_the_table_and_counts_count_them(skeletons: list[str]) -> None:
    found = features(skeletons, ROWS)
    assert found.ids.shape == (found.ends[-1], COLUMNS)
    assert found.ids.min() >= 0
    assert found.ids.max() < ROWS
    parts = np.split(found.ids, found.ends[:-1])
    assert [max(1, int((part > 0).sum())) for part in parts] == found.counts.tolist()


def test_a_word_has_one_feature_wherever_it_stands() -> None:
    alone = _of(["goalkeeper"], 0)[10][5]
    later = _of(["what a goalkeeper", "x"], 0)
    assert alone in [row[5] for row in later]
    assert alone != 0


def test_word_pairs_do_not_reach_into_the_next_text() -> None:
    pairs = [row[6] for text in (0, 1) for row in _of(["well", "done"], text)]
    assert pairs == [0] * len(pairs)
    assert any(row[6] for row in _of(["well done"], 0))


def test_endless_texts_are_cut() -> None:
    assert features(["a" * 10_000_000], ROWS).ends[-1] == MAX_CHARS + 2
