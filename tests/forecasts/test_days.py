"""Days in lines of input."""

from __future__ import annotations

import pytest
from grandstand.forecasts.days import day


def test_a_day_is_in_iso_form() -> None:
    assert day("2024-06-14") == day("20240614") == "2024-06-14"


@pytest.mark.parametrize("text", ["14/06/2024", "2024-06-31", "today", ""])
def test_anything_else_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="isn't a day like 2024-06-14"):
        day(text)
