"""Values of a room's feed are read as lines of a file are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from grandstand import resources
from grandstand.forecasts.readers import Reader, reader_of
from grandstand.inference.forecaster import Forecaster

from tests.inference.forecast_folder import install

READERS = {
    folder.name: reader_of(Forecaster(folder / "manifest.json"))
    for folder in resources.forecast_models()
}


def line(**fields: Any) -> bytes:
    return msgspec.json.encode(fields)


def test_football_is_told_by_values_or_by_lines() -> None:
    football = READERS["football"]
    told = {"home": "Spain", "away": "France", "date": "2024-07-09", "tournament": "UEFA Euro"}
    assert football.stats_of({**told, "model": "football"}) == football.stats(line(**told))
    values = {"neutral": 1, "minute": "21", "home_score": 1, "away_score": 1}
    assert football.stats_of({**told, **values, "away_score": 1.0}) == football.stats(
        line(**told, neutral=True, minute=21, score=[1, 1])
    )


def balls(innings: int, *runs: int, wickets: int = 0) -> list[dict[str, Any]]:
    made = [{"innings": innings, "runs_bat": each} for each in runs]
    return [*made, *({"innings": innings, "wicket": "bowled"} for _ in range(wickets))]


@pytest.mark.parametrize(
    ("values", "deliveries"),
    [
        ({"innings": 1, "runs": 0, "balls": 0, "wickets": 0}, []),
        ({"runs": 10, "overs": "0.4", "wickets": 1}, balls(1, 4, 0, 6, wickets=1)),
        ({"innings": 1, "runs": 60, "balls": 70, "wickets": 10}, balls(1, *[1] * 60, wickets=10)),
        (
            {"innings": 2, "runs": 6, "balls": 3, "wickets": 2, "target": 61},
            [*balls(1, *[1] * 60, wickets=10), *balls(2, 6, wickets=2)],
        ),
    ],
)
def test_cricket_is_told_by_values_or_by_balls(
    values: dict[str, Any], deliveries: list[dict[str, Any]]
) -> None:
    cricket = READERS["cricket"]
    where = {"date": "2023-05-29", "city": "Ahmedabad"}
    assert cricket.stats_of({**where, **values}) == cricket.stats(
        line(**where, deliveries=deliveries)
    )


@pytest.mark.parametrize(
    ("reader", "values", "why"),
    [
        ("football", {"home": "Spain"}, "away"),
        ("football", {"home": "Spain", "away": "Spain"}, "same team"),
        ("football", {"home": "A", "away": "B", "minute": 5}, "both minute and score"),
        ("football", {"home": "A", "away": "B", "minute": 5, "home_score": 1}, "score"),
        ("football", {"home": "A", "away": "B", "minute": 500, "home_score": 1}, "minute"),
        ("cricket", {"innings": 2, "runs": 6}, "has a target"),
        ("cricket", {"runs": "many"}, "runs is 'many'"),
        ("cricket", {"date": 2023}, "isn't a day"),
    ],
)
def test_values_that_are_no_match_say_why(reader: str, values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        READERS[reader].stats_of(values)


def test_a_model_of_a_new_sport_takes_the_values_that_it_knows(tmp_path: Path) -> None:
    reader: Reader = reader_of(Forecaster(install(tmp_path / "handball")))
    assert reader.stats_of({"home_score": 3, "model": "handball", "minute": 7}) == {"home_score": 3}
    with pytest.raises(ValueError, match="knows no 'minute': away_score, home_score"):
        reader.stats(line(minute=7))
