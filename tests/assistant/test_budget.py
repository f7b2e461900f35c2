from __future__ import annotations

import pytest
from grandstand.assistant.budget import Budget, Limits


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
    budget.spent_elsewhere(90)
    assert not budget.take(11, 0)
    assert budget.take(10, 0)
    budget.spent_elsewhere(50)
    assert budget.spent == 100


def test_characters_have_a_price() -> None:
    assert Limits(price=20).cost(50_000) == pytest.approx(1.0)
