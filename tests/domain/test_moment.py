from __future__ import annotations

from grandstand.domain.moment import Moment
from hypothesis import given
from hypothesis import strategies as st

ticks = st.lists(
    st.tuples(st.integers(0, 5_000), st.lists(st.floats(0, 1), max_size=20)), max_size=30
)


@given(ticks)
def test_a_roar_is_between_a_hush_and_a_roar(ticks: list[tuple[int, list[float]]]) -> None:
    moment, now_ms = Moment(), 0
    for step_ms, excitements in ticks:
        now_ms += step_ms
        moment.hear(now_ms, excitements)
        assert -1 <= moment.roar <= 1
        assert moment.rate >= 0


def heard(*seconds: tuple[int, float]) -> Moment:
    """Of ten comments a second, for so many seconds so excited."""
    moment, now_ms = Moment(), 0
    for number, excitement in seconds:
        for _ in range(number):
            moment.hear(now_ms, [excitement] * 10)
            now_ms += 1_000
    return moment


def test_a_room_that_is_always_loud_does_not_roar() -> None:
    assert abs(heard((300, 0.9)).roar) < 1e-9
    assert Moment().roar == 0


def test_what_counts_is_how_far_the_last_seconds_are_from_the_minutes() -> None:
    assert heard((120, 0.3), (10, 0.8)).roar == 1
    assert heard((120, 0.8), (10, 0.3)).roar == -1
    assert 0 < heard((120, 0.3), (10, 0.4)).roar < 1


def test_a_roar_passes() -> None:
    assert heard((120, 0.3), (10, 0.8), (30, 0.3)).roar < 0.1


def test_the_rate_is_that_of_the_last_seconds_besides_the_last_comment() -> None:
    assert 9 < heard((60, 0.5)).rate < 11
    alone = Moment()
    alone.hear(0, [0.5])
    assert alone.rate == 0
    alone.hear(60_000, [0.5])
    assert alone.rate < 0.01
