from __future__ import annotations

from typing import Any

import pytest

from loadtest.bench import goals
from loadtest.bench.entrant import COMMENT_BYTES, VIEWERS


def server(us: float, base_us: float = 0.0) -> dict[str, Any]:
    """Measured, each viewer at ``us`` and each frame at ``base_us``."""
    return {
        "frames": [
            {
                "viewers": viewers,
                "bytes": size,
                "runs": [{"cpu_us": (us * viewers + base_us) * 5, "published": 5, "arrived": 1}],
            }
            for viewers in VIEWERS
            for size in (512, 4096, COMMENT_BYTES)
        ],
        "alone": {viewers: [{"cpu_us": (us + base_us) * 5, "published": 5}] for viewers in VIEWERS},
        "memory": {"viewers": 15000, "rss_before": 0, "rss": 15000 * 5000, "socket_slabs": None},
    }


def reached(found: dict[str, Any]) -> dict[str, bool | None]:
    return {row.found: row.reached for row in goals.rows(found)}


def test_what_a_frame_costs_however_many_get_it_is_not_what_a_viewer_costs() -> None:
    found = {"fanout": {"grandstand": server(6.0, base_us=4000.0), "floor": server(5.0)}}
    assert reached(found)["1.20 times floor, 1.20 to 1.20 by round"] is True


def test_what_a_frame_costs_in_a_room_beside_is_taken_off_by_the_write() -> None:
    ours = server(6.0, base_us=9000.0)
    for row in ours["frames"]:
        for run in row["runs"]:
            # Gauges went to all viewers once in both, together with a frame in the full room.
            run["writes"] = row["viewers"] * 5
            run["alone"] = {
                "cpu_us": 6.0 * (row["viewers"] + 5) + 9000.0 * 5,
                "published": 5,
                "writes": row["viewers"] + 5,
            }
    found = {"fanout": {"grandstand": ours, "floor": server(5.0)}}
    words = [row.found for row in goals.rows(found)]
    assert words.count("1.20 times floor, 1.20 to 1.20 by round") == 6
    assert words.count("6.00 to 6.00") == 6
    assert words.count("1.00 times, floor 1.00") == 2  # growth


@pytest.mark.parametrize(("ours", "is_reached"), [(6.2, True), (6.4, False)])
def test_a_ratio_is_judged_by_its_bound(ours: float, is_reached: bool) -> None:
    found = {"fanout": {"grandstand": server(ours), "floor": server(5.0)}}
    ratio = f"{ours / 5:.2f}"
    assert reached(found)[f"{ratio} times floor, {ratio} to {ratio} by round"] is is_reached


def test_a_slow_round_is_everyones() -> None:
    ours, floor = server(6.0), server(5.0)
    for row in (*ours["frames"], *floor["frames"]):
        quiet = row["runs"][0]
        row["runs"] += [{**quiet, "cpu_us": 2 * quiet["cpu_us"]}, quiet]
    ours["frames"][0]["runs"][2] = {**ours["frames"][0]["runs"][2], "cpu_us": 9.0 * 1000 * 5}
    found = {"fanout": {"grandstand": ours, "floor": floor}}
    assert reached(found)["1.20 times floor, 1.20 to 1.80 by round"] is True


def test_peers_that_were_not_measured_are_not_judged() -> None:
    words = goals.table({"fanout": {"grandstand": server(6.0)}})
    assert "times" not in words.replace("growth", "").splitlines()[1]
    assert "nchan" not in words


def test_a_storm_in_which_one_was_given_the_room_anew_is_missed() -> None:
    storm = {
        "cut": 10,
        "back_s": 3.0,
        "came_back_with_all": 9,
        "given_anew": 1,
        "gaps": 0,
        "those_who_stayed": {"during": [{"comment to screen": {"p99": 100.0}}], "gaps": 0},
    }
    (back, stayed) = goals.rows({"storm": storm})
    assert (back.reached, stayed.reached) == (False, True)


def test_a_storm_that_nobody_came_back_from_is_missed() -> None:
    storm = {
        "cut": 10,
        "back_s": None,
        "came_back_with_all": 0,
        "given_anew": 0,
        "gaps": 0,
        "those_who_stayed": {"during": [], "gaps": 0},
    }
    assert [row.reached for row in goals.rows({"storm": storm})] == [False, False]


@pytest.mark.parametrize(("times", "is_reached"), [(0.28, True), (0.32, False)])
def test_patience_is_judged_by_the_median_of_its_rounds(times: float, is_reached: bool) -> None:
    rounds = [times - 0.1, times, times + 0.1]
    frames = dict.fromkeys(("times each", "times joined", "times without"), rounds)
    found = {"patience": {"frames": [{"viewers": 5000, **frames}], "show": []}}
    by_each = next(row for row in goals.rows(found) if "writes each" in row.what)
    assert (by_each.found.split(" times")[0], by_each.reached) == (f"{times:.2f}", is_reached)
