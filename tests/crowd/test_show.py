from __future__ import annotations

import numpy as np
from grandstand.crowd.show import Item, Show

NOTHING = np.zeros(0)


def test_a_show_starts_and_ends_with_its_run_down() -> None:
    show = Show(100, np.ones(90), np.ones(90), [Item(150), Item(110, 115)])
    assert show.start == 110
    assert show.length == 41


def test_without_one_it_starts_with_its_first_viewers_and_ends_with_its_curve() -> None:
    viewers = np.array([np.nan, np.nan, 3.0, np.nan])
    show = Show(100, viewers, viewers)
    assert show.start == 102
    assert show.length == 2


def test_nothing_is_a_show_of_no_length() -> None:
    assert Show(100, NOTHING, NOTHING).start == 100
    assert Show(100, NOTHING, NOTHING).length == 0
