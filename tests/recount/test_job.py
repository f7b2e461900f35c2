"""Polls that are recounted: what comes out, whatever is killed, and that nothing of it leaks."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio
from grandstand.domain.events import PollStepped, SettingsPut
from grandstand.domain.polls import recount
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.votes import Ballot
from grandstand.domain.stored_state import item_of
from grandstand.recount import recounting
from grandstand.store import keys
from msgspec import UNSET

from tests.domain.polls.recounting import leaves_of
from tests.edge.harness import Harness
from tests.recount.voting import VOTES, Voting, worker_stopped, workers
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def room(node: Harness) -> AsyncIterator[Voting]:
    made = Voting(await node.by_hand())
    await made.append(SettingsPut(uuid4().hex, {"tick": 50}, merge=True))
    yield made
    await made.stop()


async def test_a_final_poll_is_audited_in_a_later_frame_as_the_contract_says(room: Voting) -> None:
    poll = await room.opened()
    room.lead()
    await room.voted(poll)
    await room.finished(poll)
    await room.check(poll)
    *_, final, audited = room.shown(poll.id)
    assert (final.final, final.audit) == (True, UNSET)
    assert audited.audit == room.record(poll.id).audited


async def test_a_process_finds_the_same(room: Voting) -> None:
    poll = await room.opened(audit="receipts")
    room.lead(small=0)
    await room.voted(poll)
    await room.finished(poll)
    await room.check(poll)
    audit = room.record(poll.id).audited
    assert audit is not None
    assert audit.receipts


async def test_every_block_is_kept_in_its_place(
    room: Voting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount, "BLOCK", 32)
    monkeypatch.setattr(recounting, "KEPT_AT_ONCE", 2)
    poll = await room.opened(audit="receipts")
    room.lead()
    await room.voted(poll)
    await room.finished(poll)
    await room.check(poll)
    recounts = room.node.store.recounts
    salt = await recounts.salt(room.live.room, poll.id)
    index = await recounts.index(room.live.room, poll.id)
    assert salt is not None
    assert index is not None
    assert index.blocks == 10
    kept = await recounts.blocks(room.live.room, poll, 0, index.blocks)
    leaves = [leaf for block in kept if block for leaf in recount.leaves_of(block)]
    assert [leaf.tag for leaf in leaves] == [tag for tag, _ in leaves_of(salt, VOTES, False)]


async def test_changed_votes_count_as_they_are_at_last(room: Voting) -> None:
    poll = await room.opened(change=True)
    room.lead()
    await room.voted(poll, {voter: ([1], 1) for voter in VOTES})
    again = {voter: vote for number, (voter, vote) in enumerate(VOTES.items()) if number % 2}
    ballots = [Ballot(voter, "2", tuple(each), True) for voter, (each, _) in again.items()]
    await room.node.store.votes.cast(room.live.room, poll, ballots)
    await room.finished(poll)
    await room.check(poll, {voter: again.get(voter, ([1], 1)) for voter in VOTES})


@pytest.mark.parametrize("small", [0, 5000])
async def test_weights_are_in_the_leaves_and_in_the_sums(room: Voting, small: int) -> None:
    votes = {voter: (choices, n % 3 * 500) for n, (voter, (choices, _)) in enumerate(VOTES.items())}
    votes |= {f"w{n}": ([0], 1) for n in range(9)}
    poll = await room.opened(weights=True)
    room.lead(small)
    await room.voted(poll, votes)
    await room.finished(poll)
    await room.check(poll, votes)


async def test_a_poll_without_a_vote_is_audited_too(room: Voting) -> None:
    poll = await room.opened()
    room.lead()
    await room.finished(poll)
    await room.check(poll, {})


async def test_a_hidden_tally_is_not_told_by_its_audit(room: Voting) -> None:
    poll = await room.opened(show_tally="revealed")
    room.lead()
    await room.voted(poll)
    await room.finished(poll)
    audit = (await room.audited(poll)).audited
    assert audit is not None
    assert all(each.audit is UNSET and each.tally is UNSET for each in room.shown(poll.id))
    told = b"".join(frame for commit in room.listener.commits for frame in commit.frames)
    assert audit.root.encode() not in told
    assert audit.signature.encode() not in told
    await room.append(PollStepped(uuid4().hex, poll.id, "reveal", room.live.now()))
    await until(lambda: room.record(poll.id).status == "revealed")
    assert room.shown(poll.id)[-1].audit == audit


@pytest.mark.parametrize("mode", ["none", "tally"])
async def test_a_poll_that_wants_no_audit_or_was_cancelled_has_none(
    room: Voting, mode: str
) -> None:
    other = await room.opened()
    poll = await room.opened(audit=mode)
    room.lead()
    if mode == "none":
        await room.finished(poll)
    else:
        await room.append(PollStepped(uuid4().hex, poll.id, "cancel", room.live.now()))
        await room.is_final(poll)
    await room.finished(other)
    await room.audited(other)
    assert room.record(poll.id).audited is None


async def test_a_process_that_is_killed_is_started_again(room: Voting) -> None:
    poll = await room.opened()
    room.lead(small=0)
    await room.voted(poll)
    await room.close(poll)
    os.kill(await worker_stopped(), signal.SIGKILL)
    await room.check(poll)
    assert room.metrics.job_failures.labels("recount")._value.get() == 1


async def test_who_takes_the_room_over_does_it_again_with_the_same_result(room: Voting) -> None:
    poll = await room.opened()
    room.lead(small=0)
    await room.voted(poll)
    await room.close(poll)
    await worker_stopped()
    assert room.record(poll.id).final  # which waits for no recount
    await room.stop()
    await until(lambda: not workers())
    room.lead()
    await room.check(poll)


async def test_votes_that_are_lost_are_not_signed(room: Voting) -> None:
    poll = await room.opened()
    room.lead()
    await room.voted(poll)
    before = room.node.store.losses.counts.get("votes", 0)
    lost = keys.votes(room.live.room, poll.id, 3)
    await room.node.store.rooms._reader.ask("UNLINK", lost)
    await room.finished(poll)
    await until(lambda: room.node.store.losses.counts.get("votes", 0) == before + 1)
    other = await room.opened()
    await room.finished(other)
    await room.audited(other)  # it goes on, and doesn't try that one again
    assert room.record(poll.id).audited is None
    assert room.node.store.losses.counts["votes"] == before + 1


async def test_a_poll_of_before_there_were_audits_awaits_none() -> None:
    older = {"id": "p", "kind": "single", "question": "?", "options": ["a"], "opens_at": 0}
    older |= {"closes_at": 1, "grace": 0, "final": True, "status": "closed", "tally": [0]}
    record = item_of(msgspec.msgpack.encode(older), PollRecord)
    assert record is not None
    assert not record.awaits_audit
