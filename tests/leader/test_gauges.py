"""What is told of a room without a number: gauges and tallies."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain.audience_report import AudienceReport
from grandstand.domain.events import PollOpened, RundownPut
from grandstand.domain.latency_histogram import bin_of
from grandstand.domain.rundown import Item
from grandstand.leader import gauges as module
from grandstand.replica.publication import STAFF, Voters
from grandstand.store import keys
from grandstand.store.rundowns import stored
from grandstand.tasks import cancel_all
from grandstand.wire.codec import decode_frame
from grandstand.wire.gauges import Audience
from grandstand.wire.gauges import Gauges as RoomGauges

from tests.edge.harness import Harness
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def room(node: Harness) -> AsyncIterator[Sequenced]:
    made = Sequenced(await node.by_hand())
    yield made
    await made.stop()


async def test_gauges_come_once_a_second_and_say_where_the_room_stands(room: Sequenced) -> None:
    await room.append(*room.said("a"))
    room.start()
    await until(lambda: len(room.listener.latests) >= 2)
    frame = decode_frame(room.listener.latests[0].payload)
    assert (frame.head, isinstance(frame.offset, int)) == (1, False)
    assert frame.gauges
    assert frame.gauges.viewers == 0


async def test_staff_are_told_at_once_that_the_rundown_changed(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GAUGES_MS", 3_600_000)

    def told() -> list[int]:
        frames = [
            decode_frame(latest.additions[STAFF].payload)
            for latest in room.listener.latests
            if STAFF in latest.additions
        ]
        return [frame.gauges.rundown.version for frame in frames if frame.gauges]  # type: ignore[union-attr]

    room.start()
    await until(lambda: told() == [0])
    await room.append(RundownPut(uuid4().hex, 0, ["a"], stored([Item("a", "note", "A")])))
    await until(lambda: told() == [0, 1])
    assert not any(
        frame.gauges and frame.gauges.rundown
        for latest in room.listener.latests
        if (frame := decode_frame(latest.payload))
    )


async def test_tallies_go_to_whom_the_producer_lets_see_them(room: Sequenced) -> None:
    shown, voted, hidden = (room.poll(show_tally=show) for show in ("always", "voted", "revealed"))
    await room.append(*(PollOpened(uuid4().hex, poll) for poll in (shown, voted, hidden)))
    room.start()
    await until(lambda: hidden.id in room.live.replica.state.polls)
    for poll in (shown, voted, hidden):
        await room.vote(poll, "v", 1)
    await until(lambda: [0, 1] in room.listener.tallies(shown.id))
    assert room.listener.tallies(voted.id) == room.listener.tallies(hidden.id) == []
    await until(
        lambda: any(Voters(voted.id) in latest.additions for latest in room.listener.latests)
    )
    assert not any(Voters(hidden.id) in latest.additions for latest in room.listener.latests)


async def test_staff_alone_are_told_where_the_audience_is(room: Sequenced) -> None:
    store, poll = room.node.store, room.poll()
    later = room.poll(opens_at=room.live.now() + 3_600_000, closes_at=room.live.now() + 7_200_000)
    await room.append(*(PollOpened(uuid4().hex, each) for each in (poll, later)))
    for node, count in (("near", 3), ("far", 1)):
        behind_ms = 0 if node == "near" else 30_000
        report = AudienceReport({bin_of(behind_ms): count}, {bin_of(80): count})
        await store.audience_reports.write(node, {room.live.room: report}, store.now_ms())
    room.start()

    def told() -> list[Audience]:
        additions = [latest.additions.get(STAFF) for latest in room.listener.latests]
        frames = [decode_frame(each.payload) for each in additions if each is not None]
        gauges = [frame.gauges for frame in frames if isinstance(frame.gauges, RoomGauges)]
        return [each.audience for each in gauges if isinstance(each.audience, Audience)]

    await until(lambda: any(each.polls for each in told()))
    audience = next(each for each in told() if each.polls)
    assert (audience.told, audience.behind.p50, audience.sync.p99) == (4, 0, 99)
    assert audience.behind.p99 == pytest.approx(30_000, rel=0.06)
    (progress,) = audience.polls
    assert (progress.poll, progress.seen, progress.ended) == (poll.id, 0.75, 0)
    assert progress.last_in == pytest.approx(90_000, rel=0.06)
    for latest in room.listener.latests:
        assert b"audience" not in latest.payload


async def test_lurkers_are_told_while_there_are_some_and_for_a_while_that_there_are_none(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GAUGES_MS", 50)
    store = room.node.store

    def still_told(for_ms: int) -> None:
        monkeypatch.setattr(module, "NO_LURKERS_MS", for_ms)

    def told() -> list[int | None]:
        """Of each frame with gauges; None where it names no lurkers. A row of the same is one."""
        frames = [decode_frame(latest.payload) for latest in room.listener.latests]
        gauges = [frame.gauges for frame in frames if isinstance(frame.gauges, RoomGauges)]
        lurkers = [each.lurkers if isinstance(each.lurkers, int) else None for each in gauges]
        return [each for each, _ in itertools.groupby(lurkers)]

    async def report(one: int, other: int) -> None:
        for node, present in (("one", one), ("other", other)):
            reports = {room.live.room: AudienceReport(present=present)}
            await store.audience_reports.write(node, reports, store.now_ms())

    still_told(for_ms=3_600_000)
    room.start()
    await until(lambda: told() == [0])
    still_told(for_ms=1)
    await until(lambda: told() == [0, None])
    await report(1, 2)
    await until(lambda: told() == [0, None, 300])
    still_told(for_ms=3_600_000)
    await report(0, 0)
    await until(lambda: told() == [0, None, 300, 0])
    still_told(for_ms=1)
    await until(lambda: told() == [0, None, 300, 0, None])


async def test_refused_comments_are_counted_over_all_nodes_also_those_that_are_gone(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GAUGES_MS", 50)
    store = room.node.store

    def told() -> list[int | None]:
        frames = [decode_frame(latest.payload) for latest in room.listener.latests]
        gauges = [frame.gauges for frame in frames if isinstance(frame.gauges, RoomGauges)]
        refused = [each.refused if isinstance(each.refused, int) else None for each in gauges]
        return [each for each, _ in itertools.groupby(refused)]

    async def report(node: str, refused: int) -> None:
        reports = {room.live.room: AudienceReport(refused=refused)}
        await store.audience_reports.write(node, reports, store.now_ms())

    await report("one", 0)
    room.start()
    await until(lambda: told() == [None])
    await report("one", 3)
    await until(lambda: told() == [None, 3])
    await report("other", 4)
    await until(lambda: told() == [None, 3, 7])
    await store.rooms._reader.ask("HDEL", keys.audience(room.live.room), "one")
    await report("other", 5)
    await until(lambda: told() == [None, 3, 7, 8])


async def test_however_many_votes_come_their_tallies_come_at_most_five_times_a_second(
    room: Sequenced,
) -> None:
    shown, voted = (room.poll(show_tally=show) for show in ("always", "voted"))
    await room.append(*(PollOpened(uuid4().hex, poll) for poll in (shown, voted)))
    room.start()
    await until(lambda: voted.id in room.live.replica.state.polls)

    async def vote_on() -> None:
        for number in itertools.count():
            for poll in (shown, voted):
                await room.vote(poll, f"v{number}", 1)

    storm = asyncio.create_task(vote_on())
    await until(lambda: len(room.listener.tallies(shown.id)) >= 4)
    await cancel_all([storm])  # one cancellation may be lost in the store's client
    frames = [decode_frame(latest.payload) for latest in room.listener.latests]
    public = [frame.now for frame in frames if frame.tallies]
    private = [
        frame.now
        for frame, latest in zip(frames, room.listener.latests, strict=True)
        if Voters(voted.id) in latest.additions
    ]
    for moments in (public, private):
        assert len(moments) >= 3
        assert all(after - before >= 200 for before, after in itertools.pairwise(moments))


async def test_a_tally_is_told_again_to_those_who_came_since(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALL_TALLIES_MS", 1000)
    poll = room.poll()
    await room.node.store.votes.open(room.live.room, poll)
    await room.append(PollOpened(uuid4().hex, poll))
    await room.vote(poll, "v", 1)
    room.start()
    await until(lambda: len(room.listener.tallies(poll.id)) >= 2)
    assert set(map(tuple, room.listener.tallies(poll.id))) == {(0, 1)}
