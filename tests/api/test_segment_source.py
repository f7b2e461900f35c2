"""Where segments come from when the ring has them no more, and what asking costs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from grandstand.api import segment_source as module
from grandstand.api.segment_source import Encoded, SegmentSource
from grandstand.archive.archive import Archive
from grandstand.archive.parts import Part
from grandstand.archive.storage import Folder
from grandstand.domain.segments import DURATION_MS, MINUTE, Name, Shown, path
from grandstand.domain.state import RoomState
from grandstand.replica.room import LiveRoom
from grandstand.telemetry import Metrics
from grandstand.wire.codec import encode
from grandstand.wire.messages import Comment, Frame
from grandstand.wire.segments import encode as encode_document
from prometheus_client import CollectorRegistry

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Place(Folder):
    """A folder that can be away, or hang."""

    is_away = False

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.may_answer = threading.Event()
        self.may_answer.set()

    def names(self, folder: str) -> list[str]:
        self.may_answer.wait(60)
        if self.is_away:
            raise OSError(5, "Input/output error")
        return super().names(folder)


class Stage:
    """A node whose archive has two minutes of an hour ago, with a hole between them."""

    def __init__(self, live: LiveRoom, root: Path) -> None:
        self.live = live
        self.place = Place(root)
        self.archive = Archive(self.place, Metrics(CollectorRegistry()))
        self.source = SegmentSource(self.archive)
        self.first = (live.now() // DURATION_MS - 1800) // MINUTE * MINUTE

    async def fill(self) -> None:
        first, room = self.first, self.live.room
        said = [self.frame(1, first), self.frame(2, first + 3)]
        begun = Shown.of(RoomState(), 0).snapshot(room, "old", first)
        await self.archive.write(
            room,
            "old",
            Part(
                first,
                first + 20,
                0,
                {first: said[:1], first + 3: said[1:]},
                {first: encode_document(begun, "msgpack")},
            ),
        )
        await self.archive.write(
            room, "old", Part(first + 22, first + 70, 2, {first + 22: [self.frame(3, first + 22)]})
        )

    def frame(self, offset: int, n: int) -> bytes:
        now = n * DURATION_MS + 5
        said = Comment(f"a{offset}", now, "u", "Ada", f"text {offset}", 1.0)
        return encode(Frame(now, offset, comments=[said]), "msgpack")

    async def around(self, n: int) -> Any:
        found = await self.source.index(self.live, n * DURATION_MS)
        assert found is not None
        return msgspec.json.decode(found.body)


@pytest_asyncio.fixture(loop_scope="session")
async def stage(on_stage: Harness, tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(await on_stage.live(await on_stage.room()), tmp_path)
    await made.fill()
    yield made
    made.archive.close()


async def test_the_past_is_listed_with_its_state_and_with_what_is_missing(stage: Stage) -> None:
    first, room = stage.first, stage.live.room
    told = await stage.around(first + 5)
    here = [*range(first, first + 20), *range(first + 22, first + 35)]
    assert [each["n"] for each in told["segments"]] == here
    assert [each["offsets"] for each in told["segments"][:4]] == [[1, 1], [2, 1], [2, 1], [2, 2]]
    hole = [(first + 20) * DURATION_MS, (first + 22) * DURATION_MS]
    assert told["missing"] == [hole]
    assert told["snapshot"] == path(room, "old", Name(first), "snapshots")
    # A minute later nothing is missing but what was never archived, and the snapshot is as near.
    later = await stage.around(first + 35)
    assert [each["n"] for each in later["segments"]] == list(range(first + 30, first + 65))
    assert "missing" not in later
    assert (await stage.around(first - 500))["segments"] == []


async def test_what_the_archive_has_is_served_in_both_forms(stage: Stage) -> None:
    n = stage.first + 3
    packed = await stage.source.segment(stage.live, "old", Name(n))
    plain = await stage.source.segment(stage.live, "old", Name(n, codec="json"))
    assert isinstance(packed, Encoded)
    assert isinstance(plain, Encoded)
    told = msgspec.json.decode(plain.body)
    assert msgspec.msgpack.decode(packed.body) == told
    assert [each["comments"][0]["text"] for each in told["frames"]] == ["text 2"]
    assert told["next"] == path(stage.live.room, "old", Name(n + 1))
    for missing in (stage.first - 1, stage.first + 21, stage.first + 70):
        assert await stage.source.segment(stage.live, "old", Name(missing)) is None
    assert await stage.source.segment(stage.live, "never", Name(n)) is None
    for codec in ("msgpack", "json"):
        state = await stage.source.snapshot(stage.live, "old", Name(stage.first, codec=codec))
        assert state is not None
    assert await stage.source.snapshot(stage.live, "old", Name(n)) is None


async def test_an_archive_that_is_away_takes_nothing_from_live(stage: Stage) -> None:
    stage.place.is_away = True
    found = await stage.source.index(stage.live, None)
    assert found is not None
    live = stage.live.replica
    newest = Name(live.segments.until - 1)
    assert await stage.source.segment(stage.live, live.epoch, newest) is not None


async def test_an_index_of_the_present_does_not_wait_for_an_archive_that_hangs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HURRY_S", 0.01)
    stage.live.replica.segments._cuts.forget_before(stage.live.replica.segments.until)
    stage.place.may_answer.clear()
    try:
        found = await stage.source.index(stage.live, None)
    finally:
        stage.place.may_answer.set()
    assert found is not None


async def test_an_index_is_made_once_for_all_who_ask(stage: Stage) -> None:
    asked = [stage.source.index(stage.live, None) for _ in range(50)]
    found = await asyncio.gather(*asked)
    assert len({id(each) for each in found}) == 1


async def test_what_is_kept_is_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def get(n: int) -> Encoded:
        found = await stage.source.segment(stage.live, "old", Name(n))
        assert isinstance(found, Encoded)
        return found

    size = len((await get(stage.first + 1)).body)
    monkeypatch.setattr(module, "KEPT_BYTES", 2 * size)
    one = await get(stage.first + 1)
    assert await get(stage.first + 1) is one
    await get(stage.first + 2)
    assert await get(stage.first + 1) is one  # the newest asked for stay
    await get(stage.first + 4)
    assert await get(stage.first + 1) is one
    await get(stage.first + 5)
    await get(stage.first + 6)
    assert await get(stage.first + 1) is not one
