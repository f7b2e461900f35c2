from __future__ import annotations

import pytest
from grandstand.sequencer.caution import ALL, SMALL, Caution
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(("lost", "size"), [(0, ALL), (1, SMALL), (2, 1), (9, 1)])
def test_each_loss_makes_the_pieces_smaller(lost: int, size: int) -> None:
    assert Caution.after(lost).size == size


def test_it_ends_with_the_backlog_or_behind_what_one_read_was() -> None:
    one = Caution.after(1)
    one.committed(SMALL - 1, more=True)
    assert one.is_cautious
    one.committed(SMALL, more=False)
    assert not one.is_cautious
    other = Caution.after(2)
    sizes = []
    while other.is_cautious:
        sizes.append(other.size)
        other.committed(other.size, more=True)
    assert sizes == [1] * SMALL + [SMALL] * ((ALL - SMALL) // SMALL)


def test_what_fails_is_tried_in_small_pieces_and_then_singly() -> None:
    caution = Caution()
    sizes = []
    for _ in range(2):
        caution.failed()
        sizes.append(caution.size)
    assert sizes == [SMALL, 1]


@given(st.lists(st.none() | st.integers(0, ALL)))
def test_pieces_have_three_sizes_and_never_fail_to_end(counts: list[int | None]) -> None:
    caution = Caution.after(2)
    for count in counts:
        if count is None:
            caution.failed()
        else:
            caution.committed(min(count, caution.size), more=count >= caution.size)
        assert caution.size in (1, SMALL, ALL)
    for _ in range(SMALL + ALL // SMALL):
        caution.committed(caution.size, more=True)
    assert not caution.is_cautious
