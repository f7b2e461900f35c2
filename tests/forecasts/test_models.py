"""The models of a server: one that is bad or slow is named, and no other waits for it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import pytest_asyncio
from grandstand import resources
from grandstand.domain.entities import Plain
from grandstand.forecasts import models as module
from grandstand.forecasts.models import ForecastModels
from grandstand.inference.forecast_manifest import ForecastInput, Stats
from grandstand.inference.forecaster import Forecaster
from grandstand.telemetry import ModelsMetrics
from structlog.testing import capture_logs

from tests.inference.forecast_folder import endless, install
from tests.waiting import until

AHEAD = {"home_score": 1, "away_score": 0}
HOME = math.e / (1 + math.e)

Make = Callable[..., ForecastModels]


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Make]:
    made: list[ForecastModels] = []

    def models(*folders: Path, **limits: Any) -> ForecastModels:
        made.append(ForecastModels(folders, ModelsMetrics().of("forecasts", "moments"), **limits))
        return made[-1]

    yield models
    for each in made:
        await each.close()


async def test_a_wrong_folder_is_named_at_the_start_and_the_others_work(
    make: Make, tmp_path: Path
) -> None:
    good, bad = install(tmp_path / "good").parent, install(tmp_path / "bad").parent
    (bad / "model.onnx").write_bytes(b"?")
    strange = install(tmp_path / "strange", reads="chess").parent
    models = make(good, bad, strange, tmp_path / "missing")
    assert models.is_loading("good")
    with capture_logs() as logs:
        await models.load()
    refused = {each["model"]: each["why"] for each in logs if each["log_level"] == "error"}
    assert {*refused} == {"bad", "strange", "missing"}
    assert "is not the file that manifest.json" in refused["bad"]
    assert "reads 'chess'" in refused["strange"]
    assert (models.names, models.is_loading("bad")) == (["good"], False)
    assert await models.ask("good", [AHEAD, {}, AHEAD]) == [
        pytest.approx([HOME, 1 - HOME]),
        [0.5, 0.5],
        pytest.approx([HOME, 1 - HOME]),
    ]
    assert await models.ask("bad", [AHEAD]) is None


async def test_a_whole_number_reaches_the_reader_as_one(make: Make) -> None:
    models = make(*resources.forecast_models())
    await models.load()
    match: dict[str, Plain] = {"home": "Spain", "away": "France", "minute": 21}
    match |= {"home_score": 1, "away_score": 1}
    at_home, neutral, text = await models.ask(
        "football",
        [{**match, **more} for more in ({}, {"neutral": 1}, {"neutral": 1, "date": 20240709})],
    ) or ["", "", ""]
    assert not isinstance(at_home, str)
    assert not isinstance(neutral, str)
    assert not isinstance(text, str)
    assert at_home[0] > neutral[0]
    over: dict[str, Plain] = {"innings": 1, "runs": 6, "balls": 6, "wickets": 0}
    days = [{**over, "date": day} for day in (20230529, "2023-05-29")]
    by_number, by_text = await models.ask("cricket", days) or ["", ""]
    assert (by_number, isinstance(by_text, list)) == (by_text, True)


async def test_a_team_that_nobody_has_rated_is_logged_once(make: Make) -> None:
    models = make(*resources.forecast_models())
    await models.load()
    match: dict[str, Plain] = {"home": "Spain", "away": "Frnace"}
    with capture_logs() as logs:
        await models.ask("football", [match, {"home": "Frnace", "away": "Italy"}])
        await models.ask("football", [match | {"neutral": 1}])
    unrated = [each["teams"] for each in logs if each["event"] == "teams_unrated"]
    assert unrated == [["Frnace"]]


async def test_a_folder_of_the_operator_s_counts_before_the_one_that_ships(
    make: Make, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    shipped = install(tmp_path / "handball").parent
    own = install(tmp_path / "own" / "handball", version="2").parent
    models = make(shipped, own)
    await models.load()
    manifest = models.manifest("handball")
    assert manifest is not None
    assert manifest.version == "2"


async def test_a_new_model_in_the_old_one_s_place_is_taken_into_use(
    make: Make, tmp_path: Path
) -> None:
    folder = install(tmp_path / "handball").parent
    models = make(folder, install(tmp_path / "other").parent, pause_s=0.02)

    def version() -> str:
        manifest = models.manifest("handball")
        return "" if manifest is None else manifest.version

    with capture_logs() as logs:
        running = asyncio.create_task(models.run())
        await until(lambda: version() == "1")
        install(folder, "Sigmoid", version="odd")
        await until(lambda: any(each["event"] == "model_refused" for each in logs))
        (even,) = await models.ask("handball", [{}]) or []
        assert even == [0.5, 0.5]
        install(folder, version="2", labels=("away", "home"))
        await until(lambda: version() == "2")
        (ahead,) = await models.ask("handball", [AHEAD]) or []
        assert ahead == pytest.approx([HOME, 1 - HOME])
        models.look()
        await until(lambda: sum(each["event"] == "model_unchanged" for each in logs) == 2)
        running.cancel()
    told = [each for each in logs if each["event"] in ("model_refused", "model_reloaded")]
    assert [each["model"] for each in told] == ["forecast model handball"] * 2
    assert "no probabilities" in told[0]["why"] or "sum is not 1" in told[0]["why"]


async def test_a_model_that_hangs_is_named_once_and_no_other_waits(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [install(tmp_path / name, version=name).parent for name in ("slow", "good")]
    models = make(*folders, deadline_ms=20)
    await models.load()
    over, forecast = Event(), Forecaster.forecast

    def hang(self: Forecaster, matches: Sequence[Stats]) -> list[dict[str, float]]:
        if self.manifest.version == "slow":
            over.wait(60)
        return forecast(self, matches)

    monkeypatch.setattr(Forecaster, "forecast", hang)
    with capture_logs() as logs:
        slow = asyncio.create_task(models.ask("slow", [AHEAD]))
        assert await models.ask("good", [{}]) == [[0.5, 0.5]]
        assert await slow is None
        assert await models.ask("slow", [{}]) is None
    assert [each["model"] for each in logs] == ["slow"]
    over.set()

    async def answers() -> bool:
        return await models.ask("slow", [{}]) is not None

    await until(answers)
    assert module.DEADLINE_MS < 1000, "a room's other matches wait for so long"


async def test_what_is_no_probability_is_a_fault_of_its_match_alone(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = make(install(tmp_path / "handball").parent)
    await models.load()
    monkeypatch.setattr(
        "grandstand.inference.forecaster._fault",
        lambda found: "gives numbers that are no probabilities" if found.max() > 0.9 else "",
    )
    good, bad = await models.ask("handball", [AHEAD, {"home_score": 9}]) or []
    assert good == pytest.approx([HOME, 1 - HOME])
    assert isinstance(bad, str)
    assert "no probabilities" in bad
    assert "handball" in bad


async def test_a_model_that_never_answers_does_not_hold_up_the_end(
    make: Make, tmp_path: Path
) -> None:
    folder = install(tmp_path / "asked", onnx=endless()).parent
    models = make(folder, deadline_ms=20)
    await models.load()
    assert await models.ask("asked", [{}]) == [[0.5, 0.5]]
    with capture_logs() as logs:
        assert await models.ask("asked", [AHEAD]) is None
    assert [(each["event"], each["deadline_ms"]) for each in logs] == [
        ("forecast_model_silent", 20)
    ]
    few = (ForecastInput("home_score", least=0, most=4), ForecastInput("away_score", most=4))
    tried = make(install(tmp_path / "tried", onnx=endless(-1), inputs=few).parent)
    loading = asyncio.create_task(tried.load())
    await asyncio.wait({loading}, timeout=0.2)
    assert not loading.done()
    with capture_logs() as logs:
        await models.close()
        await tried.close()
        await loading
    assert [each["event"] for each in logs] == ["forecast_model_refused"]
