"""A viewer is erased wherever the room has what it said, whatever dies meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from grandstand.domain.erasure_events import ViewerErased
from grandstand.domain.events import CommentEvent
from grandstand.leader import erasing as module
from grandstand.leader import supervisor
from grandstand.leader.erasing import Erasing
from grandstand.store import record
from grandstand.store.errors import ConflictError
from grandstand.store.record import Record
from grandstand.wire.codec import decode_frame

from tests.edge.harness import Harness
from tests.leader.test_supervisor import Following, say
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Stage(Sequenced):
    """A room in which two viewers speak."""

    def by(self, user: str, *texts: str) -> list[CommentEvent]:
        now = self.live.now()
        return [CommentEvent(user, "N", now, text, 5.0, 0.0, 0.0, hash(text)) for text in texts]

    async def texts(self) -> list[str]:
        rows = self.node.store.record.rows(self.live.room, 0, 2**53, shown_only=False)
        return [row.text async for row in rows]

    @property
    def retracted(self) -> list[str]:
        frames = [frame for commit in self.listener.commits for frame in commit.frames]
        return [each for frame in map(decode_frame, frames) for each in frame.retract or []]

    def is_erased(self, user: str) -> bool:
        ends = [commit.private.erasures.get(user, 0) is None for commit in self.listener.commits]
        return any(ends) and user not in self.live.replica.state.erasures

    async def commits(self) -> list[int]:
        return [each.seq for each in await self.node.store.timeline.since(self.live.room, 0)]


@pytest_asyncio.fixture(loop_scope="module")
async def room(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(supervisor, "PAUSE_S", 0.01)
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    made = Stage(await node.by_hand())
    yield made
    await made.stop()


async def test_all_that_a_viewer_said_is_taken_back_and_emptied(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "TOGETHER", 2)
    monkeypatch.setattr(record, "SLICE", 2)
    room.start(Erasing())
    ids = await room.append(*room.by("ada", *"abcdefg"))
    await room.append(*room.by("bo", "I quote ada"))
    await say(room, "last")
    await room.append(ViewerErased("erase", "ada"))

    async def is_emptied() -> bool:
        return await room.texts() == ["I quote ada", "last"]

    await until(is_emptied)
    await until(lambda: set(room.retracted) == set(ids))
    assert await room.node.store.record.size(room.live.room) == 9
    assert await room.node.store.record.retracted_of(room.live.room, ids) == set(ids)
    assert not room.is_erased("ada")  # the timeline still has it


async def test_the_timeline_forgets_what_was_before_and_then_the_erasure_ends(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FORGET_MS", 0)
    following = Following()
    following.may_move.clear()  # a job lags
    room.start(Erasing(), following)
    await say(room, "before")
    await until(lambda: following.batches)
    await room.append(*room.by("ada", "a"), ViewerErased("erase", "ada"))
    await say(room, "after")
    assert (await room.commits())[0] == 1
    assert not room.is_erased("ada")
    following.may_move.set()
    await until(lambda: room.is_erased("ada"))
    commits = await room.node.store.timeline.since(room.live.room, 0)
    assert all(commit.private.erasures.get("ada") is None for commit in commits)
    await until(lambda: not room.works[0][0].is_at_work)


async def test_after_ten_minutes_a_job_that_lags_holds_up_nothing(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FORGET_MS", 0)
    monkeypatch.setattr(module, "LATEST_MS", 0)
    following = Following()
    following.may_move.clear()
    room.start(Erasing(), following)
    await say(room, "before")
    await until(lambda: following.batches)
    await room.append(*room.by("ada", "a"), ViewerErased("erase", "ada"))
    await until(lambda: room.is_erased("ada"))
    assert (await room.commits())[0] > 1


async def test_who_takes_over_goes_on(room: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    room.start(Erasing())
    (comment,) = await room.append(*room.by("ada", "a"))
    await say(room, "last")

    async def fails(*_: object, **__: object) -> None:
        raise ConflictError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(Record, "empty", fails)
        await room.append(ViewerErased("erase", "ada"))
        await until(lambda: room.retracted.count(comment) > 1)
        await room.stop()
    assert await room.texts() == ["last"]  # it is taken back, and its row still tells
    found = await room.node.store.record.find(room.live.room, comment)
    assert found is not None
    assert found.text == "a"
    room.start(Erasing())

    async def is_emptied() -> bool:
        row = await room.node.store.record.find(room.live.room, comment)
        return row is not None and (row.text, row.user) == ("", "")

    await until(is_emptied)
