"""Folders of forecast models: what they are asked, and which are refused when they are loaded."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from grandstand.inference.forecast_manifest import ForecastEvent, ForecastInput
from grandstand.inference.forecaster import Forecaster, load_all
from grandstand.inference.manifest import ModelError

from tests.inference.forecast_folder import install


def test_a_folder_is_a_sport_and_needs_no_code(tmp_path: Path) -> None:
    model = Forecaster(install(tmp_path / "handball"))
    ahead, level = model.forecast([{"home_score": 1, "away_score": 0}, {}])
    assert ahead == {
        "home": pytest.approx(math.e / (1 + math.e)),
        "away": pytest.approx(1 / (1 + math.e)),
    }
    assert level == {"home": 0.5, "away": 0.5}
    assert model.forecast([]) == []


@pytest.mark.parametrize(
    ("stat", "number"),
    [(3, 3), (True, 1), (99, 40), (-1, 0), (None, 7), ("3", 7), (math.nan, 7), (math.inf, 7)],
)
def test_a_stat_that_is_missing_or_no_number_is_the_default(
    stat: float | str | None, number: float
) -> None:
    assert ForecastInput("goals", default=7, least=0, most=40).number(stat) == number


def test_a_text_stands_for_a_number() -> None:
    kind = ForecastInput("tournament", default=0.5, values={"Friendly": 1})
    assert [kind.number(each) for each in ("Friendly", "Cup", None, 1)] == [1, 0.5, 0.5, 0.5]


def spoil(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (lambda folder: (folder / "model.onnx").unlink(), "can't be read"),
        (lambda folder: (folder / "manifest.json").unlink(), "can't be read"),
        (spoil("model.onnx", "?"), "is not the file that manifest.json"),
        (spoil("manifest.json", "{}"), "is no manifest"),
        (lambda folder: (folder / "CARD.md").unlink(), "has no card CARD.md"),
        (spoil("teams.json", "?"), r"its teams.json is not the one"),
        (lambda folder: (folder / "teams.json").unlink(), r"its teams.json can't be read"),
        (lambda folder: install(folder, "Log"), "no probabilities"),
        (lambda folder: install(folder, "Neg"), "no probabilities"),
        (lambda folder: install(folder, "Sigmoid"), "sum is not 1"),
        (lambda folder: install(folder, "Nonsense"), "not a readable ONNX model"),
        (lambda folder: install(folder, labels=("a", "b", "c")), "of shape"),
    ],
)
def test_a_bad_folder_is_named_and_the_others_are_loaded(
    tmp_path: Path, spoilt: Callable[[Path], object], why: str
) -> None:
    good, bad = install(tmp_path / "good").parent, tmp_path / "bad"
    sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of nothing
    install(bad, data={"teams.json": sha256})
    (bad / "teams.json").write_text("")
    assert load_all([bad])[1] == []
    spoilt(bad)
    found, (refused,) = load_all([bad, good])
    assert list(found) == ["good"]
    assert str(refused).startswith(f"forecast model {bad}")
    with pytest.raises(ModelError, match=why):
        raise refused


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"labels": ("home", "home")}, "a label twice"),
        ({"inputs": (ForecastInput("minute", default=-1, least=0),)}, "outside of its bounds"),
        ({"events": (ForecastEvent("goals", "goal", "draw"),)}, "which is no label"),
        ({"data": {"../secrets": "0" * 64}}, "not in its own folder"),
    ],
)
def test_a_manifest_with_a_fault_is_refused(tmp_path: Path, said: dict[str, Any], why: str) -> None:
    with pytest.raises(ModelError, match=why):
        install(tmp_path / "handball", **said)
