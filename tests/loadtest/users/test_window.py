from loadtest.seats.counts import Totals
from loadtest.users.window import Window


def test_a_window_tells_what_came_since_it_began() -> None:
    window = Window.begun(Totals(frames=10, receives=5, bytes_received=100))
    told = window.figures(Totals(frames=30, receives=15, bytes_received=400))
    assert (told["frames"], told["receives"], told["bytes"]) == (20, 10, 300)
    assert told["cpu_us_per_receive"] >= 0


def test_without_a_receive_none_had_a_cost() -> None:
    assert Window.begun(Totals()).figures(Totals())["cpu_us_per_receive"] is None
