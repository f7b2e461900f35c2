from __future__ import annotations

import pytest
from grandstand.domain import fair_limiter
from grandstand.domain.fair_limiter import FORGOTTEN_AT_ONCE, SPAN_MS, FairLimiter
from grandstand.domain.limits import Bucket, Rate
from hypothesis import given, settings
from hypothesis import strategies as st

LONGEST_MS = 10_000
per_s_ = st.integers(1, 200)
asks = st.lists(st.tuples(st.floats(0, 400), st.integers(0, 5)), max_size=150)


@given(per_s_, st.lists(st.floats(0, 900), max_size=150))
def test_one_address_alone_gets_what_a_bucket_for_all_would_give(
    per_s: int, steps: list[float]
) -> None:
    queue, bucket, rate, now_ms = (
        FairLimiter(per_s, LONGEST_MS),
        Bucket(),
        Rate(1000 / per_s, per_s),
        0.0,
    )
    for step_ms in steps:
        now_ms += step_ms
        assert (queue.take("ada", now_ms) == 0) == (bucket.take(now_ms, rate) == 0)


@given(per_s_, asks)
def test_all_together_get_the_rate_a_second_s_worth_at_once_and_the_reserve(
    per_s: int, steps: list[tuple[float, int]]
) -> None:
    queue, now_ms, taken_ms = FairLimiter(per_s, LONGEST_MS), 0.0, [0.0][:0]
    for step_ms, number in steps:
        now_ms += step_ms
        if queue.take(str(number), now_ms) == 0:
            taken_ms.append(now_ms)
    reserve = max(per_s / 2, 1)
    for first, begun_ms in enumerate(taken_ms):
        for last in range(first, len(taken_ms)):
            most = per_s * (1 + (taken_ms[last] - begun_ms) / 1000) + reserve
            assert last - first + 1 <= most + 1e-6


@settings(max_examples=30)
@given(st.integers(8, 200), st.floats(0.5, 5), st.data())
def test_beside_one_that_floods_all_others_are_let_in_when_they_first_ask(
    per_s: int, times: float, data: st.DataObject
) -> None:
    """As many others in a second as a quarter of the rate, at any moments of three seconds."""
    others_ms = sorted(
        1000 * second + data.draw(st.floats(0, 999))
        for second in range(3)
        for _ in range(per_s // 4)
    )
    asked = [(at_ms, f"honest{number}") for number, at_ms in enumerate(others_ms)]
    asked += [
        (number * 1000 / (per_s * times), "flood") for number in range(int(3 * per_s * times))
    ]
    queue = FairLimiter(per_s, LONGEST_MS)
    answers = [(address, queue.take(address, at_ms)) for at_ms, address in sorted(asked)]
    assert [address for address, wait_ms in answers if wait_ms and address != "flood"] == []


def test_one_that_floods_gets_all_that_the_others_leave() -> None:
    queue, let_in = FairLimiter(100, LONGEST_MS), {"flood": 0, "honest": 0}
    for ms in range(10_000):
        for address in ("flood", "honest") if ms % 50 == 0 else ("flood",):
            let_in[address] += queue.take(address, ms) == 0
    assert let_in["honest"] == 200
    assert let_in["flood"] == pytest.approx(10 * 100 + 100 - 200, abs=5)


def test_two_that_flood_have_the_same() -> None:
    queue, let_in = FairLimiter(100, LONGEST_MS), {"ada": 0, "bo": 0}
    for ms in range(10_000):
        for address in ("ada", "ada", "ada", "bo"):
            let_in[address] += queue.take(address, ms) == 0
    assert let_in["ada"] + let_in["bo"] == pytest.approx(10 * 100 + 125, abs=30)
    assert let_in["bo"] / let_in["ada"] == pytest.approx(1, abs=0.3)


def test_what_led_to_nothing_is_the_others_and_charged_to_its_address() -> None:
    queue = FairLimiter(10, LONGEST_MS)
    taken = 0
    for _ in range(30):
        if queue.take("prober", 0) == 0:
            taken += 1
            queue.give_back()
    assert taken == 10
    assert [queue.take(f"honest{number}", 0) == 0 for number in range(16)] == [True] * 15 + [False]


def test_those_of_one_address_have_a_place_each_and_the_last_place_is_before_the_first() -> None:
    queue = FairLimiter(2, longest_ms=2200)
    waits = [queue.take("ada", 0) for _ in range(8)]
    assert waits == [0, 0, 500, 1000, 1500, 2000, 500, 1000]


def test_those_refused_within_their_share_have_a_place_each_in_the_line_of_all() -> None:
    queue = FairLimiter(2, longest_ms=1200)
    waits = [queue.take(f"viewer{number}", 0) for number in range(7)]
    assert waits == [0, 0, 0, 500, 1000, 500, 1000]


def test_who_comes_back_at_its_place_is_let_in() -> None:
    queue, admitted_ms = FairLimiter(10, LONGEST_MS), [0.0][:0]
    due = [(0.0, number) for number in range(60)]
    while due:
        due.sort()
        now_ms, number = due.pop(0)
        wait_ms = queue.take(str(number), now_ms)
        if wait_ms:
            due.append((now_ms + wait_ms, number))
        else:
            admitted_ms.append(now_ms)
    assert admitted_ms == [0.0] * 15 + [pytest.approx(100 * place) for place in range(1, 46)]


def test_quiet_addresses_are_forgotten_a_few_at_a_time_and_never_more_are_kept_than_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fair_limiter, "CAPACITY", 100)
    queue = FairLimiter(1000, LONGEST_MS)
    for number in range(1000):
        queue.take(str(number), 0)
        assert len(queue) <= 100
    queue.take("late", SPAN_MS)
    assert len(queue) == 101 - FORGOTTEN_AT_ONCE
    for _ in range(20):
        queue.take("late", SPAN_MS)
    assert len(queue) == 1


def test_those_who_waited_get_the_rate_of_all_whatever_their_addresses() -> None:
    queue = FairLimiter(4, LONGEST_MS)
    assert [queue.take_any(0.0) for _ in range(5)] == [True] * 4 + [False]
    assert [queue.take_any(250.0) for _ in range(2)] == [True, False]
    assert queue.take("another", 250.0) == 0  # of the reserve
