"""The archive between those who ask and a place that may be slow, full or away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from grandstand.archive import archive as module
from grandstand.archive.archive import (
    Archive,
    ArchiveAwayError,
    ArchiveBusyError,
    PartBrokenError,
    PartGoneError,
)
from grandstand.archive.parts import WORD_REVISIONS, Part, Span, unpack
from grandstand.archive.storage import Folder
from grandstand.domain.segments import MINUTE
from grandstand.telemetry import Metrics
from grandstand.wire.codec import encode
from grandstand.wire.highlights import Highlight
from grandstand.wire.messages import Comment, Frame
from prometheus_client import CollectorRegistry

from tests.waiting import until


class Place(Folder):
    """A folder that counts what it is asked, and can be held up or fail."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reads: list[str] = []
        self.lists = 0
        self.fault: Exception | None = None
        self.is_open = threading.Event()
        self.is_open.set()

    def _pass(self) -> None:
        self.is_open.wait(60)
        if self.fault is not None:
            raise self.fault

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        self._pass()
        return super().read(path)

    def write(self, path: str, data: bytes) -> None:
        self._pass()
        super().write(path, data)

    def names(self, folder: str) -> list[str]:
        self.lists += 1
        self._pass()
        return super().names(folder)


class Stage:
    def __init__(self, root: Path) -> None:
        self.place = Place(root)
        self.metrics = Metrics(CollectorRegistry())
        self.archive = Archive(self.place, self.metrics)

    def metric(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"grandstand_archive_{name}")


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.place.is_open.set()
    made.archive.close()


def part(since: int, until: int, before: int = 0) -> Part:
    return Part(since, until, before, {since: [b"frame"]})


async def test_what_was_written_is_found_by_its_segments(stage: Stage) -> None:
    archive = stage.archive
    assert await archive.part_of("r", "e", 4) is None
    await archive.write("r", "e", part(3, 5))
    await archive.write("r", "f", part(5, 7, 9))
    assert await archive.part_of("r", "e", 4) == part(3, 5)
    assert await archive.part_of("r", "e", 5) is None
    assert await archive.part_of("r", "f", 5) == part(5, 7, 9)
    assert await archive.epochs("r") == ["e", "f"]
    assert await archive.newest("r", "f") == part(5, 7, 9)
    assert await archive.newest("r", "g") is None


async def test_however_many_ask_a_part_is_read_once(stage: Stage) -> None:
    await stage.archive.write("r", "e", part(3, 5))
    stage.place.is_open.clear()
    asking = [asyncio.create_task(stage.archive.part_of("r", "e", 3)) for _ in range(50)]
    await until(lambda: stage.place.lists)
    stage.place.is_open.set()
    assert await asyncio.gather(*asking) == [part(3, 5)] * 50
    assert await stage.archive.part_of("r", "e", 4) == part(3, 5)
    assert len(stage.place.reads) == 1


async def test_too_many_are_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READERS", 2)
    stage.place.is_open.clear()
    asking = [asyncio.create_task(stage.archive.spans(f"r{n}", "e")) for n in range(2)]
    await until(lambda: stage.place.lists == 2)
    with pytest.raises(ArchiveBusyError):
        await stage.archive.spans("r2", "e")
    stage.place.is_open.set()
    assert await asyncio.gather(*asking) == [[], []]


async def test_epochs_that_somebody_makes_up_cost_one_list_of_the_room(stage: Stage) -> None:
    await stage.archive.write("r", "e", part(3, 5))
    stage.place.is_open.clear()
    asking = [asyncio.create_task(stage.archive.part_of("r", f"x{n}", 3)) for n in range(500)]
    await until(lambda: stage.place.lists)
    stage.place.is_open.set()
    assert await asyncio.gather(*asking) == [None] * 500
    assert stage.place.lists == 1


async def test_a_list_that_failed_is_made_anew(stage: Stage) -> None:
    await stage.archive.write("r", "e", part(3, 5))
    stage.place.fault = OSError(5, "Input/output error")
    with pytest.raises(ArchiveAwayError):
        await stage.archive.part_of("r", "e", 3)
    stage.place.fault = None
    assert await stage.archive.part_of("r", "e", 3) == part(3, 5)


async def test_what_is_kept_is_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 2500)
    for n in range(4):
        await stage.archive.write("r", "e", part(n, n + 1))
    for n in (0, 1, 2, 3, 3, 0):
        await stage.archive.part_of("r", "e", n)
    assert [Span.read(path.rpartition("/")[2]) for path in stage.place.reads] == [
        Span(n, n + 1) for n in (0, 1, 2, 3, 0)
    ]


async def test_a_part_that_became_part_of_a_longer_one_is_found_there(stage: Stage) -> None:
    for since in range(0, MINUTE, 10):
        await stage.archive.write("r", "e", part(since, since + 10, since // 10))
    assert len(await stage.archive.spans("r", "e")) == 3
    await Archive(stage.place, stage.metrics).compact("r", "e")  # another process
    found = await stage.archive.part_of("r", "e", 12)
    assert found is not None
    assert found.span == Span(0, MINUTE)
    assert [found.segment(n).before for n in (0, 10, 20)] == [0, 1, 2]  # type: ignore[union-attr]
    assert stage.place.names("r/e") == [Span(0, MINUTE).name]


async def test_one_that_is_away_says_so_once_and_when_it_is_back(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.place.fault = OSError(28, "No space left on device", "/secret/path")
    for _ in range(3):
        with pytest.raises(ArchiveAwayError, match=r"^No space left on device$"):
            await stage.archive.write("r", "e", part(0, 1))
    assert (stage.metric("up"), stage.metric("failures_total")) == (0, 3)
    stage.place.fault = None
    await stage.archive.write("r", "e", part(0, 1))
    assert stage.metric("up") == 1
    said = capsys.readouterr().out
    assert (said.count("archive_away"), said.count("archive_back")) == (1, 1)
    assert "secret" not in said


async def test_nobody_waits_longer_for_a_slow_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    stage.place.is_open.clear()
    with pytest.raises(ArchiveAwayError, match="no answer"):
        await stage.archive.write("r", "e", part(0, 1))
    assert stage.metric("up") == 0


async def test_a_broken_part_is_told_and_the_others_are_read(stage: Stage) -> None:
    await stage.archive.write("r", "e", part(0, 1))
    stage.place.write(f"r/e/{Span(1, 2).name}", b"nonsense")
    with pytest.raises(ArchiveAwayError, match="can't be read"):
        await stage.archive.part_of("r", "e", 1)
    assert await stage.archive.part_of("r", "e", 0) == part(0, 1)
    assert (stage.metric("up"), stage.metric("failures_total")) == (1, 1)


def said(since: int, until: int, *ids: str) -> Part:
    comments = [Comment(each, 1, "u", "Ada", "hi", 1.0) for each in ids]
    return Part(since, until, 0, {since: [encode(Frame(1, 1, comments=comments), "msgpack")]})


async def test_what_is_taken_out_is_gone_from_the_files(stage: Stage) -> None:
    archive, whole = stage.archive, said(3, 5, "a1", "a2")
    await archive.write("r", "e", whole)
    await archive.write("r", "f", said(7, 9, "a3"))
    assert await archive.parts_since("r", 5) == [("f", Span(7, 9))]
    for epoch, span in await archive.parts_since("r", 0):
        await archive.cut_again("r", epoch, span, {"a1", "a3", "a9"})
    found = await archive.part_of("r", "e", 3)
    assert found == whole.without({"a1"})
    ((_, span), _) = await archive.parts_since("r", 0)
    assert await archive.comments("r", "e", span) == {"a2"}
    assert await archive.cut_again("r", "e", span, {"a1"}) == (set(), False)
    assert len(stage.place.names("r/e")) == 1
    with pytest.raises(PartGoneError):
        await archive.cut_again("r", "e", Span(3, 5), {"a2"})


async def test_a_word_that_leaves_a_highlight_makes_other_bytes_and_another_revision(
    stage: Stage,
) -> None:
    told = Highlight(3.0, ["zorglub", "goal"], [], 1, 2, 2, id="h")
    frame = encode(Frame(1, 1, overlays=[told.overlay()]), "msgpack")
    whole = Part(3, 5, 0, {3: [frame]}, {3: frame})
    await stage.archive.write("r", "e", whole)
    assert await stage.archive.highlights("r", "e", Span(3, 5)) == [told, told]
    await stage.archive.cut_again("r", "e", Span(3, 5), (), {"h": {"zorglub"}})
    ((_, span),) = await stage.archive.parts_since("r", 0)
    assert await stage.archive.highlights("r", "e", span) == [told.without_words(["zorglub"])] * 2
    found = await stage.archive.part_of("r", "e", 3)
    assert found is not None
    assert found.revisions == found.snapshot_revisions == {3: WORD_REVISIONS}
    await stage.archive.cut_again("r", "e", span, (), {"h": {"zorglub"}})
    assert await stage.archive.part_of("r", "e", 3) == found


async def test_a_process_that_is_late_brings_nothing_back(stage: Stage) -> None:
    archive, whole = stage.archive, said(3, 5, "a1", "a2")
    await archive.write("r", "e", whole)
    await archive.cut_again("r", "e", Span(3, 5), {"a1"})
    await archive.write("r", "e", whole)  # held up since before
    found = await archive.part_of("r", "e", 4)
    assert found == whole.without({"a1"})
    await archive.write("r", "e", said(5, MINUTE + 2))
    await archive.compact("r", "e")
    left = [unpack(stage.place.read(f"r/e/{name}")) for name in stage.place.names("r/e")]
    assert [part.comments() for part in left] == [{"a2"}, set()]


async def test_a_broken_part_holds_up_nobody_who_writes(stage: Stage) -> None:
    await stage.archive.write("r", "e", part(0, 1))
    for span in (Span(1, 2), Span(2, MINUTE)):
        stage.place.write(f"r/e/{span.name}", b"nonsense")
    assert await stage.archive.newest("r", "e") == part(0, 1)
    await stage.archive.write("r", "e", part(MINUTE, MINUTE + 1))
    await stage.archive.compact("r", "e")
    assert len(stage.place.names("r/e")) == 4
    with pytest.raises(PartBrokenError):
        await stage.archive.cut_again("r", "e", Span(1, 2), {"a1"})


async def test_what_is_too_old_goes_and_so_does_a_deleted_room(stage: Stage) -> None:
    for epoch, since in (("e", 0), ("f", 10), ("f", 20)):
        await stage.archive.write("r", epoch, part(since, since + 5))
    await stage.archive.write("other", "e", part(0, 5))
    await stage.archive.trim("r", 16)
    assert stage.place.names("r") == ["f"]
    assert stage.place.names("r/f") == [Span(20, 25).name]
    await stage.archive.delete("r")
    await stage.archive.delete("r")
    assert (stage.place.names(""), await stage.archive.epochs("r")) == (["other"], [])
