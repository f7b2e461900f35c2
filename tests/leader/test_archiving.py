"""The archive gets every segment once, whatever dies, and a room never waits for it.

Segments are a tenth as long here as the contract has them: each of these tests waits for the end of
some.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.archive.archive import Archive
from grandstand.archive.parts import Part, unpack
from grandstand.archive.storage import Folder
from grandstand.domain import segments
from grandstand.domain.events import CommentEvent, HighlightFound, Retracted
from grandstand.domain.segments import MINUTE, runs
from grandstand.leader import archiving, supervisor
from grandstand.leader import room as rooms
from grandstand.leader.archiving import Archiving
from grandstand.leader.recut import Recut
from grandstand.replica import room as replicas
from grandstand.store import timeline
from grandstand.store.errors import ConflictError
from grandstand.store.job_cursors import JobCursors
from grandstand.telemetry import Metrics
from grandstand.wire.codec import decode_frame
from grandstand.wire.highlights import Highlight
from grandstand.wire.segments import decode_snapshot
from prometheus_client import CollectorRegistry

from tests.edge.harness import Harness
from tests.leader.test_supervisor import is_done, say
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

DURATION_MS = 200


class Place(Folder):
    """A folder that can be full."""

    is_full = False
    refused = 0

    def write(self, path: str, data: bytes) -> None:
        if self.is_full:
            self.refused += 1
            raise OSError(28, "No space left on device")
        super().write(path, data)


class Stage(Sequenced):
    """A room whose segments are archived."""

    def __init__(self, sequenced: Sequenced, root: Path) -> None:
        super().__init__(sequenced.hand)
        self.place = Place(root)
        self.archive = Archive(self.place, Metrics(CollectorRegistry()))
        self.job = Archiving(self.archive)

    def parts(self) -> list[Part]:
        """All that the archive has of the room, in order, within one epoch.

        What is cut again after it was listed goes by another name: then it is listed once more.
        """
        while True:
            try:
                return [unpack(self.place.read(path)) for path in self.paths()]
            except FileNotFoundError:
                pass

    def paths(self) -> list[str]:
        """The archive's names of what it has of the room."""
        room = self.live.room
        return [
            f"{room}/{epoch}/{name}"
            for epoch in self.place.names(room)
            for name in self.place.names(f"{room}/{epoch}")
        ]

    def archived(self) -> list[str]:
        """The texts of all archived comments."""
        return [
            comment.text
            for part in self.parts()
            for frames in part.frames.values()
            for frame in map(decode_frame, frames)
            for comment in frame.comments or []
        ]

    async def commits(self) -> list[int]:
        return [each.seq for each in await self.node.store.timeline.since(self.live.room, 0)]


@pytest.fixture(scope="module", autouse=True)
def short_segments() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (segments, archiving, replicas):
            patch.setattr(module, "DURATION_MS", DURATION_MS)
        yield


@pytest_asyncio.fixture(loop_scope="module")
async def room(
    node: Harness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Stage]:
    monkeypatch.setattr(supervisor, "PAUSE_S", 0.01)
    monkeypatch.setattr(archiving, "PAUSE_S", 0.01)
    monkeypatch.setattr(archiving, "LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr(archiving, "QUIET_MS", 0)
    made = Stage(Sequenced(await node.by_hand()), tmp_path)
    yield made
    await made.stop()
    made.archive.close()


async def test_a_room_that_falls_silent_is_archived_and_its_jobs_have_done(room: Stage) -> None:
    room.start(room.job)
    await say(room, "one", "two")
    await until(lambda: room.archived() == ["one", "two"] and is_done(room))
    await say(room, "three")
    await until(lambda: room.archived() == ["one", "two", "three"] and is_done(room))
    parts = room.parts()
    ((since, end),) = runs((part.since, part.until) for part in parts)
    assert (since, end > room.live.replica.segments.since) == (0, True)
    for part in parts:
        for n in part.frames:
            mine, ring = part.segment(n), room.live.replica.segments
            ring.close(n + 1)
            assert ring.get(n) == mine


async def test_who_takes_over_goes_on_without_a_hole_or_a_second_time(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.start(room.job)
    await say(room, "one")
    await until(lambda: room.archived() == ["one"] and is_done(room))
    with monkeypatch.context() as patch:
        patch.setattr(archiving, "QUIET_MS", 60_000)
        await say(room, "two")
        await room.stop()  # before it was written
    assert room.archived() == ["one"]

    async def fails(*_: object, **__: object) -> None:
        raise ConflictError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(JobCursors, "advance", fails)  # written, and not noted
        room.start(room.job)
        await until(lambda: room.archived() == ["one", "two"])
        await room.stop()
    room.start(room.job)
    await say(room, "three")
    await until(lambda: set(room.archived()) == {"one", "two", "three"} and is_done(room))
    parts = room.parts()
    assert len(runs((part.since, part.until) for part in parts)) == 1
    for part in parts:
        for n in range(part.since, min(part.until, part.since + 100)):
            assert len({each.segment(n) for each in parts if each.segment(n) is not None}) == 1


async def test_a_full_archive_holds_up_nothing_but_the_trimming(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "KEPT", 1)
    room.place.is_full = True
    room.start(room.job)
    await say(room, "a", "b", "c")
    await until(lambda: room.place.refused > 3)
    await say(room, "d", "e")
    assert await room.commits() == [1, 2, 3, 4, 5]
    room.place.is_full = False
    await until(lambda: room.archived() == ["a", "b", "c", "d", "e"] and is_done(room))
    await say(room, "f")
    assert await room.commits() in ([5, 6], [6])


async def test_what_the_job_missed_is_a_hole_between_the_parts(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "KEPT", 1)
    monkeypatch.setattr(rooms, "RECENT", 1)
    room.start(room.job)
    await say(room, "first")
    await until(lambda: room.archived() == ["first"] and is_done(room))
    room.place.is_full = True
    await say(room, "held up")
    await until(lambda: room.place.refused)
    with monkeypatch.context() as patch:
        patch.setattr(timeline, "LAG_MS", -1)
        await say(room, *(f"lost {n}" for n in range(4)))
    room.place.is_full = False
    await until(lambda: is_done(room) or len(room.parts()) > 1)

    async def goes_on() -> bool:
        await say(room, "later")
        return "later" in room.archived()

    await until(goes_on)
    spans = runs((part.since, part.until) for part in room.parts())
    assert len(spans) == 2
    assert not any(text.startswith("lost") for text in room.archived())


def revisions(room: Stage) -> set[int]:
    return {revision for part in room.parts() for revision in part.revisions.values()}


async def take_back(room: Stage, *ids: str) -> None:
    await room.append(*(Retracted(uuid4().hex, each, "u") for each in ids))


async def test_what_is_taken_back_leaves_the_archive_whoever_leads(room: Stage) -> None:
    room.start(room.job)
    ids = await room.append(*room.said("one", "two", "three"))
    await say(room, "four")
    await until(lambda: set(room.archived()) == {"one", "two", "three", "four"} and is_done(room))
    await take_back(room, ids[0])
    await until(lambda: set(room.archived()) == {"two", "three", "four"})
    await until(lambda: is_done(room))
    await take_back(room, ids[0], ids[1])
    await room.stop()
    room.start(room.job)
    await until(lambda: set(room.archived()) == {"three", "four"} and is_done(room))
    assert revisions(room) == {2}


def highlighted(room: Stage) -> list[list[str]]:
    """The words of all archived versions of highlights."""
    return [each.words for part in room.parts() for each in part.highlights()]


@pytest.mark.parametrize("is_written", [True, False], ids=["written", "not yet written"])
async def test_words_that_were_taken_back_leave_archived_highlights_unless_others_say_them(
    room: Stage, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    if is_written:
        monkeypatch.setattr(archiving, "TOGETHER", 1)
    room.start(room.job)
    now = room.live.now()
    said = [
        CommentEvent(f"u{n}", "N", now, text, 5.0, 0.0, 0.0, n)
        for n, text in enumerate(["zorglub goal", *(f"goal {name}" for name in "abc")])
    ]
    bad, *_ = await room.append(*said)
    told = Highlight(3.0, ["zorglub", "goal"], [], now, now, now, id="h")
    await room.append(HighlightFound("found", told.overlay()))
    await say(room, "one")
    if is_written:
        await until(lambda: ["zorglub", "goal"] in highlighted(room) and is_done(room))
    await take_back(room, bad)
    await until(lambda: highlighted(room) and is_done(room))
    await until(lambda: {*map(tuple, highlighted(room))} == {("goal",)})
    assert "zorglub goal" not in room.archived()


async def test_the_cursor_waits_for_what_is_to_be_cut_again(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "TOGETHER", 1)
    room.start(room.job)
    (comment,) = await room.append(*room.said("one"))
    await say(room, "two")
    await until(lambda: "two" in room.archived() and is_done(room))
    before = room.live.replica.seq

    async def goes_on(_: Recut) -> bool:
        await asyncio.sleep(0)
        return True

    async def is_written() -> bool:
        await say(room, "three")
        return "three" in room.archived()

    with monkeypatch.context() as patch:
        patch.setattr(Recut, "step", goes_on)
        await take_back(room, comment)
        await until(lambda: room.live.replica.seq > before)
        await until(is_written)
        at = room.works[0][0]._cursors["archive"].at
        await room.stop()
    assert at is not None
    assert at.seq == before
    room.start(room.job)
    await until(lambda: "one" not in room.archived() and is_done(room))


async def test_what_was_taken_back_while_the_job_missed_commits_goes_nevertheless(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "KEPT", 1)
    monkeypatch.setattr(rooms, "RECENT", 1)
    room.start(room.job)
    (comment,) = await room.append(*room.said("taken back"))
    await say(room, "first")
    await until(lambda: "first" in room.archived() and is_done(room))
    room.place.is_full = True
    await say(room, "held up")
    await until(lambda: room.place.refused)
    with monkeypatch.context() as patch:
        patch.setattr(timeline, "LAG_MS", -1)
        await take_back(room, comment)
        await say(room, *(f"lost {n}" for n in range(4)))
    room.place.is_full = False

    async def goes_on() -> bool:
        await say(room, "later")
        return "later" in room.archived() and "taken back" not in room.archived()

    await until(goes_on)
    assert {"first", "held up"} <= set(room.archived())


async def test_a_new_epoch_is_archived_beside_the_old_one(room: Stage) -> None:
    room.start(room.job)
    await say(room, "before")
    store, name = room.node.store, room.live.room
    head = (await store.timeline.load(name)).head
    run = await store.rooms.history(name)
    epoch = await store.timeline.renew_epoch(name, head, run, head.seq, head.offset)
    await room.stop()
    room.live.catch_up(head.seq + 1)
    await until(lambda: room.live.replica.epoch == epoch)
    room.start(room.job)
    await say(room, "after")
    await until(lambda: set(room.archived()) == {"before", "after"} and is_done(room))
    assert set(room.place.names(name)) == {head.epoch, epoch}


async def test_minutes_begin_with_the_state_that_they_found(room: Stage) -> None:
    room.start(room.job)
    await say(room, "one")
    await until(lambda: "one" in room.archived() and is_done(room))
    # Nothing happened from the beginning of time on: of those minutes the first has a snapshot.
    (found,) = [part.snapshots for part in room.parts() if part.snapshots]
    assert list(found) == [MINUTE]
    state = decode_snapshot(found[MINUTE])
    assert (state.now, state.offset, state.recent) == (MINUTE * DURATION_MS, 0, [])
