"""Forecasts of an audience, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grandstand.crowd.show import Floats
from grandstand.crowd.weights import AHEAD

from tests.commands.conftest import Run
from tests.crowd.shows import BEGIN, audience

HEAD = "t,viewers,chats\n"
MINUTES = 240


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def curve(viewers: Floats, begin: int = BEGIN) -> str:
    lines = (f"{(begin + at) * 60},{count:.0f},30\n" for at, count in enumerate(viewers.tolist()))
    return HEAD + "".join(lines)


def run_down(begin: int = BEGIN) -> str:
    starts = range(begin * 60, (begin + MINUTES) * 60, 4500)
    return "start,duration_s,name\n" + "".join(f"{start},3600,Race\n" for start in starts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    week = BEGIN - 7 * 1440
    (tmp_path / "now.csv").write_text(curve(audience(MINUTES)))
    (tmp_path / "now.rundown.csv").write_text(run_down())
    (tmp_path / "past.csv").write_text(curve(audience(MINUTES, seed=2), week))
    (tmp_path / "past.rundown.csv").write_text(run_down(week))
    (tmp_path / "none.csv").write_text(HEAD)
    return tmp_path


def test_what_comes_is_told_in_the_order_of_its_time(run: Run, folder: Path) -> None:
    code, out, err = run("forecast", str(folder / "now.csv"))
    assert (code, err) == (0, "")
    (row,) = rows(out)
    assert row["t"] == (BEGIN + MINUTES - 1) * 60
    for curve_name in ("viewers", "comments"):
        assert [each["in"] for each in row[curve_name]] == [60 * ahead for ahead in AHEAD]
        assert all(each["p10"] <= each["p50"] <= each["p90"] for each in row[curve_name])


def test_run_down_and_history_change_what_is_told(run: Run, folder: Path) -> None:
    now = str(folder / "now.csv")
    plain = rows(run("forecast", now)[1])
    told = ("--rundown", str(folder / "now.rundown.csv"))
    assert rows(run("forecast", now, *told)[1]) != plain
    past = ("--history", str(folder / "past.csv"))
    with_past = rows(run("forecast", now, *past)[1])
    assert with_past != plain
    (folder / "past.rundown.csv").unlink()
    assert rows(run("forecast", now, *past, *told)[1]) != with_past


def test_earlier_forecasts_can_be_asked_for(run: Run, folder: Path) -> None:
    _, out, _ = run("forecast", "-", "--every", "60", lines=(folder / "now.csv").read_text())
    *earlier, present = [row["t"] for row in rows(out)]
    assert earlier == [(BEGIN + at) * 60 for at in (0, 60, 120, 180)]
    _, out, _ = run("forecast", str(folder / "now.csv"))
    assert [present] == [row["t"] for row in rows(out)]


def test_a_show_that_has_not_begun_is_forecast_whole(run: Run, folder: Path) -> None:
    files = ("--rundown", str(folder / "now.rundown.csv"), "--history", str(folder / "past.csv"))
    code, out, _ = run("forecast", str(folder / "none.csv"), *files)
    assert code == 0
    found = rows(out)
    assert [row["t"] for row in found[:2]] == [BEGIN * 60, (BEGIN + 15) * 60]
    assert found[3]["viewers"]["p10"] < 20_000 < found[3]["viewers"]["p90"]
    assert found[3]["comments"]["p50"] == pytest.approx(30, rel=0.1)
    code, out, err = run("forecast", str(folder / "none.csv"))
    assert (code, out) == (1, "")
    assert "--rundown and --history are needed" in err


def test_a_run_down_of_the_server_is_read(run: Run, folder: Path) -> None:
    text = "".join(
        f'[[items]]\nid = "i{at}"\nkind = "{kind}"\ntitle = "Race"\n'
        f"expected_at = {np.datetime64((BEGIN + at) * 60, 's')}Z\n"
        for at, kind in ((0, "note"), (200, "break"), (300, "note"))
    )
    path = folder / "show.toml"
    path.write_text(text)
    code, out, _ = run("forecast", str(folder / "now.csv"), "--rundown", str(path))
    assert code == 0
    assert rows(out) != rows(run("forecast", str(folder / "now.csv"))[1])
    path.write_text('[[items]]\nid = "a"\nkind = "note"\ntitle = "x"\n')
    code, _, err = run("forecast", str(folder / "now.csv"), "--rundown", str(path))
    assert code == 1
    assert "no item has expected_at" in err


def test_what_cannot_be_read_is_named(run: Run, folder: Path) -> None:
    code, out, err = run("forecast", str(folder / "gone.csv"))
    assert (code, out) == (1, "")
    assert "gone.csv can't be read" in err
