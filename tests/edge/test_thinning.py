from __future__ import annotations

from itertools import accumulate

from grandstand.edge.thinning import Thinning
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.examples import TIMES

weights = some.lists(some.integers(0, 100).map(lambda tenths: tenths / 10), max_size=40)


@settings(max_examples=20 * TIMES)
@given(batches=some.lists(weights, max_size=8))
def test_with_a_share_of_one_nobody_is_refused(batches: list[list[float]]) -> None:
    thinning = Thinning()
    assert [thinning.refused(each, 1.0) for each in batches] == [[] for _ in batches]


@settings(max_examples=60 * TIMES)
@given(batches=some.lists(weights, max_size=8), share=some.floats(0.001, 1))
def test_the_best_stay_and_of_equal_ones_the_first(
    batches: list[list[float]], share: float
) -> None:
    thinning = Thinning()
    for batch in batches:
        refused = set(thinning.refused(batch, share))
        for place, weight in enumerate(batch):
            for other in refused:
                if place not in refused:
                    assert weight > batch[other] or (weight == batch[other] and place < other)


@settings(max_examples=60 * TIMES)
@given(batches=some.lists(weights, max_size=20), share=some.floats(0.001, 1))
def test_all_batches_together_keep_the_share_to_within_one(
    batches: list[list[float]], share: float
) -> None:
    """So an edge with few comments keeps as much of them as one with many."""
    thinning = Thinning()
    kept = [len(batch) - len(thinning.refused(batch, share)) for batch in batches]
    for of, together in zip(accumulate(map(len, batches)), accumulate(kept), strict=True):
        assert -1e-6 <= share * of - together <= 1 + 1e-6


def test_one_at_a_time_is_refused_as_often_as_many() -> None:
    thinning = Thinning()
    assert [len(thinning.refused([5.0], 0.25)) for _ in range(8)] == [1, 1, 1, 0] * 2
