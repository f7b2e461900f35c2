from __future__ import annotations

from collections import Counter

from grandstand.domain.latency_histogram import (
    EDGES_MS,
    GROWTH,
    LONGEST_MS,
    NARROW_MS,
    bin_of,
    merged,
    quantile_ms,
    share_up_to,
)
from hypothesis import given
from hypothesis import strategies as st

values = st.lists(st.integers(-2_000, LONGEST_MS), min_size=1, max_size=200)
shares = st.floats(0, 1)


def of(sample: list[int]) -> Counter[int]:
    return Counter(map(bin_of, sample))


def width_ms(value_ms: float) -> float:
    """The width of the bins at that value, the one before and the one behind it."""
    return max(NARROW_MS, max(value_ms, 0) * (GROWTH**2 - 1))


def test_a_bin_ends_with_its_edge() -> None:
    assert [bin_of(value) for value in (-1, 0, 1, 100, 101)] == [0, 0, 1, 1, 2]
    assert bin_of(LONGEST_MS) == len(EDGES_MS) - 1
    assert bin_of(LONGEST_MS + 1) == len(EDGES_MS)
    assert list(EDGES_MS) == sorted(set(EDGES_MS))
    assert len(EDGES_MS) < 140


@given(values, shares)
def test_a_quantile_is_off_by_a_bin_at_most(sample: list[int], share: float) -> None:
    ordered = sorted(sample)
    true_ms = max(0, ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))])
    neighbour_ms = max(0, ordered[min(len(ordered) - 1, round(share * len(ordered)))])
    found_ms = quantile_ms(of(sample), share)
    assert true_ms - width_ms(true_ms) <= found_ms <= neighbour_ms + width_ms(neighbour_ms)


@given(values, st.integers(-2_000, LONGEST_MS))
def test_a_share_is_between_those_of_the_bins_ends(sample: list[int], cut_ms: int) -> None:
    width = width_ms(cut_ms)
    found = share_up_to(of(sample), cut_ms)
    least = sum(max(0, value) <= cut_ms - width for value in sample) / len(sample)
    most = (
        sum(max(0, value) <= cut_ms + width for value in sample) / len(sample) if cut_ms >= 0 else 0
    )
    assert least - 1e-9 <= found <= most + 1e-9


@given(values, values, shares)
def test_merging_is_counting_together(one: list[int], other: list[int], share: float) -> None:
    both = merged([of(one), of(other)])
    assert both == of(one + other)
    low, high = sorted((quantile_ms(of(one), share), quantile_ms(of(other), share)))
    assert low - width_ms(low) <= quantile_ms(both, share) <= high + width_ms(high)


def test_of_nothing_everything_is_zero() -> None:
    assert (quantile_ms({}, 0.5), share_up_to({}, 1e9), merged([])) == (0, 0.0, {})
    assert quantile_ms({3: 0}, 0.5) == 0


def test_what_is_further_behind_than_any_bin_counts_as_the_longest() -> None:
    far = of([LONGEST_MS * 9])
    assert quantile_ms(far, 0.5) == LONGEST_MS
    assert share_up_to(far, LONGEST_MS - 1) == 0
