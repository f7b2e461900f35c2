from __future__ import annotations

import heapq

import pytest
from grandstand.domain.limits import Bucket, Buckets, Rate, SpacedBucket, Window
from hypothesis import given
from hypothesis import strategies as st

rates = st.builds(Rate, st.integers(1, 5_000), st.integers(1, 5))
steps_ms = st.lists(st.integers(0, 6_000), min_size=1, max_size=60)


def tokens_left(taken_ms: list[int], now_ms: int, rate: Rate) -> float:
    """A full bucket that drips, told from its whole past: the slow way."""
    tokens, last_ms = float(rate.burst), 0
    for each_ms in taken_ms:
        tokens = min(rate.burst, tokens + (each_ms - last_ms) / rate.interval_ms) - 1
        last_ms = each_ms
    return min(rate.burst, tokens + (now_ms - last_ms) / rate.interval_ms)


@given(rates, steps_ms)
def test_a_bucket_lets_through_what_a_dripping_one_would(rate: Rate, steps: list[int]) -> None:
    bucket, now_ms, taken_ms = Bucket(), 1_000_000, [0][:0]
    for step_ms in steps:
        now_ms += step_ms
        tokens = tokens_left(taken_ms, now_ms, rate)
        wait_ms = bucket.take(now_ms, rate)
        if abs(tokens - 1) > 1e-6:
            assert (wait_ms == 0) == (tokens >= 1)
        if wait_ms == 0:
            taken_ms.append(now_ms)
        else:
            assert abs(wait_ms - (1 - tokens) * rate.interval_ms) < 0.01


@given(rates, steps_ms)
def test_after_the_wait_that_was_told_there_is_one(rate: Rate, steps: list[int]) -> None:
    bucket, now_ms = Bucket(), 0
    for step_ms in steps:
        now_ms += step_ms
        wait_ms = bucket.take(now_ms, rate)
        if wait_ms:
            arrival_ms = bucket.arrival_ms
            assert bucket.take(now_ms + wait_ms - 1, rate) > 0
            assert bucket.arrival_ms == arrival_ms
            assert bucket.take(now_ms + wait_ms, rate) == 0
            now_ms += int(wait_ms)


def test_keys_have_buckets_of_their_own() -> None:
    buckets = Buckets(Rate(1_000, 1))
    assert buckets.take("ada", 0) == 0
    assert buckets.take("bo", 0) == 0
    assert buckets.take("ada", 400) == 600


def test_of_too_many_keys_the_longest_unused_is_forgotten() -> None:
    buckets = Buckets(Rate(1_000, 1), capacity=2)
    for key in ("ada", "bo", "ada", "cy"):
        buckets.take(key, 0)
    assert buckets.take("ada", 0) > 0
    assert buckets.take("bo", 0) == 0


@given(steps_ms)
def test_a_window_counts_what_lies_in_its_span(steps: list[int]) -> None:
    window, now_ms, added_ms = Window(10_000), 0, [0][:0]
    for step_ms in steps:
        now_ms += step_ms
        added_ms.append(now_ms)
        assert window.add(now_ms) == sum(now_ms - each_ms < 10_000 for each_ms in added_ms)


@given(rates, steps_ms)
def test_a_queue_lets_as_many_in_as_a_bucket_would(rate: Rate, steps: list[int]) -> None:
    queue, bucket, now_ms = SpacedBucket(), Bucket(), 0
    for step_ms in steps:
        now_ms += step_ms
        assert (queue.take(now_ms, rate) == 0) == (bucket.take(now_ms, rate) == 0)


@pytest.mark.parametrize("window", [1, 4, 16])
def test_who_comes_again_when_it_is_told_to_is_let_in_however_much_it_has_on_its_way(
    window: int,
) -> None:
    """Told the same, four would ask 80 times for 20 messages."""
    queue, rate, asked, admitted = SpacedBucket(), Rate(50, 60), 0, 0
    due_ms = [0.0] * window
    while (now_ms := heapq.heappop(due_ms)) < 60_000:
        asked += 1
        wait_ms = queue.take(now_ms, rate)
        admitted += not wait_ms
        heapq.heappush(due_ms, now_ms + (wait_ms or 5))
    assert abs(admitted - (60 + 60_000 / 50)) <= 2
    assert asked < 2.2 * admitted
