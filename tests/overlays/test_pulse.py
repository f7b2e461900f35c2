from __future__ import annotations

from grandstand.overlays.pulse import PEOPLE_SPAN_S, RATE_SPAN_S, PulseMeter
from grandstand.wire.gauges import Pulse
from hypothesis import given
from hypothesis import strategies as st

comments = st.lists(
    st.tuples(st.integers(0, 3_000), st.integers(0, 4), st.floats(-1, 1), st.floats(0, 1)),
    max_size=60,
)


@given(comments, st.integers(0, 15_000))
def test_the_pulse_is_that_of_the_last_whole_seconds(
    steps: list[tuple[int, int, float, float]], later_ms: int
) -> None:
    meter, now_ms, told = PulseMeter(), 1_000_000, []
    for step_ms, user, mood, excitement in steps:
        now_ms += step_ms
        meter.comment(now_ms, str(user), mood, excitement)
        told.append((now_ms // 1000, user, mood, excitement))
    now_s = (now_ms + later_ms) // 1000
    whole = [each for each in told if now_s - PEOPLE_SPAN_S <= each[0] < now_s]
    recent = [each for each in whole if each[0] >= now_s - RATE_SPAN_S]
    pulse = meter.read(now_ms + later_ms)
    assert pulse.comments_per_second == round(len(recent) / RATE_SPAN_S, 1)
    assert pulse.people == len({each[1] for each in whole})
    if whole:
        assert abs(pulse.mood - sum(each[2] for each in whole) / len(whole)) <= 0.0051
        assert abs(pulse.excitement - sum(each[3] for each in whole) / len(whole)) <= 0.0051


def test_a_silent_room_has_a_pulse_of_nothing() -> None:
    assert PulseMeter().read(5_000) == Pulse(0.0, 0, 0.0, 0.0)


def test_a_long_show_is_forgotten_second_by_second() -> None:
    meter = PulseMeter()
    for second in range(1_000):
        meter.comment(second * 1000, "ada", 0.0, 0.0)
    assert len(meter._seconds) == PEOPLE_SPAN_S + 1
