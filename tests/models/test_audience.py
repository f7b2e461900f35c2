"""What trains and tries the audience's forecasts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from grandstand.crowd.features import COUNT
from grandstand.crowd.weights import AHEAD

from models.audience.measures import bootstrap, scored
from models.audience.sets import Edition, editions
from models.audience.thinned import thinned
from models.audience.train import fitted, trained
from tests.crowd.shows import BEGIN, audience, run_down, show

MINUTES = 900


def edition(seed: int) -> Edition:
    said = np.random.default_rng(seed).poisson(40, MINUTES).astype(float)
    one = show(audience(MINUTES, seed=seed), run_down(MINUTES), said)
    return Edition(str(seed), one, slice(0, MINUTES))


def test_the_fit_heeds_the_most_and_not_the_farthest() -> None:
    chance = np.random.default_rng(1)
    seen = chance.normal(size=(400, 2))
    came = seen @ [0.5, -0.2]
    came[::10] += 50
    np.testing.assert_allclose(fitted(seen, came), [0.5, -0.2], atol=0.01)


def test_breaks_are_learnt_where_the_audience_leaves() -> None:
    weights = trained([edition(1), edition(2)])
    fifteen = weights.viewers.with_past[15]
    assert len(fifteen.weights) == COUNT
    assert min(fifteen.weights[-8:]) < -0.02
    assert all(each.below > 0 and each.above > 0 for each in weights.comments.alone.values())
    assert set(weights.viewers.alone) == set(AHEAD)


def test_editions_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    for name, begin in (("b", 0), ("a", 6000)):
        rows = "".join(f"{begin + 60 * at},{100 + at},1\n" for at in range(20))
        (tmp_path / f"{name}.csv").write_text(f"t,viewers,chats\n{rows}")
        (tmp_path / f"{name}.rundown.csv").write_text(f"start,duration_s\n{begin + 300},300\n")
    first, second = editions(tmp_path)
    assert (first.name, second.name) == ("b", "a")
    truth = first.truth(comments=False)
    assert np.isnan(truth[:5]).all()
    assert truth[5] == 105
    assert np.isfinite(truth).sum() == 6


def test_losses_and_coverage_are_counted() -> None:
    quantiles = np.array([[8.0, 10.0, 12.0], [8.0, 10.0, 12.0]])
    got = scored(quantiles, np.array([10.0, 20.0]))
    assert got.mape() == pytest.approx(25)
    assert got.coverage() == 0.5
    losses = (0.2 + 0 + 0.2) / 3, (1.2 + 5 + 7.2) / 3
    assert got.loss() == pytest.approx(100 * sum(losses) / 2 / 15)


def test_an_interval_is_about_its_measure() -> None:
    values = np.random.default_rng(1).normal(5, 1, 7200)
    middle, low, high = bootstrap(lambda drawn: float(values[drawn].mean()), len(values))
    assert low < middle < high
    assert high - low < 0.2


def test_a_thinned_show_keeps_its_shape() -> None:
    large = edition(3)
    people = thinned(large, 300).show.viewers
    assert np.median(people) == pytest.approx(300, rel=0.1)
    assert np.corrcoef(people, large.show.viewers)[0, 1] > 0.4
    assert large.show.begin == BEGIN
