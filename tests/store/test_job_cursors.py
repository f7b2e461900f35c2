from __future__ import annotations

import pytest
from grandstand.store.errors import ConflictError, RoomEndedError, RoomGoneError, StoreUnavailable
from grandstand.store.job_cursors import JobCursor
from grandstand.store.store import Store

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


async def test_a_room_that_is_gone_has_no_jobs(store: Store) -> None:
    with pytest.raises(RoomGoneError):
        await store.job_cursors.enroll("nowhere", "job")
    await store.rooms.create("r", "made")
    start = await store.job_cursors.enroll("r", "job")
    await store.deletions.end("r")
    with pytest.raises(RoomEndedError):
        await store.job_cursors.advance("r", "job", start, JobCursor(start.epoch, 0))
