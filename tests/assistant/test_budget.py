from __future__ import annotations

import pytest
from grandstand.assistant.budget import Budget, Limits
from grandstand.store.keys import SHOW_S


def test_without_limits_everything_is_let_pass_and_counted() -> None:
    budget = Budget(Limits())
    assert budget.take(10**9, 0)
    assert budget.spent == 10**9


def test_a_minute_refills_steadily() -> None:
    budget = Budget(Limits(minute=600))
    assert budget.take(600, 0)
    assert not budget.take(1, 0)
    assert budget.take(100, 10)
    assert not budget.take(1, 10)
    assert not budget.take(1, 5)  # a clock that goes back gives nothing
    assert budget.take(600, 1000)
    assert not budget.take(1, 1000)


def test_a_show_has_a_sum_that_takeovers_keep() -> None:
    budget = Budget(Limits(show=100))
    budget.spent_elsewhere(90, 0)
    assert not budget.take(11, 0)
    assert budget.take(10, 0)
    budget.spent_elsewhere(50, 1)
    assert budget.spent == 100


def test_the_next_show_begins_with_its_own_sum() -> None:
    budget = Budget(Limits(show=100))
    assert budget.take(100, 0)
    budget.spent_elsewhere(0, SHOW_S - 1)
    assert not budget.take(1, SHOW_S - 1)
    budget.spent_elsewhere(0, SHOW_S)
    assert budget.take(100, SHOW_S)
    budget.spent_elsewhere(30, 3 * SHOW_S)  # another process sends in a show of today
    assert budget.spent == 30


def test_characters_have_a_price() -> None:
    assert Limits(price=20).cost(50_000) == pytest.approx(1.0)
