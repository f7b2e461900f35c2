"""Forecasts from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from grandstand.commands import predict
from grandstand.inference.forecast_manifest import ForecastInput

from tests.commands.conftest import Run
from tests.inference.forecast_folder import install


def test_each_line_gives_one_and_a_wrong_one_says_why(run: Run, tmp_path: Path) -> None:
    folder = str(install(tmp_path / "handball").parent)
    lines = '{"home_score":1}\n\n{"goals":1}\n[]\n{"home_score":\n\xff\n{"home_score":[]}'
    code, out, err = run("predict", folder, lines=lines.encode("latin-1"))
    first, *wrong = [json.loads(each) for each in out.splitlines()]
    assert first == {"probabilities": {"home": 0.731059, "away": 0.268941}}
    assert [each["error"].partition(":")[0] for each in wrong] == [
        f"line {number}" for number in (3, 4, 5, 6, 7)
    ]
    assert "knows no 'goals': away_score, home_score" in wrong[0]["error"]
    assert (code, "5 of the lines were wrong" in err) == (1, True)


def test_a_line_that_is_too_long_is_refused_by_itself(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "LINE_BYTES_MAX", 20)
    file = tmp_path / "matches.jsonl"
    file.write_text("{" + " " * 50 + "}\n{}\n")
    code, out, _ = run("predict", str(install(tmp_path / "handball").parent), str(file))
    long, fine = [json.loads(each) for each in out.splitlines()]
    assert (code, "error" in long, "probabilities" in fine) == (1, True, True)


def test_football_ships_and_takes_results(run: Run, tmp_path: Path) -> None:
    results = tmp_path / "results.csv"
    results.write_text(
        "date,home_team,away_team,home_score,away_score,tournament,neutral\n"
        + "".join(f"2090-01-0{day},Nowhere,Spain,9,0,Friendly,TRUE\n" for day in range(1, 9))
    )
    match = '{"home":"Nowhere","away":"Spain","date":"2090-02-01","neutral":true}'
    code, out, err = run("predict", "football", lines=match)
    assert "nobody had rated them yet: Nowhere\n" in err
    before = json.loads(out)["probabilities"]
    assert (code, list(before)) == (0, ["home", "draw", "away"])
    _, out, err = run("predict", "football", "--results", str(results), lines=match)
    assert err == ""
    assert json.loads(out)["probabilities"]["home"] > before["home"] + 0.2


def test_a_slow_model_is_named_and_answers(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(install(tmp_path / "handball").parent)
    now_s = iter((1.0, 1.5))
    monkeypatch.setattr(
        "grandstand.inference.session.time", SimpleNamespace(perf_counter=lambda: next(now_s))
    )
    code, out, err = run("predict", folder, lines="{}")
    assert (code, "probabilities" in out) == (0, True)
    assert err == f"{folder} is slow: 500 ms for one forecast\n"


def test_a_model_that_fails_later_is_named_and_no_line_is_blamed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(install(tmp_path / "handball").parent)
    faults = iter(("", "gives numbers that are no probabilities"))
    monkeypatch.setattr("grandstand.inference.forecaster._fault", lambda found: next(faults))
    code, out, err = run("predict", folder, lines="{}")
    assert (code, out) == (1, "")
    assert "handball" in err
    assert "no probabilities" in err


def test_cricket_ships(run: Run) -> None:
    lines = '{"deliveries":[{"innings":1,"runs_bat":4}]}\n{"deliveries":[{"innings":3}]}'
    code, out, _ = run("predict", "cricket", lines=lines)
    first, second = [json.loads(each) for each in out.splitlines()]
    assert (code, list(first["probabilities"])) == (1, ["bats_first", "bats_second"])
    assert second["error"].startswith("line 2: delivery 1: its innings")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["curling"], "no model 'curling': name its folder, or one of cricket, football"),
        (["./nowhere"], "can't be read"),
        (["football", "nowhere.jsonl"], "nowhere.jsonl can't be read"),
        (["football", "--results", "nowhere.csv"], "nowhere.csv can't be read"),
    ],
)
def test_what_is_not_there_is_named(run: Run, arguments: list[str], why: str) -> None:
    code, _, err = run("predict", *arguments)
    assert (code, why in err) == (1, True)


def test_options_and_readers_that_do_not_fit_are_named(run: Run, tmp_path: Path) -> None:
    results = tmp_path / "results.csv"
    results.write_text("nothing\n")
    folder = str(install(tmp_path / "handball").parent)
    assert "--results is for football" in run("predict", folder, "--results", str(results))[2]
    assert "has no column date" in run("predict", "football", "--results", str(results))[2]
    inputs = (ForecastInput("a"), ForecastInput("b"))
    strange = str(install(tmp_path / "strange", reads="chess", inputs=inputs).parent)
    assert "reads 'chess', which this version doesn't know" in run("predict", strange)[2]
