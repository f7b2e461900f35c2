"""Matches are forecast: by which model their feed says, once, whoever leads the room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand import resources
from grandstand.domain.entities import EntityUpdate, Measured, Plain
from grandstand.domain.envelope import Commit
from grandstand.domain.events import SettingsPut, StatsGiven
from grandstand.forecasts.models import ForecastModels
from grandstand.leader import commits, match_forecasting, supervisor
from grandstand.leader.match_forecasting import (
    ENDED_MS,
    MATCHES_MAX,
    SILENT_MS,
    MatchForecasting,
)
from grandstand.leader.supervisor import RoomSupervisor
from grandstand.overlays.stats_cards import version
from grandstand.store.ingest import CommentRate, Item
from grandstand.telemetry import ModelsMetrics
from grandstand.wire.codec import decode_frame
from grandstand.wire.messages import Overlay
from structlog.testing import capture_logs

from tests.edge.harness import Harness
from tests.inference.forecast_folder import install
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOLD: Mapping[str, Plain] = {
    "model": "football",
    "home": "Spain",
    "away": "France",
    "minute": 0,
    "home_score": 0,
    "away_score": 0,
}


class Show(Sequenced):
    """A room with a clock that the test moves, and the sequencer's ticks by hand."""

    def __init__(self, sequenced: Sequenced, models: ForecastModels) -> None:
        super().__init__(sequenced.hand)
        self.now_ms = 1_000_000_000_000.0
        self.job = MatchForecasting(models)

    @property
    def now(self) -> int:
        return int(self.now_ms)

    async def lead(self) -> None:
        """Lead the room anew, from the next tick on."""
        await self.end()
        self.work = RoomSupervisor(self.live.room, self.node.store, self.metrics, [self.job])
        await self.work._sequencer._load()
        await until(lambda: all(each.at for each in self.work._cursors.values()))

    async def end(self) -> None:
        if hasattr(self, "work"):
            await self.work.end()

    async def tick(self, s: float = 1) -> None:
        """Let time pass, then commit what came; the job has done with it afterwards."""
        self.now_ms += s * 1000
        await self.append(SettingsPut(uuid4().hex, {"title": str(self.now)}, merge=True))
        await self.work._sequencer._tick()
        await until(lambda: not self.work.is_behind)

    async def say(self, entity: str = "match:final", /, **values: Plain) -> None:
        measured = {label: Measured(self.now, value) for label, value in values.items()}
        update = EntityUpdate(entity, "Final", self.now, measured)
        await self.append(StatsGiven(uuid4().hex, [], [update]))

    async def play(self, entity: str = "match:final", /, **values: Plain) -> None:
        """An update and what comes of it."""
        await self.say(entity, **values)
        await self.tick()
        await self.tick()

    def version(self, name: str, **values: Plain) -> StatsGiven:
        """A card for everyone."""
        return StatsGiven(uuid4().hex, [version("match:7", name, self.now, values, 0)])

    async def card(self, name: str, **values: Plain) -> None:
        """A card for everyone and what comes of it."""
        await self.append(self.version(name, **values))
        await self.tick()
        await self.tick()

    def told(self) -> list[Overlay]:
        """All versions of forecasts that everyone was told, in order."""
        frames = (decode_frame(each) for commit in self.listener.commits for each in commit.frames)
        overlays = [overlay for frame in frames for overlay in frame.overlays or ()]
        return [each for each in overlays if each.kind == "forecast"]

    def home(self) -> list[float]:
        """How probable it was in each of them that home wins."""
        return [each.data["probabilities"][0] for each in self.told()]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def models(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ForecastModels]:
    own: Path = install(tmp_path_factory.mktemp("models") / "handball").parent
    made = ForecastModels([*resources.forecast_models(), own], ModelsMetrics().of("f", "moments"))
    await made.load()
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def show(
    node: Harness, models: ForecastModels, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Show]:
    monkeypatch.setattr(supervisor, "PAUSE_S", 0.01)
    monkeypatch.setattr(match_forecasting, "MOVE_MS", 0)
    monkeypatch.setattr(match_forecasting, "IDLE_MOVE_MS", 0)
    monkeypatch.setattr(commits, "REST_S", 10**6)
    made = Show(Sequenced(await node.by_hand()), models)
    append, real_ms = node.store.ingest.append, node.store.now_ms

    async def append_now(room: str, items: list[Item], rate: CommentRate, _: float) -> object:
        return await append(room, items, rate, real_ms())  # the store's own clock doesn't move

    with monkeypatch.context() as patch:
        patch.setattr(node.store.ingest, "append", append_now)
        patch.setattr(node.store, "now_ms", lambda: made.now_ms)
        await made.lead()
        await made.tick()
        yield made
        await made.end()


async def test_a_match_is_forecast_from_its_feed(show: Show) -> None:
    await show.play(**TOLD, neutral=1, date=20240714)
    began = show.now - 2000
    (first,) = show.told()
    assert (first.at, first.topic) == (began, "match:final")
    assert (first.data["entity"], first.data["model"]) == ("match:final", "football")
    assert first.data["labels"] == ["home", "draw", "away"]
    assert first.expires_at == began + SILENT_MS
    assert sum(first.data["probabilities"]) == pytest.approx(1, abs=0.001)
    await show.play(minute=20, home_score=1)
    second = show.told()[-1]
    assert (second.id, second.at) == (first.id, show.now - 2000)
    assert show.home()[1] > show.home()[0] + 0.1
    assert second.data["because"]["what"] == "goal"
    assert [point[0] for point in second.data["line"]] == [began, second.at]
    await show.play(minute=20, home_score=0)
    corrected = show.told()[-1].data
    assert corrected["because"]["what"] == "correction"
    assert [each.get("void", False) for each in corrected["events"]] == [True, False]
    await show.play(minute=10)
    assert len(show.told()) == 4, "a clock that goes back counts by its `at`"


async def test_a_match_is_told_once_a_second_and_only_what_is_new(show: Show) -> None:
    await show.play(**TOLD)
    for minute in range(30, 60, 10):
        await show.say(minute=minute)
        await show.tick(0.3)
    assert len(show.told()) == 2, "the first of them, and no other within a second"
    await show.tick(1)
    await show.tick()
    assert len(show.told()) == 3
    assert show.told()[-1].data["values"]["minute"] == 50
    await show.play(minute=50, home_score=0)
    assert len(show.told()) == 3


async def test_who_takes_over_goes_on_with_the_line_and_tells_nothing_twice(show: Show) -> None:
    await show.play(**TOLD)
    await show.play(minute=20, home_score=1)
    await show.say(minute=30)
    await show.tick()  # told, and not yet committed
    await show.lead()
    await show.tick()
    await show.tick()
    assert len(show.told()) == 3
    await show.say(minute=40, away_score=1)
    await show.work._sequencer._tick()  # committed; whoever led the room may not have seen it
    await show.lead()
    await show.tick()
    await show.tick()
    assert len(show.told()) == 4
    last = show.told()[-1].data
    assert [each[1:] for each in last["line"][:3]] == [
        each[1:] for each in show.told()[2].data["line"]
    ]
    assert [(each["what"], each["label"]) for each in last["events"]] == [
        ("goal", "home"),
        ("goal", "away"),
    ]
    assert len({point[0] for point in last["line"]}) == 4


async def test_the_end_is_exactly_the_outcome_and_goes_in_its_time(show: Show) -> None:
    await show.play(**TOLD)
    await show.play(minute=90, home_score=1)
    await show.play(outcome="away or so")
    assert len(show.told()) == 2
    await show.play(outcome="home")
    end = show.told()[-1]
    assert end.data["probabilities"] == [1.0, 0.0, 0.0]
    assert end.expires_at == end.at + ENDED_MS
    await show.play(outcome=None)
    assert show.told()[-1].data["probabilities"][0] < 1


async def test_a_removed_match_loses_its_forecast(show: Show) -> None:
    await show.play(**TOLD)
    await show.play()
    (_, last) = show.told()
    assert last.expires_at == last.at
    await show.play(minute=3)
    assert len(show.told()) == 2, "it names no model any more"


async def test_an_ended_match_does_not_come_back(show: Show) -> None:
    await show.play(**TOLD)
    await show.play(minute=90, outcome="home")
    told = len(show.told())
    await show.tick(ENDED_MS / 1000 + 120)
    await show.lead()
    await show.tick()
    await show.play(attendance=70_000)
    assert len(show.told()) == told
    await show.play(outcome=None)
    assert len(show.told()) == told + 1, "unless its outcome is taken back"


async def test_what_changed_while_nobody_led_the_room_counts(show: Show) -> None:
    await show.play(**TOLD)
    await show.say(home="San Marino")
    show.now_ms += 1000
    await show.work._sequencer._tick()
    await show.lead()
    await show.tick()
    await show.tick()
    assert show.home()[1] < show.home()[0] - 0.2


async def test_cards_for_everyone_are_read_if_they_name_a_model(show: Show) -> None:
    await show.card("Score", Ostia=1, Lund=0)
    assert show.told() == []
    await show.card("Handball", model="handball", home_score=1, away_score=0)
    assert show.home() == [0.7311]
    await show.lead()
    await show.card("Handball", model="handball", home_score=2, away_score=0)
    assert show.home() == [0.7311, 0.8808]
    await show.card("Score")
    assert len(show.told()) == 3, "the card's own end"


async def test_a_card_that_went_while_nobody_led_the_room_takes_its_forecast_along(
    show: Show,
) -> None:
    await show.card("Handball", model="handball", home_score=1, away_score=0)
    await show.append(show.version("Handball"))
    show.now_ms += 1000
    await show.work._sequencer._tick()
    await show.lead()
    await show.tick(100)  # longer than the room's latency: nothing is left of the card
    await show.tick()
    await show.tick()
    assert len(show.told()) == 2
    assert show.told()[1].expires_at == show.told()[1].at <= show.now
    await show.lead()
    await show.card("Handball", model="handball", home_score=1, away_score=0)
    assert len(show.told()) == 3, "what is gone isn't taken for what viewers have"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"model": "curling"}, "no model 'curling'"),
        ({"minute": 10_000}, "minute"),
        ({"home": "France"}, "same team"),
    ],
)
async def test_what_cannot_be_forecast_is_named_once(
    show: Show, values: dict[str, Plain], why: str
) -> None:
    with capture_logs() as logs:
        await show.play(**{**TOLD, **values})
        await show.play(attendance=10)
    assert show.told() == []
    (said,) = [each for each in logs if each["event"] == "not_forecast"]
    assert (why in said["why"], said["match"]) == (True, "match:final")
    assert not show.work.is_at_work, "the room may rest"
    await show.play(**TOLD)
    assert len(show.told()) == 1


async def test_a_room_has_so_many_matches_and_no_more(show: Show) -> None:
    handball: Mapping[str, Plain] = {"model": "handball", "home_score": 1}
    for n in range(MATCHES_MAX + 2):
        await show.say(f"match:{n}", **handball)
    with capture_logs() as logs:
        await show.tick()
    await show.tick()
    assert len(show.told()) == MATCHES_MAX
    assert [each["matches"] for each in logs if each["event"] == "forecasts_full"] == [MATCHES_MAX]
    await show.play("match:3", outcome="home")
    await show.play("match:new", **handball)
    assert show.told()[-1].data["entity"] == "match:new"
    await show.say("match:new", home_score=2)
    await show.tick(SILENT_MS / 1000 - 10)  # the others go without an outcome
    await show.tick(20)
    await show.play("match:newer", **handball)
    assert show.told()[-1].data["entity"] == "match:newer"


async def test_a_feed_of_values_that_cannot_be_forecast_is_asked_about_once_a_second(
    show: Show,
) -> None:
    await show.play(**TOLD)
    with capture_logs() as logs:
        for n in range(20):
            await show.say(outcome=f"team {n}")
            await show.tick(0.1)
    said = [each for each in logs if each["event"] == "not_forecast"]
    assert 1 <= len(said) <= 2


async def test_who_missed_commits_finds_what_they_brought(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    await show.play(**{**TOLD, "model": "curling"})
    await show.say(**TOLD)
    await show.say("match:new", model="handball", home_score=1)
    await show.append(show.version("Handball", model="handball", home_score=2))
    with monkeypatch.context() as lost:

        async def nothing(*_: object) -> list[Commit]:
            return []

        lost.setattr(show.work._room, "commits_after", nothing)
        await show.tick()
    await show.tick()
    assert {each.data["entity"] for each in show.told()} == {
        "match:final",
        "match:new",
        "match:7",
    }


async def test_a_room_without_matches_is_left_alone(show: Show) -> None:
    await show.play("athlete:1", model="football", home="A", away="B")
    assert show.told() == []
    assert not show.work.is_at_work
