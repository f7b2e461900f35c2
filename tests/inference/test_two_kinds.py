"""Two kinds of models in one process: whatever befalls one, the other works on, and so do rooms.

One is the comment scorer that ships, with the moderator that judges for rooms. The other is a
predictor: a real model with inputs, outputs and a manifest of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from grandstand.inference.manifest import NAME, ModelError
from grandstand.inference.reload import Reload
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.telemetry import ModelsMetrics
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tests.edge.harness import harness
from tests.inference import predictor
from tests.inference.onnx_bytes import FLOAT, INT64, info, model, tensor
from tests.inference.predictor import Chance, Games, Predictor, graph
from tests.moderation import installation
from tests.moderation.installation import thresholds
from tests.moderation.scorers import BrokenScorer, CountingScorer, SlowScorer
from tests.waiting import PATIENCE_S, until

GAME, UNKNOWN = (2, 1), (2, 9)
PATIENCE_MS = 10_000
TEXT = "what a night"


class HeldPredictor(Predictor):
    """Answers when it is let go; tells when it has begun."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.began = threading.Event()
        self.let_go = threading.Event()

    def predict(self, games: Any) -> list[Chance]:
        self.began.set()
        self.let_go.wait(PATIENCE_S)
        return super().predict(games)


class House:
    """Both kinds in use: each with its files, its reload and its queue; metrics are shared."""

    def __init__(
        self, folder: Path, scorer_ms: int = PATIENCE_MS, predictor_ms: int = PATIENCE_MS
    ) -> None:
        self.registry = CollectorRegistry()
        metrics = ModelsMetrics(self.registry)
        of_scorer, of_predictor = (
            metrics.of(*each) for each in (("scorer", "comments"), ("predictor", "games"))
        )
        self.scorer_path = folder / "scorer" / "model.onnx"
        self.scorer_path.parent.mkdir()
        installation.install(self.scorer_path.parent, version="s1", thresholds=thresholds(1, 1))
        scorer = OnnxScorer(self.scorer_path)
        self.moderator = Moderator(scorer, Rules.load(), scorer_ms, metrics=of_scorer)
        self.scorer_reload = Reload(
            self.scorer_path, scorer, OnnxScorer, self.moderator.use, scorer_ms, of_scorer
        )
        self.predictor_path = predictor.install(folder / "predictor", "p1")
        self.predictor = Predictor(self.predictor_path)
        self.games: Games = predictor.queue(of_predictor, predictor_ms)
        self.predictor_reload = Reload(
            self.predictor_path, self.predictor, Predictor, self.use, predictor_ms, of_predictor
        )

    def use(self, other: Predictor) -> None:
        self.predictor = other

    async def lead(self, game: tuple[int, int] = GAME) -> float | None:
        """What the predictor in use says; None if it has no say."""
        found = await self.games.ask(self.predictor, [game], lambda rows: None)
        return None if found is None else found[game].lead

    async def is_scored(self, text: str) -> bool:
        (judged,) = await self.moderator.judge([text], Policy())
        return judged.scored

    async def both_work(self, text: str) -> bool:
        """``text`` is one that the moderator doesn't know yet."""
        return await self.lead() == 3 and await self.is_scored(text)

    def refused(self, name: str) -> float | None:
        labels = {"model": name, "outcome": "failed"}
        return self.registry.get_sample_value("grandstand_model_reloads_total", labels)

    def runs(self, metric: str) -> float | None:
        return self.registry.get_sample_value(f"grandstand_{metric}_seconds_count")

    async def close(self) -> None:
        await self.moderator.close()
        await self.games.close()


MakeHouse = Callable[..., House]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[MakeHouse]:
    made: list[House] = []

    def make(**deadlines: int) -> House:
        made.append(House(tmp_path, **deadlines))
        return made[-1]

    yield make
    for each in made:
        await each.close()


def rewrite(path: Path, data: bytes) -> None:
    """Another model with the hash that its manifest says."""
    said = json.loads(path.with_name(NAME).read_bytes())
    sha256 = hashlib.sha256(data).hexdigest()
    path.write_bytes(data)
    path.with_name(NAME).write_text(json.dumps({**said, "sha256": sha256, "bytes": len(data)}))


def giving(*outputs: str) -> bytes:
    """A model that gives floats of the right names, and takes what nobody has."""
    return model(
        [("Identity", ["unheard_of"], each) for each in outputs],
        [info("unheard_of", FLOAT, ["n"])],
        [info(each, FLOAT, ["n"]) for each in outputs],
    )


def misshape(path: Path) -> None:
    """Put a model there that gives less, or more, than its manifest says."""
    if "predictor" in path.parts:
        rewrite(path, SCALAR)
    else:
        installation.install(path.parent, heads=[*installation.shipped().heads, "joyful"])


SCALAR = model(
    [
        ("Gather", ["strengths", "home_team"], "of_home"),
        ("Gather", ["strengths", "away_team"], "of_away"),
        ("MatMul", ["of_home", "of_away"], "lead"),
        ("Sigmoid", ["lead"], "home"),
    ],
    [info(each, INT64, ["games"]) for each in ("home_team", "away_team")],
    [info(each, FLOAT, []) for each in ("lead", "home")],
    [tensor("strengths", predictor.STRENGTHS)],
)

SPOILT = {
    "missing": (lambda path: path.unlink(), "no such file"),
    "no manifest": (lambda path: path.with_name(NAME).unlink(), "can't be read"),
    "wrong hash": (lambda path: path.write_bytes(b"?"), "is not the file that manifest.json"),
    "no model": (lambda path: rewrite(path, b"?"), "not a readable ONNX model"),
    "of another kind": (lambda path: path.with_name(NAME).write_text("{}"), "is no manifest"),
    "other outputs": (lambda path: rewrite(path, giving("mood")), "has no output"),
    "raises": (lambda path: rewrite(path, giving("opinions", "lead", "home")), "does not run"),
    "another shape": (misshape, "of shape"),
}


@pytest.mark.parametrize(("spoil", "why"), SPOILT.values(), ids=SPOILT.keys())
@pytest.mark.parametrize("name", ["scorer", "predictor"])
async def test_one_that_is_spoilt_is_named_and_both_in_use_work_on(
    house: MakeHouse, name: str, spoil: Callable[[Path], object], why: str
) -> None:
    here = house()
    path = here.scorer_path if name == "scorer" else here.predictor_path
    other = "predictor" if name == "scorer" else "scorer"
    spoil(path)
    with capture_logs() as logs:
        for _ in range(3):
            await here.scorer_reload._look(False)
            await here.predictor_reload._look(False)
    (told,) = logs
    kind = {"scorer": "comment scorer", "predictor": "predictor"}[name]
    assert (told["event"], told["model"]) == ("model_refused", kind)
    assert told["why"].startswith(f"{kind} {path.parent}")
    assert why in told["why"]
    assert (here.refused(name), here.refused(other)) == (1, 0)
    assert await here.both_work("after that")
    with pytest.raises(ModelError, match=why):
        (OnnxScorer if name == "scorer" else Predictor)(path)


async def test_each_has_metrics_of_its_own(house: MakeHouse) -> None:
    here = house()
    assert await here.both_work(TEXT)
    assert await here.lead() == 3
    assert (here.runs("scorer"), here.runs("predictor")) == (1, 2)
    labels = {"model": "scorer", "version": "s1"}
    assert here.registry.get_sample_value("grandstand_model_info", labels) == 1


async def test_one_that_is_slow_is_late_by_itself(house: MakeHouse) -> None:
    here = house(predictor_ms=100)
    slow = HeldPredictor(here.predictor_path)
    here.use(slow)
    waiting = asyncio.create_task(here.lead())
    await until(slow.began.is_set)
    assert await here.is_scored(TEXT)
    assert await waiting is None
    assert await here.lead() is None, "its one thread is overdue"
    assert (here.games.counts.late, here.games.counts.skipped) == (1, 1)
    slow.let_go.set()
    await until(lambda: here.games.counts.answered)


async def test_a_slow_scorer_keeps_no_other_waiting(house: MakeHouse) -> None:
    here = house(scorer_ms=100)
    slow = SlowScorer()
    here.moderator.use(slow)
    waiting = asyncio.create_task(here.is_scored(TEXT))
    await until(slow.began.is_set)
    assert await here.lead() == 3
    assert not await waiting
    assert await here.lead() == 3
    slow.let_go.set()


async def test_one_that_raises_fails_by_itself(house: MakeHouse) -> None:
    here = house()
    with capture_logs() as logs:
        assert await here.lead(UNKNOWN) is None
        assert await here.is_scored(TEXT)
    (told,) = logs
    assert (told["event"], told["model"], told["inputs"]) == ("model_failed", "predictor", 1)
    assert "out of data bounds" in str(told["exc_info"])
    assert here.games.counts.failed_batches == 1
    assert here.moderator.counts["failed_batches"] == 0
    assert await here.both_work("after that")


async def test_models_are_changed_between_batches_never_within_one(house: MakeHouse) -> None:
    here = house()
    old = HeldPredictor(here.predictor_path)
    here.use(old)

    def ask(*games: tuple[int, int]) -> asyncio.Task[set[float]]:
        async def leads(by: Predictor) -> set[float]:
            found = await here.games.ask(by, list(games), lambda rows: None)
            assert found is not None
            return {found[game].lead for game in games}

        return asyncio.create_task(leads(here.predictor))

    batches = [ask((1, 0))]
    await until(old.began.is_set)
    batches.append(ask((1, 0), (1, 2)))
    predictor.install(here.predictor_path.parent, "p2", graph((0, 10, 40)))
    await here.predictor_reload._look(False)
    assert here.predictor.manifest.version == "p2"
    batches += [ask((1, 0), (1, 2)), ask((2, 0))]
    await asyncio.sleep(0)
    old.let_go.set()
    assert [await each for each in batches] == [{1}, {1, -3}, {10, -30}, {40}]
    assert await here.is_scored(TEXT)


def saying(text: str) -> Callable[[Any], bool]:
    """Whether a frame shows a comment that says so."""
    return lambda frame: text in [each["text"] for each in frame.get("comments", ())]


@pytest.mark.parametrize(
    "scorer", [BrokenScorer(), SlowScorer(), None], ids=["raises", "slow", "missing"]
)
async def test_a_room_goes_on_whatever_its_scorer_does(
    tmp_path: Path, scorer: CountingScorer | None
) -> None:
    async with harness(tmp_path) as made:
        made.node.moderator.use(scorer)
        live = await made.room(moderation={"level": 2, "on_timeout": "allow"})
        async with (
            made.viewer(live.room, made.token()) as ada,
            made.viewer(live.room, made.token("bob")) as bob,
        ):
            for number in range(3):
                text = f"{TEXT} {number}"
                ack = await ada.ask("comment", id=str(number), text=text)
                assert ack["status"] == "accepted"
                await bob.first("frame", saying(text))
        if isinstance(scorer, SlowScorer):
            scorer.let_go.set()
