"""The curves and forecasts that are kept of rooms."""

from __future__ import annotations

import pytest
from grandstand.store import keys
from grandstand.store.crowds import FRESH_MS, Forecast
from grandstand.store.errors import RoomEndedError, RoomGoneError
from grandstand.store.store import Store
from grandstand.wire.gauges import Crowd, Expected

CROWD = Crowd([Expected(60, 1.0, 2.0, 3.0)], [])


async def test_hours_and_the_forecast_are_kept_and_old_hours_are_forgotten(store: Store) -> None:
    forecast = Forecast(1000, 7, CROWD)
    await store.rooms.create("gala", "made")
    await store.crowds.keep("gala", {0: b"nought", 1: b"one", 2: b"two"}, [], forecast)
    await store.crowds.keep("gala", {2: b"more", 3: b"three"}, [0, 1, 9], forecast)
    assert await store.crowds.hours("gala") == {2: b"more", 3: b"three"}
    assert await store.crowds.latest(["gala", "other"], 1000) == {"gala": forecast}


async def test_a_room_that_is_gone_or_deleted_keeps_nothing(store: Store) -> None:
    forecast = Forecast(1000, 7, CROWD)
    with pytest.raises(RoomGoneError):
        await store.crowds.keep("gala", {1: b"one"}, [], forecast)
    await store.rooms.create("gala", "made")
    await store.deletions.end("gala")
    with pytest.raises(RoomEndedError):
        await store.crowds.keep("gala", {1: b"one"}, [], forecast)
    assert await store.crowds.hours("gala") == {}
    assert await store.crowds.latest(["gala"], 1000) == {}


async def test_what_is_old_or_unreadable_does_not_count(store: Store) -> None:
    await store.rooms.create("old", "made")
    await store.crowds.keep("old", {}, [], Forecast(1000, 7, CROWD))
    await store.rooms._reader.ask("HSET", keys.crowd("odd"), "latest", b"\xff")
    assert await store.crowds.latest(["old", "odd"], 1001 + FRESH_MS) == {}
    assert (await store.crowds.latest(["old", "odd"], 1000 + FRESH_MS)).keys() == {"old"}
