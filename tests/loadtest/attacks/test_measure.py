"""A real attack on a real server, small: that it is measured, not how much."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from loadtest.attacks import __main__ as main
from loadtest.attacks import idle
from loadtest.attacks import measure as measuring
from loadtest.attacks.__main__ import known
from loadtest.attacks.attack import Attack
from loadtest.attacks.floods import flood
from loadtest.attacks.idle import Idle
from loadtest.attacks.measure import measure, table
from loadtest.attacks.target import Target


def test_what_honest_viewers_notice_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "CALM_S", 1.0)
    pings = partial(flood, kind="pings", connections=2, size=6000)
    pinged = measure(Attack("pings", pings))
    for when in ("before", "during"):
        assert pinged[when]["trip_ms"]["count"] > 0
        assert pinged[when]["longest_gap_ms"] > 0
    assert pinged["before"]["trip_ms"]["p50"] > 0
    assert (pinged["closes"], pinged["hung"]) == (0, 0)
    assert "pings" in table({"pings": pinged})


def found(**its: Any) -> dict[str, Any]:
    """What an attack comes to that nobody noticed, but for ``its`` figures."""
    trip = {"count": 100, "p50": 1.0, "p99": its.get("p99", 59.0), "max": 70.0}
    noticed = {"trip_ms": trip, "longest_gap_ms": its.get("gap", 600.0), "own_lag_ms": {"count": 0}}
    return {
        "seconds": 1.0,
        "before": noticed,
        "during": noticed,
        "closes": its.get("closes", 0),
        "hung": its.get("hung", 0),
        "counted": its.get("counted", {}),
        "most_p99_ms": 60.0,
    }


def told(**its: Any) -> str:
    """The end of an attack's line: from how many witnesses were cut on."""
    return " ".join(table({"flood": found(**its)}).splitlines()[-1].split()[8:])


def test_the_verdict_says_each_thing_that_is_wrong() -> None:
    assert told() == "0 0 under 60"
    assert told(p99=61.0) == "0 0 OVER 60"
    assert told(gap=1001.0) == "0 0 gap OVER 1000"
    assert told(closes=1) == "1 0 CUT"
    assert told(p99=61.0, gap=2000.0, hung=2, closes=3) == "3 2 OVER 60, gap OVER 1000, HUNG, CUT"


@pytest.mark.parametrize("its", [{"p99": 61.0}, {"gap": 1001.0}, {"hung": 1}, {"closes": 1}])
def test_an_attack_that_was_noticed_ends_the_run_with_1_and_is_named(
    its: dict[str, float], monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path
) -> None:
    assert ends(monkeypatch, tmp_path, {"calm": found(), "flood": found(**its)}) == 1
    assert capsys.readouterr().err == "not as they must be: flood\n"
    assert ends(monkeypatch, tmp_path, {"calm": found(), "flood": found()}) == 0
    assert capsys.readouterr().err == ""


def test_rooms_that_cost_too_much_end_the_run_with_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rooms = {"rooms": 401, "most_cores": 0.05}
    for many, code in ((0.04, 0), (0.07, 1)):
        costs = rooms | {"windows": [{"one": 0.01, "many": many}]}
        monkeypatch.setattr(idle, "measure", lambda _, its=costs: its)
        monkeypatch.setattr(main, "known", lambda: {"rest": Idle("rest")})
        assert run(monkeypatch, tmp_path) == code


def ends(monkeypatch: pytest.MonkeyPatch, folder: Path, measured: dict[str, dict[str, Any]]) -> int:
    """What ``make attack`` ends with if its attacks come to this."""
    monkeypatch.setattr(main, "measure", lambda attack: measured[attack.name])
    monkeypatch.setattr(main, "known", lambda: {name: Attack(name, _nothing) for name in measured})
    return run(monkeypatch, folder)


def run(monkeypatch: pytest.MonkeyPatch, folder: Path) -> int:
    monkeypatch.setattr(sys, "argv", ["attacks", "--out", str(folder / "attacks.json")])
    return main.main()


async def _nothing(attacked: Target) -> None:
    raise AssertionError("it is measured, not run")


def test_what_an_attack_counted_stands_beside_its_figures() -> None:
    counted = {"accepted": 600, "sequenced": 601}
    assert told(counted=counted) == "0 0 under 60 600 accepted 601 sequenced"


def test_all_attacks_are_found_by_their_names() -> None:
    names = {"pings-4", "time-200", "workers-pings", "katakana-500", "room-list-4", "idle-rooms"}
    assert names <= set(known())
