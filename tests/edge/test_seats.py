"""How many seats are taken, and what is advised by it."""

from __future__ import annotations

import pytest
from grandstand.edge.crowd_control import together
from grandstand.edge.house import advice
from grandstand.store.crowds import Forecast
from grandstand.store.houses import House
from grandstand.wire.gauges import Crowd, Expected

CALM = Forecast(0, 90, Crowd([Expected(300, 80, 90, 100)], []))


@pytest.mark.parametrize(
    ("here", "forecasts", "codes"),
    [
        (30, [CALM], {"seats_ample"}),
        (900, [CALM], set()),
        (1000, [CALM], {"house_full", "seats_short"}),
        (1000, [], {"house_full"}),
        (30, [], set()),
    ],
)
def test_viewers_of_rooms_without_a_forecast_take_seats_too(
    here: int, forecasts: list[Forecast], codes: set[str]
) -> None:
    houses = [House(0, 1000, here, 0, 500, [], [])] * 3
    assert advice(together(houses, forecasts)).keys() == codes
