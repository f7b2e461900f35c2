"""Real files, put in place and spoilt as operators do, while those who use the model go on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from grandstand.inference.manifest import NAME
from grandstand.inference.reload import Reload
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.telemetry import ModelsMetrics
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tests.inference import predictor
from tests.inference.predictor import Predictor
from tests.moderation.installation import SHIPPED, install, manifest_of, thresholds
from tests.waiting import until

PAUSE_S = 0.02
TEXT = "what a night"


class CountedReload(Reload[OnnxScorer]):
    """Counts how often it has looked."""

    looks = 0

    async def _look(self, is_asked: bool) -> None:
        await super()._look(is_asked)
        self.looks += 1


@dataclass(slots=True)
class Watched:
    """A moderator whose model's files are watched."""

    path: Path
    moderator: Moderator
    reload: CountedReload
    registry: CollectorRegistry
    logs: list[Any]

    def count(self, outcome: str) -> float:
        name = "grandstand_model_reloads_total"
        labels = {"model": "scorer", "outcome": outcome}
        return self.registry.get_sample_value(name, labels) or 0.0

    def version(self) -> str:
        (family,) = (
            each for each in self.registry.collect() if each.name == "grandstand_model_info"
        )
        (sample,) = family.samples
        return sample.labels["version"]

    async def verdict(self) -> str:
        (judged,) = await self.moderator.judge([TEXT], Policy())
        return judged.action

    async def look_about(self, times: int = 5) -> None:
        """Wait for several looks."""
        enough = self.reload.looks + times
        await until(lambda: self.reload.looks >= enough)


Watch = Callable[..., Watched]


@pytest_asyncio.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    """Watches a model with the shipped one's scores that shows everything."""
    tasks: list[asyncio.Task[None]] = []
    moderators: list[Moderator] = []
    folder = tmp_path / "current"
    (tmp_path / "one").mkdir()
    folder.symlink_to("one")

    with capture_logs() as logs:

        def begin(pause_s: float = PAUSE_S, by_manifest: bool = False) -> Watched:
            path = install(folder, version="first", thresholds=thresholds(1, 1))
            path = path.with_name(NAME) if by_manifest else path
            registry = CollectorRegistry()
            metrics = ModelsMetrics(registry).of("scorer", "comments")
            scorer = OnnxScorer(path)
            moderator = Moderator(scorer, Rules.load(), 5_000, metrics=metrics)
            moderators.append(moderator)
            reload = CountedReload(path, scorer, OnnxScorer, moderator.use, 5_000, metrics, pause_s)
            tasks.append(asyncio.create_task(reload.run()))
            return Watched(path, moderator, reload, registry, logs)

        yield begin
        for task in tasks:
            assert not task.done(), "the watching has ended"
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for moderator in moderators:
            await moderator.close()


async def test_a_new_model_in_the_old_one_s_place_is_taken_into_use(watch: Watch) -> None:
    here = watch()
    assert (await here.verdict(), here.version()) == ("show", "first")
    install(here.path.parent, version="second", thresholds=thresholds(0, 0))
    await until(lambda: here.count("ok") == 1)
    assert (await here.verdict(), here.version()) == ("reject", "second")
    await here.look_about()
    assert (here.count("ok"), here.count("failed")) == (1, 0)
    (told,) = here.logs
    assert (told["event"], told["version"], told["before"]) == ("model_reloaded", "second", "first")


async def test_a_model_under_a_new_name_is_taken_by_its_manifest(watch: Watch) -> None:
    here = watch(by_manifest=True)
    install(here.path.parent, "next.onnx", version="second")
    await until(lambda: here.version() == "second")
    install(here.path.parent, "third.onnx", version="third")
    await until(lambda: here.version() == "third")
    assert here.count("failed") == 0


async def test_a_folder_that_is_replaced_as_a_whole_is_noticed(
    watch: Watch, tmp_path: Path
) -> None:
    here = watch()
    (tmp_path / "two").mkdir()
    install(tmp_path / "two", version="second")
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(here.path.parent)
    await until(lambda: here.version() == "second")
    assert here.count("failed") == 0


async def test_half_of_a_new_model_is_not_yet_one(watch: Watch) -> None:
    here = watch(pause_s=3600)
    new = here.path.with_name("new")
    new.write_bytes(here.path.read_bytes() + b"more")
    new.replace(here.path)
    await here.reload._look(False)
    assert (await here.verdict(), here.logs) == ("show", [])
    install(here.path.parent, version="second")
    await here.reload._look(False)
    assert here.version() == "second"
    assert here.count("failed") == 0
    assert [each["event"] for each in here.logs] == ["model_reloaded"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (NAME, b"{"),
        (NAME, manifest_of(SHIPPED, sha256="0" * 64)),
        ("model.onnx", b"no model"),
        ("model.onnx", None),
        (NAME, None),
    ],
    ids=["no manifest", "of another", "no model", "model gone", "manifest gone"],
)
async def test_a_broken_one_is_told_once_and_counted_and_the_old_works_on(
    watch: Watch, name: str, data: bytes | None
) -> None:
    here = watch()
    spoilt = here.path.with_name(name)
    if data is None:
        spoilt.unlink()
    else:
        spoilt.write_bytes(data)
    await until(lambda: here.count("failed") == 1)
    await here.look_about()
    assert here.count("failed") == 1
    (told,) = here.logs
    assert (told["event"], told["version_in_use"]) == ("model_refused", "first")
    assert "\n" not in told["why"]
    assert str(here.path.parent) in told["why"]
    assert (await here.verdict(), here.version()) == ("show", "first")
    install(here.path.parent, version="second")
    await until(lambda: here.version() == "second")


async def test_a_model_that_is_whole_but_not_for_this_server_is_refused(watch: Watch) -> None:
    here = watch()
    install(here.path.parent, version="second", features="of another time")
    await until(lambda: here.count("failed") == 1)
    (told,) = here.logs
    assert "takes features 'of another time'" in told["why"]
    assert (await here.verdict(), here.version()) == ("show", "first")


async def test_asked_it_looks_at_once_and_says_what_it_found(watch: Watch) -> None:
    here = watch(pause_s=3600)
    here.reload.now()
    await until(lambda: bool(here.logs))
    assert here.logs.pop()["event"] == "model_unchanged"
    install(here.path.parent, version="second")
    here.reload.now()
    await until(lambda: here.version() == "second")
    here.path.write_bytes(b"no model")
    here.reload.now()
    await until(lambda: here.count("failed") == 1)


async def test_a_file_that_was_only_touched_changes_nothing(watch: Watch) -> None:
    here = watch()
    await here.look_about()
    os.utime(here.path)
    install(here.path.parent, version="first", thresholds=thresholds(1, 1))
    await here.look_about()
    assert here.logs == []
    assert here.count("ok") == 0


async def test_no_comment_is_lost_or_judged_by_two_models_while_they_change(watch: Watch) -> None:
    """Every model of a row rejects or shows all: whoever mixed two would be seen."""
    here = watch(pause_s=0.05)
    verdicts: list[list[str]] = []
    over = asyncio.Event()

    async def talk(viewer: int) -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            texts = [f"viewer {viewer} says {turn} {n}" for n in range(20)]
            judged = await here.moderator.judge(texts, Policy())
            assert len(judged) == len(texts)
            assert all(each.scored for each in judged)
            verdicts.append([each.action for each in judged])

    talking = [asyncio.create_task(talk(viewer)) for viewer in range(5)]
    for turn in range(1, 9):
        strict = turn % 2
        rows = thresholds(0, 0) if strict else thresholds(1, 1)
        install(here.path.parent, version=f"turn {turn}", thresholds=rows)
        await until(lambda turn=turn: here.version() == f"turn {turn}")  # type: ignore[misc]
        expected = "reject" if strict else "show"
        assert await here.verdict() == expected
        before = len(verdicts)
        await until(lambda before=before: len(verdicts) > before + 10)  # type: ignore[misc]
        assert set(verdicts[-1]) == {expected}
    over.set()
    await asyncio.gather(*talking)
    assert all(len(set(batch)) == 1 for batch in verdicts)
    assert {batch[0] for batch in verdicts} == {"show", "reject"}
    assert here.moderator.counts["late"] == here.moderator.counts["skipped"] == 0
    assert here.count("failed") == 0


# --- a model of another kind ---------------------------------------------------------------------


class Seat:
    """What has a predictor in use, and may refuse another."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self.is_broken = False

    def use(self, predictor: Predictor) -> None:
        if self.is_broken:
            raise RuntimeError("of our own making")
        self.predictor = predictor


def beginning(path: Path, deadline_ms: float = 5_000) -> tuple[Seat, Reload[Predictor]]:
    """A predictor in use, whose files are looked at when the test says so."""
    seat = Seat(Predictor(path))
    metrics = ModelsMetrics().of("predictor", "games")
    reload = Reload(path, seat.predictor, Predictor, seat.use, deadline_ms, metrics)
    return seat, reload


async def test_a_model_of_any_kind_is_taken_into_use(tmp_path: Path) -> None:
    seat, reload = beginning(predictor.install(tmp_path))
    assert seat.predictor.predict([(2, 1)])[0].lead == 3
    predictor.install(tmp_path, "2", predictor.graph((0, 0, 8)))
    with capture_logs() as logs:
        await reload._look(False)
    assert seat.predictor.predict([(2, 1)])[0].lead == 8
    (told,) = logs
    assert (told["event"], told["model"], told["version"]) == ("model_reloaded", "predictor", "2")


async def test_a_model_of_another_kind_in_its_place_is_refused(tmp_path: Path) -> None:
    seat, reload = beginning(predictor.install(tmp_path))
    before = seat.predictor
    install(tmp_path)
    with capture_logs() as logs:
        await reload._look(True)
    assert seat.predictor is before
    (told,) = logs
    assert told["event"] == "model_refused"
    assert "is no manifest" in told["why"]


async def test_an_error_of_our_own_leaves_the_model_in_use_and_the_watching_alive(
    tmp_path: Path,
) -> None:
    seat, reload = beginning(predictor.install(tmp_path))
    before = seat.predictor
    predictor.install(tmp_path, "2")
    seat.is_broken = True
    with capture_logs() as logs:
        await reload._look(False)
        await reload._look(False)
    assert seat.predictor is before
    (told,) = logs
    assert (told["event"], told["version_in_use"]) == ("model_refused", "1")
    assert told["why"] == f"predictor {tmp_path / 'model.onnx'}: RuntimeError"
    assert str(told["exc_info"]) == "of our own making"
    seat.is_broken = False
    await reload._look(True)
    assert seat.predictor.manifest.version == "2"


async def test_a_model_that_is_slower_than_its_deadline_is_named_and_used(tmp_path: Path) -> None:
    seat, reload = beginning(predictor.install(tmp_path), deadline_ms=0)
    seat.predictor.probe_ms = 12.34
    with capture_logs() as logs:
        watching = asyncio.create_task(reload.run())
        await until(lambda: logs)
        predictor.install(tmp_path, "2")
        reload.now()
        await until(lambda: len(logs) == 3)
        watching.cancel()
    assert logs[0] == {
        "event": "model_slow",
        "log_level": "warning",
        "model": "predictor",
        "version": "1",
        "probe_ms": 12.3,
        "deadline_ms": 0,
    }
    assert [each["event"] for each in logs[1:]] == ["model_reloaded", "model_slow"]
    assert seat.predictor.manifest.version == "2"
