from __future__ import annotations

import numpy as np
from grandstand.crowd.features import BLOCKS, COUNT, MOST, Curve, Past, features
from grandstand.crowd.history import PastCurve
from grandstand.crowd.programme import RAMPS, states

from tests.crowd.shows import BEGIN, audience, run_down

NOTHING = np.zeros((400, RAMPS + 1))


def test_what_is_not_known_is_zero() -> None:
    found = features(Curve.of(audience(300), MOST), [], NOTHING, 60)
    assert found.shape == (300, COUNT)
    assert found[:, 0].any()
    assert not found[:, sum(BLOCKS) - 2 :].any()
    assert not features(Curve.of(np.full(300, np.nan), MOST), [], NOTHING, 60).any()


def test_features_are_ratios() -> None:
    past = [Past(PastCurve.of(audience(500, 700)), 0)]
    one = features(Curve.of(audience(300, 1e6), MOST), past, NOTHING, 30)
    two = features(Curve.of(audience(300, 1e6) * 10, MOST), past, NOTHING, 30)
    np.testing.assert_allclose(one, two, atol=1e-4)


def test_a_past_show_says_how_it_went_on() -> None:
    rise = 1000 * np.exp(np.arange(500) / 300)
    found = features(Curve.of(audience(300), MOST), [Past(PastCurve.of(rise), 100)], NOTHING, 60)
    shows = found[150, BLOCKS[0] + 1]
    np.testing.assert_allclose(shows, 60 / 300 / 2, rtol=0.1)  # halved, for it is but one


def test_no_jump_is_seen_as_more_than_a_double() -> None:
    counts = audience(300)
    counts[200:] *= 50
    found = features(Curve.of(counts, MOST), [Past(PastCurve.of(counts), 0)], NOTHING, 15)
    assert np.abs(found).max() <= MOST


def test_a_count_that_comes_late_is_told_of_breaks_late() -> None:
    plain = audience(300)
    held = np.repeat(plain[::8], 8)[:300]
    seen = states(run_down(400), BEGIN, 400, {})
    prompt, late = (
        features(Curve.of(each, MOST), [], seen, 5)[:, -RAMPS - 1] for each in (plain, held)
    )
    first_prompt, first_late = (int(np.argmax(each[200:] > 0.3)) for each in (prompt, late))
    assert np.abs(late[200:]).max() < np.abs(prompt[200:]).max()
    assert first_late >= first_prompt
