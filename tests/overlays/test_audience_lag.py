"""How far behind live an audience is."""

from __future__ import annotations

import random

import msgspec
from grandstand.overlays.audience_lag import HALVED_AT, AudienceLag


def test_it_is_what_half_of_them_are_at_most() -> None:
    lag = AudienceLag()
    assert lag.ms == 0
    chance = random.Random(1)
    for _ in range(500):
        lag.add(chance.uniform(3_000, 30_000))
    assert abs(lag.ms - 16_500) < 2_000


def test_it_follows_an_audience_that_moves_and_stays_small() -> None:
    lag = AudienceLag()
    for lag_ms in [25_000.0] * 5 * HALVED_AT + [4_000.0] * 2 * HALVED_AT:
        lag.add(lag_ms)
    assert abs(lag.ms - 4_000) < 300
    assert lag.count < HALVED_AT
    assert sum(lag.bins.values()) == lag.count


def test_another_goes_on_with_it() -> None:
    lag = AudienceLag()
    for lag_ms in (1_000, 9_000, 9_100):
        lag.add(lag_ms)
    other = msgspec.msgpack.decode(msgspec.msgpack.encode(lag), type=AudienceLag)
    assert (other, other.ms) == (lag, lag.ms)
