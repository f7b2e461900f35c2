from __future__ import annotations

import numpy as np
import pytest
from grandstand.crowd.last_show import PAUSE, last_show, part
from grandstand.crowd.show import Item, Show

BEGIN = 28_000_000


def week(*viewers: float) -> Show:
    items = [Item(BEGIN + each) for each in range(0, len(viewers), 2)]
    return Show(BEGIN, np.array(viewers), np.arange(len(viewers), dtype=float), items)


@pytest.mark.parametrize("nobody", [0.0, np.nan])
def test_it_begins_after_the_last_pause_and_ends_with_its_last_viewer(nobody: float) -> None:
    pause = [nobody] * PAUSE
    show = last_show(week(5, 6, *pause, 1, 2, nobody, 3, 0, np.nan, 0))
    assert show.begin == BEGIN + 2 + PAUSE
    np.testing.assert_array_equal(show.viewers, [1, 2, nobody, 3])
    np.testing.assert_array_equal(show.comments, np.arange(4) + PAUSE + 2)
    assert [item.start - show.begin for item in show.items] == [0, 2]


def test_a_shorter_pause_is_a_part_of_the_show() -> None:
    show = week(5, *[0.0] * (PAUSE - 1), 6)
    np.testing.assert_array_equal(last_show(show).viewers, show.viewers)


def test_without_viewers_it_is_what_there_is() -> None:
    assert not len(last_show(week()).viewers)
    assert len(last_show(week(0, np.nan)).viewers) == 2


@pytest.mark.parametrize(
    ("first", "end", "left"),
    [(0, 1e18, 4), (BEGIN + 1, BEGIN + 3, 2), (BEGIN + 9, 1e18, 0), (0, BEGIN - 5, 0)],
)
def test_a_part_may_lie_beside_what_there_is(first: float, end: float, left: int) -> None:
    assert len(part(week(1, 2, 3, 4), first, end).viewers) == left
