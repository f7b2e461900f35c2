"""What a job is given: each commit once, in order, and word of those that it missed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from grandstand.domain.events import SettingsPut
from grandstand.leader import room as rooms
from grandstand.leader import supervisor
from grandstand.leader.commits import Batch, Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.store import keys, timeline

from tests.edge.harness import Harness
from tests.leader.test_supervisor import Following, is_done, metric, say
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def room(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sequenced]:
    monkeypatch.setattr(supervisor, "PAUSE_S", 0.01)
    made = Sequenced(await node.by_hand())
    yield made
    await made.stop()


async def kept(room: Sequenced) -> list[int]:
    return [each.seq for each in await room.node.store.timeline.since(room.live.room, 0)]


async def test_who_is_slow_reads_from_the_store_what_is_not_held_any_more(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "RECENT", 2)
    following = Following()
    following.may_move.clear()
    room.start(following)
    await say(room, "a")
    await until(lambda: following.seqs == [1])
    await say(room, *map(str, range(6)))
    following.may_move.set()
    await until(lambda: following.seqs == [1, 2, 3, 4, 5, 6, 7])
    assert not any(batch.missed for batch in following.batches)


async def test_the_timeline_waits_for_the_slowest_and_goes_when_it_moves(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "KEPT", 2)
    slow, quick = Following(), Following()
    slow.name = "slow"
    slow.may_move.clear()
    room.start(slow, quick)
    await say(room, *map(str, range(8)))
    assert await kept(room) == [1, 2, 3, 4, 5, 6, 7, 8]
    slow.may_move.set()
    await until(lambda: slow.seqs == [1, 2, 3, 4, 5, 6, 7, 8] and is_done(room))
    await say(room, "last")
    assert await kept(room) == [8, 9]


@pytest.mark.parametrize("bound", ["LAG_BYTES", "LAG_MS"])
async def test_who_lags_too_far_is_told_what_it_missed(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(timeline, "KEPT", 2)
    monkeypatch.setattr(rooms, "RECENT", 1)
    following = Following()
    following.may_move.clear()
    room.start(following)
    await say(room, "a")
    await until(lambda: following.seqs == [1])
    monkeypatch.setattr(timeline, bound, -1)
    await say(room, *map(str, range(5)))
    assert await kept(room) == [5, 6]
    following.may_move.set()
    await until(lambda: following.seqs == [1, 5, 6])
    assert [list(batch.missed) for batch in following.batches if batch.missed] == [[2, 3, 4]]
    assert metric(room, "job_missed_commits_total", "following") == 3


async def test_a_new_epoch_keeps_what_a_job_has_still_to_read(room: Sequenced) -> None:
    following = Following()
    following.may_move.clear()
    task = room.start(following)
    await say(room, "a", "b")
    await until(lambda: following.batches)
    store, name = room.node.store, room.live.room
    head = (await store.timeline.load(name)).head
    await store.timeline.renew_epoch(name, head, "run", head.seq + 3, head.offset)
    await until(task.done)  # a sequencer of the epoch that is over
    await room.stop()
    assert await kept(room) == [1, 2]
    following.may_move.set()
    room.start(following)
    await room.append(*room.said("c"))
    await until(lambda: following.seqs[-1:] == [6])
    done = [batch for batch in following.batches if batch.seq > 2][-1]
    assert {commit.seq for batch in following.batches for commit in batch.commits} == {1, 2, 6}
    assert list(next(each.missed for each in following.batches if each.missed)) == [3, 4, 5]
    assert done.epoch != head.epoch


async def test_what_a_job_finds_out_enters_with_the_move_or_not_at_all(room: Sequenced) -> None:
    class Finding:
        name = "finding"

        async def run(self, at: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
            async for batch in commits:
                found = SettingsPut(f"found {batch.seq}", {"title": f"at {batch.seq}"}, merge=True)
                await cursor.move(batch, [found] if batch.seq < 3 else [])

    room.start(Finding())
    await room.append(*room.said("a"))
    await until(lambda: room.live.replica.state.settings.title == "at 2")
    await until(lambda: is_done(room))
    cursor = await room.node.store.rooms._reader.ask("HGET", keys.jobs(room.live.room), "finding")
    assert cursor.decode().split("|")[1] == "3"


async def test_another_who_moved_the_cursor_sends_the_job_back_to_it(room: Sequenced) -> None:
    following = Following()
    following.may_move.clear()
    room.start(following)
    await say(room, "a", "b", "c")
    await until(lambda: following.seqs[:1] == [1])
    jobs = room.node.store.job_cursors
    at = await jobs.enroll(room.live.room, "following")
    after = type(at)(room.live.replica.epoch, 2)
    await jobs.advance(room.live.room, "following", at, after)
    following.may_move.set()
    await until(lambda: following.seqs[-1] == 3)
    assert following.batches[-1].commits[0].seq == 3


async def test_a_cursor_does_not_move_before_commits_were_asked_for() -> None:
    cursor = Cursor(LeaderRoom("a", None), "test")  # type: ignore[arg-type]  # nothing is asked
    with pytest.raises(RuntimeError):
        await cursor.move(Batch((), range(1), "e", 1, 0))
