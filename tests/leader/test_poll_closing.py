"""Polls that end: in every shard, once, whatever is out of reach."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain.events import PollOpened, PollStepped
from grandstand.store.errors import StoreUnavailable

from tests.edge.harness import Harness
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def room(node: Harness) -> AsyncIterator[Sequenced]:
    made = Sequenced(await node.by_hand())
    yield made
    await made.stop()


async def test_a_poll_is_closed_in_every_shard_and_then_told_its_result(room: Sequenced) -> None:
    poll = room.poll()
    await room.append(PollOpened(uuid4().hex, poll))
    room.start()
    await until(lambda: poll.id in room.live.replica.state.polls)
    for voter in range(5):
        assert await room.vote(poll, f"v{voter}", voter % 2) == "counted"
    step = PollStepped(uuid4().hex, poll.id, "close", room.live.now(), grace=0)
    await room.append(step)
    await until(lambda: room.live.replica.state.polls[poll.id].final)
    final = room.live.replica.state.polls[poll.id]
    assert (final.status, final.tally, final.voters) == ("closed", [3, 2], 5)
    assert await room.vote(poll, "late", 0) == "too_late"


async def test_a_poll_whose_time_is_over_ends_by_itself_after_its_grace(room: Sequenced) -> None:
    now = room.live.now()
    poll = room.poll(closes_at=now + 50, grace=300)
    await room.append(PollOpened(uuid4().hex, poll))
    room.start()
    await until(lambda: poll.id in room.live.replica.state.polls)
    assert not room.live.replica.state.polls[poll.id].ended
    await until(lambda: room.live.replica.state.polls[poll.id].final)
    assert room.listener.commits[-1].now >= now + 350


async def test_a_cancelled_poll_takes_no_more_votes(room: Sequenced) -> None:
    poll = room.poll()
    await room.append(PollOpened(uuid4().hex, poll))
    room.start()
    await room.append(PollStepped(uuid4().hex, poll.id, "cancel", room.live.now()))
    await until(lambda: getattr(room.live.replica.state.polls.get(poll.id), "final", False))
    assert room.live.replica.state.polls[poll.id].status == "cancelled"
    assert await room.vote(poll, "v", 0) == "too_late"


async def test_what_is_cut_short_by_the_store_is_done_in_a_later_round(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, calls = room.node.store.votes.close, 0

    async def flaky(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StoreUnavailable("away")
        return await close(*arguments)

    monkeypatch.setattr(room.node.store.votes, "close", flaky)
    poll = room.poll(closes_at=room.live.now(), grace=0)
    await room.append(PollOpened(uuid4().hex, poll))
    task = room.start()
    await until(lambda: getattr(room.live.replica.state.polls.get(poll.id), "final", False))
    assert (calls, task.done()) == (2, False)
