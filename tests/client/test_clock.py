"""The programme clock, from round trips and from what messages say."""

from __future__ import annotations

from grandstand.client.clock import KEPT, ProgrammeClock

AHEAD_MS = 1_790_000_000_000


def trip(clock: ProgrammeClock, sent_s: float, there_s: float, back_s: float, ahead: int) -> None:
    stamped = round((sent_s + there_s) * 1000) + ahead
    clock.answered(sent_s, sent_s + there_s + back_s, stamped)


def test_before_anything_told_the_time_there_is_none() -> None:
    assert ProgrammeClock().read(100) == 0


def test_the_quickest_message_bounds_it() -> None:
    clock = ProgrammeClock()
    for late_ms in (80, 20, 50):
        clock.heard(10, AHEAD_MS + 10_000 - late_ms)
    assert clock.read(11) == AHEAD_MS + 11_000 - 20


def test_a_frame_that_is_replayed_does_not_set_it_back() -> None:
    clock = ProgrammeClock()
    clock.heard(10, AHEAD_MS + 10_000)
    clock.heard(11, AHEAD_MS + 4_000)
    assert clock.read(12) == AHEAD_MS + 12_000


def test_the_shortest_round_trip_wins() -> None:
    clock = ProgrammeClock()
    trip(clock, 1, 0.3, 0.1, AHEAD_MS)
    trip(clock, 2, 0.01, 0.01, AHEAD_MS)
    trip(clock, 3, 0.1, 0.4, AHEAD_MS)
    assert clock.read(4) == AHEAD_MS + 4000


def test_it_is_forgotten_after_a_while() -> None:
    clock = ProgrammeClock()
    trip(clock, 1, 0.01, 0.01, AHEAD_MS)
    for number in range(KEPT):
        trip(clock, 2 + number, 0.1, 0.3, AHEAD_MS)
    assert clock.read(20) == AHEAD_MS + 20_000 - 100


def test_what_contradicts_it_replaces_it() -> None:
    clock = ProgrammeClock()
    trip(clock, 1, 0.01, 0.01, AHEAD_MS)
    trip(clock, 2, 0.01, 0.01, AHEAD_MS - 60_000)
    assert clock.read(3) == AHEAD_MS + 3000 - 60_000
    clock.heard(4, AHEAD_MS + 4000)
    assert clock.read(5) == AHEAD_MS + 5000
    trip(clock, 6, 0.5, 0.5, AHEAD_MS)
    assert clock.read(7) == AHEAD_MS + 7000


def test_what_a_message_contradicts_is_forgotten() -> None:
    clock = ProgrammeClock()
    clock.answered(1.0, 1.01, 1000)
    clock.heard(2, 2012)
    clock.answered(3.0, 3.5, 3490)
    assert clock.read(4) == 4240
