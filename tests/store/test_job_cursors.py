from __future__ import annotations

from collections.abc import Sequence

import pytest
from grandstand.store import keys
from grandstand.store.errors import ConflictError, RoomEndedError, RoomGoneError, StoreUnavailable
from grandstand.store.job_cursors import JobCursor
from grandstand.store.store import Store
from grandstand.store.timeline import Head

from tests.proxy import CuttingProxy
from tests.store.test_timeline import after, move


async def test_a_cursor_is_where_it_was_moved_to(store: Store) -> None:
    await store.rooms.create("r", "made")
    head = (await store.timeline.load("r")).head
    await move(store, head, after(head))
    start = await store.job_cursors.enroll("r", "job")
    assert (start.epoch, start.seq) == (head.epoch, 0)
    assert await store.job_cursors.enroll("r", "job") == start
    to = JobCursor(head.epoch, 1)
    await store.job_cursors.advance("r", "job", start, to, [b"found"])
    assert await store.job_cursors.enroll("r", "job") == to
    assert [each.payload for each in await store.ingest.read("r", "0", 9)] == [b"found"]
    with pytest.raises(ConflictError):
        await store.job_cursors.advance("r", "job", start, JobCursor(head.epoch, 1))


async def test_a_move_whose_answer_was_lost_is_sent_again_and_made_once(
    store: Store, proxy: CuttingProxy
) -> None:
    await store.rooms.create("r", "made")
    start = await store.job_cursors.enroll("r", "job")
    to = JobCursor(start.epoch, 0)
    proxy.cut_after("EVALSHA")
    with pytest.raises(StoreUnavailable):
        await store.job_cursors.advance("r", "job", start, to, [b"found"])
    await store.job_cursors.advance("r", "job", start, to, [b"found"])
    assert len(await store.ingest.read("r", "0", 9)) == 1


async def committed_before_jobs(store: Store, seqs: Sequence[int]) -> Head:
    """A room as servers that knew no jobs leave it, with these commits in its timeline."""
    await store.rooms.create("r", "made")
    ask = store.rooms._reader.ask
    await ask("HDEL", keys.head("r"), "trimmed")
    for seq in seqs:
        await ask("XADD", keys.timeline("r"), f"{seq}-0", "e", b"")
    await ask("HSET", keys.head("r"), "seq", 703)
    return (await store.timeline.load("r")).head


@pytest.mark.parametrize("seqs", [[701, 702, 703], []])
async def test_a_job_that_is_new_has_missed_nothing(store: Store, seqs: list[int]) -> None:
    await committed_before_jobs(store, seqs)
    assert (await store.job_cursors.enroll("r", "job")).seq == (700 if seqs else 703)


async def test_what_was_committed_before_there_were_jobs_is_known_in_a_new_epoch(
    store: Store,
) -> None:
    head = await committed_before_jobs(store, [701, 702, 703])
    start = await store.job_cursors.enroll("r", "job")
    await store.timeline.renew_epoch("r", head, head.run, head.seq, head.offset)
    to = JobCursor(head.epoch, 702)
    await store.job_cursors.advance("r", "job", start, to)
    assert await store.job_cursors.enroll("r", "job") == to


async def test_a_cursor_of_another_room_of_that_name_counts_for_nothing(store: Store) -> None:
    head = await committed_before_jobs(store, [701, 702, 703])
    await store.rooms._reader.ask("HSET", keys.jobs("r"), "job", f"{head.epoch}|800|moved")
    assert (await store.job_cursors.enroll("r", "job")).seq == 700


async def test_a_room_that_is_gone_has_no_jobs(store: Store) -> None:
    with pytest.raises(RoomGoneError):
        await store.job_cursors.enroll("nowhere", "job")
    await store.rooms.create("r", "made")
    start = await store.job_cursors.enroll("r", "job")
    await store.deletions.end("r")
    with pytest.raises(RoomEndedError):
        await store.job_cursors.advance("r", "job", start, JobCursor(start.epoch, 0))
