"""The simulation counts what it says, and treats both policies alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from grandstand.crowd.history import History
from grandstand.crowd.show import Floats

from loadtest.crowd_simulation.__main__ import Row, Spread, same_hours, table
from loadtest.crowd_simulation.audience import PEAK, STEP_S, Audience, audience, editions
from loadtest.crowd_simulation.entrance import LATE_S, RETRY_S, TRIES, Line, Outcome, Refused
from loadtest.crowd_simulation.policies import KEEP_S, SEATS, Policy, Pool, run
from tests.crowd.shows import BEGIN, show, weights

MINUTE = 60 // STEP_S


def rush(minutes: int = 60, foreseen: bool = True) -> Audience:
    """4,000 viewers, to whom 3,000 come within five minutes, half an hour after the start."""
    arrivals = np.zeros(minutes * MINUTE)
    arrivals[30 * MINUTE : 35 * MINUTE] = 3000 / (5 * MINUTE)
    present = 4000 + np.cumsum(arrivals)
    ahead: dict[int, Floats] = {}
    for by in (5, 15):
        later = present[np.minimum(np.arange(len(present)) + by * MINUTE, len(present) - 1)]
        ahead[by] = (later if foreseen else present)[::MINUTE]
    return Audience(4000.0, arrivals, np.zeros(len(arrivals)), present, ahead)


def test_who_foresees_a_rush_has_seats_for_it_and_thresholds_have_them_late() -> None:
    policies = [Policy(by, 0.9, True, 120) for by in ("thresholds", "forecast")]
    late, ready = [run(rush(), each) for each in policies]
    assert late.short_s > 0
    assert late.waited > 0
    assert (ready.short_s, ready.waited, ready.gave_up) == (0, 0, 0)
    assert ready.hours > late.hours


def test_a_forecast_of_what_is_there_is_a_threshold() -> None:
    people = rush(foreseen=False)
    assert run(people, Policy("thresholds", 0.8, False, 300)) == run(
        people, Policy("forecast", 0.8, False, 300)
    )


@pytest.mark.parametrize("kind", [Refused, Line])
def test_everybody_who_asks_comes_in_gives_up_or_is_still_outside(
    kind: type[Refused] | type[Line],
) -> None:
    found = Outcome()
    outside, came, entered = kind(found), 0.0, 0.0
    for step in range(60):
        arrivals = 10.0 if step < 40 else 0.0
        came += arrivals
        entered += outside.let_in(step * STEP_S, arrivals, free=float(step % 7))
    assert came == pytest.approx(entered + found.gave_up + outside.count)
    assert found.waited > 0


def test_those_who_are_refused_try_so_many_times_and_give_up() -> None:
    found = Outcome()
    outside = Refused(found)
    for step in range(20):
        outside.let_in(step * STEP_S, 8.0 if step == 0 else 0.0, free=0)
    assert (found.refused, found.gave_up) == (8 * TRIES, 8)


def test_who_waits_longest_comes_in_first_and_is_counted_as_late() -> None:
    found = Outcome()
    line = Line(found)
    line.let_in(0, 10, free=0)
    assert line.let_in(LATE_S + STEP_S, 10, free=9) == 9
    assert found.waited == 9
    assert RETRY_S <= LATE_S


def test_processes_are_ready_after_a_time_and_go_after_half_an_hour_of_less() -> None:
    pool = Pool(1, ready_s=120)
    pool.ask(0, 3)
    pool.step(115)
    assert pool.ready == 1
    pool.step(120)
    assert pool.ready == 3
    for now_s in range(120, 120 + KEEP_S + 15, 15):
        pool.ask(now_s, 1)
    assert pool.ready == 2


def test_an_audience_follows_its_curve() -> None:
    counts = 1000 + 500 * np.sin(np.arange(200) / 30)
    made = audience(show(np.rint(counts)), History.of([]), weights(), seed=1)
    wanted = np.rint(counts) * PEAK / np.rint(counts).max()
    assert made.present[100 * MINUTE] == pytest.approx(wanted[100], rel=0.02)
    again = audience(show(np.rint(counts)), History.of([]), weights(), seed=2)
    assert (made.arrivals != again.arrivals).any()
    assert SEATS < PEAK


def test_each_edition_of_after_the_training_has_those_before_it(tmp_path: Path) -> None:
    for name, begin in (("a2019", BEGIN), ("b2020", BEGIN + 100), ("c2021", BEGIN + 200)):
        rows = [f"{(begin + minute) * 60},5,1" for minute in range(3)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["t,viewers,chats", *rows]))
    (tmp_path / "b2020.rundown.csv").write_text(f"start,name\n{(BEGIN + 101) * 60},Final\n")
    found = editions(tmp_path)
    assert [(name, len(past)) for name, _, past in found] == [("b2020", 1), ("c2021", 2)]
    assert found[0][1].items[0].title == "Final"


def test_a_forecast_is_laid_beside_thresholds_of_the_same_hours() -> None:
    def row(by: str, of: float, hours: float, short: float) -> Row:
        figures = dict.fromkeys(("refused", "gave_up", "waited"), Spread(0, 0, 0))
        figures |= {"hours": Spread(hours, 0, 0), "short_s": Spread(short, 0, 0)}
        return Row("x", Policy(by, of, False, 120), figures)

    rows = [row("thresholds", 0.8, 100, 20), row("thresholds", 0.9, 80, 60)]
    forecast = row("forecast", 0.9, 90, 5)
    assert same_hours(forecast, [*rows, forecast])["short_s"] == 40
    printed = table([*rows, forecast])
    assert "| thresholds for the same hours | 90 | 40 |" in printed
    assert "| forecast, 90% of the seats | 90 | 5 |" in printed
