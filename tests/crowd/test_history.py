from __future__ import annotations

import numpy as np
from grandstand.crowd.history import SHOWS_MAX, History, PastCurve, cleaned

from tests.crowd.shows import audience, run_down, show


def test_the_last_shows_are_kept_clean() -> None:
    counts = audience(300)
    counts[100:103] = 2
    history = History.of([show(counts * size, run_down(300)) for size in range(1, SHOWS_MAX + 3)])
    assert len(history.shows) == SHOWS_MAX
    assert history.shows[-1].viewers.middle > history.shows[0].viewers.middle
    assert np.isnan(history.shows[0].show.viewers[100:103]).all()
    assert set(history.appeal) == {"part", "0", "75", "150", "225"}


def test_no_shows_are_a_history_too() -> None:
    assert History.of([]).shows == ()
    assert History.of([]).appeal == {}


def test_a_curve_that_was_never_counted_has_no_level() -> None:
    assert PastCurve.of(np.full(9, np.nan)).middle == 0


def test_comments_have_no_outages_but_must_be_possible() -> None:
    said = np.array([50.0] * 40 + [0.0, -1.0, np.inf])
    found = cleaned(show(audience(43), comments=said)).comments
    np.testing.assert_array_equal(found, [*said[:41], np.nan, np.nan])
