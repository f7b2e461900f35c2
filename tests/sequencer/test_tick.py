"""A sequencer over a real store: what it commits, and when it gives up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain.clock import next_tick
from grandstand.domain.entities import MAX_UPDATES, EntityUpdate, Measured
from grandstand.domain.events import (
    CueGiven,
    PollOpened,
    SettingsPut,
    StatsGiven,
)
from grandstand.overlays.stats_cards import version
from grandstand.sequencer import tick as module
from grandstand.sequencer.intake import Intake
from grandstand.sequencer.tick import RoomSequencer
from grandstand.store.durability import Durability
from grandstand.store.errors import ConflictError, StoreUnavailable, UnknownRoomError
from grandstand.store.ingest import CommentRate, Item
from grandstand.tasks import cancel_all
from grandstand.telemetry import Metrics
from grandstand.wire.codec import decode_frame
from grandstand.wire.messages import Cue
from prometheus_client import CollectorRegistry

from tests.edge.harness import Harness, harness
from tests.sequencer.harness import Alone, Sequenced
from tests.waiting import PATIENCE_S, patience, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("sequencer"), sequenced=False) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def room(node: Harness) -> AsyncIterator[Sequenced]:
    made = Sequenced(await node.by_hand())
    yield made
    await made.stop()


async def test_what_entered_before_and_while_it_runs_is_committed_in_order(
    room: Sequenced,
) -> None:
    await room.append(*room.said("a", "b"))
    room.start()
    await room.append(*room.said("c"))
    await until(lambda: len(room.listener.texts) == 3)
    assert room.listener.texts == ["a", "b", "c"]
    store = room.node.store
    head = (await store.timeline.load(room.live.room)).head
    assert await store.ingest.read(room.live.room, "0-0", 10) == []
    assert head.seq == room.listener.commits[-1].seq
    offsets = [
        decode_frame(frame).offset for commit in room.listener.commits for frame in commit.frames
    ]
    assert offsets == list(range(1, len(offsets) + 1))


async def test_nothing_to_do_makes_no_commit(room: Sequenced) -> None:
    room.start()
    await until(lambda: room.listener.latests)
    assert room.listener.commits == []


async def test_each_commit_names_the_share_and_a_new_one_makes_a_commit_of_its_own(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Given(Intake):
        """Told by the test what it finds; keeps what it is told."""

        def __init__(self) -> None:
            super().__init__()
            self.share = 0.5
            self.rounds: list[tuple[Any, ...]] = []

        def read(self, *told: Any) -> None:
            self.rounds.append(told)

    intake = Given()
    monkeypatch.setattr(module, "Intake", lambda: intake)
    room.start()
    await until(lambda: room.listener.commits and not intake.is_new)
    intake.share = 1.0
    await until(lambda: len(room.listener.commits) == 2)
    assert [(each.share, each.frames) for each in room.listener.commits] == [(0.5, []), (1.0, [])]
    await room.append(*room.said("a", "b"), SettingsPut(uuid4().hex, {}, merge=True))
    await until(lambda: len(room.listener.texts) == 2)
    assert room.listener.commits[-1].share == 1.0
    (found,) = [each for each in intake.rounds if each[1]]
    began_ms, comments, oldest_ms, newest_ms, is_full, tick_ms = found
    assert (comments, is_full, tick_ms) == (2, False, room.live.replica.state.settings.tick)
    assert oldest_ms <= newest_ms
    assert abs(began_ms - newest_ms) < 60_000


async def test_what_cannot_be_read_does_not_stop_the_room(room: Sequenced) -> None:
    store = room.node.store
    broken = Item("", uuid4().hex, "x", b"\xc1")
    await store.ingest.append(room.live.room, [broken], CommentRate(0, 1), store.now_ms())
    await room.append(*room.said("after"))
    room.start()
    await until(lambda: room.listener.texts == ["after"])


async def test_a_commit_has_so_many_updates_of_entities_and_the_rest_follows(
    room: Sequenced,
) -> None:
    half = MAX_UPDATES // 2
    for part in range(4):
        names = [f"e{part * half + n}" for n in range(half)]
        updates = [EntityUpdate(name, name, 1, {"v": Measured(1, 1)}) for name in names]
        await room.append(StatsGiven(uuid4().hex, [], updates))
    await room.append(*room.said("after"))
    room.start()
    await until(lambda: room.listener.texts == ["after"])
    counts = [len(commit.private.entities) for commit in room.listener.commits]
    assert [count for count in counts if count] == [MAX_UPDATES] * 2


async def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, tries = room.node.store.timeline.commit, 0

    async def flaky(*arguments: Any) -> Any:
        nonlocal tries
        tries += 1
        head = await commit(*arguments)
        if tries == 1:
            raise StoreUnavailable("the answer was lost")
        return head

    monkeypatch.setattr(room.node.store.timeline, "commit", flaky)
    await room.append(*room.said("once"))
    task = room.start()
    await until(lambda: tries == 2)
    await room.append(*room.said("twice"))
    await until(lambda: room.listener.texts == ["once", "twice"])
    assert not task.done()
    assert [commit.seq for commit in room.listener.commits] == [1, 2]


async def test_a_card_comes_and_goes_with_time_alone_and_outlives_its_sequencer(
    room: Sequenced,
) -> None:
    now, state = room.live.now(), room.live.replica.state
    card = version("athlete:1", "100 m", now + 3_000, {"speed": 1}, 0)
    await room.append(SettingsPut(uuid4().hex, {"max_latency": 1_000}, merge=True))
    await room.append(StatsGiven(uuid4().hex, [card]))
    first = room.start()
    await until(lambda: state.waiting)
    await cancel_all([first])
    task = room.start()
    await until(lambda: state.overlays == {card.id: card})
    assert (room.live.now() >= now + 1_000, state.waiting) == (True, {})
    gone = version("athlete:1", "100 m", card.at, {}, 0)
    await room.append(StatsGiven(uuid4().hex, [gone]))
    await until(lambda: not state.overlays)
    assert room.live.now() >= gone.at + 1_000
    assert not task.done()


async def test_of_two_sequencers_one_moves_the_room_and_the_other_ends(room: Sequenced) -> None:
    other = Sequenced(room.hand)
    tasks = [room.start(), other.start()]
    await until(lambda: len(room.listener.latests) >= 2)
    for number in range(20):
        text = f"n{number}"
        await room.append(*room.said(text))
        await until(lambda text=text: room.listener.texts[-1:] == [text])  # type: ignore[misc]
    await until(lambda: any(task.done() for task in tasks))
    await room.append(*room.said("end"))
    await until(lambda: room.listener.texts[-1:] == ["end"])
    (loser,) = [task for task in tasks if task.done()]
    assert isinstance(loser.exception(), ConflictError)
    assert room.listener.texts == [*(f"n{number}" for number in range(20)), "end"]
    await cancel_all(tasks)


async def test_ticks_come_when_every_node_expects_them_and_missed_ones_are_not_made_up_for(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick_ms = room.live.replica.state.settings.tick
    store, ticks = room.node.store, list[float]()
    now_ms = next_tick(room.live.room, store.now_ms(), tick_ms) + 0.3 * tick_ms
    sleep, read = asyncio.sleep, store.ingest.read

    async def passing(seconds: float) -> None:
        nonlocal now_ms
        now_ms += max(0.0, seconds) * 1000
        await sleep(0)

    async def reading(*arguments: Any) -> Any:
        nonlocal now_ms
        ticks.append(now_ms)
        now_ms += 3.4 * tick_ms if len(ticks) == 4 else 1.0
        if len(ticks) == 8:
            raise ConflictError("enough")
        return await read(*arguments)

    monkeypatch.setattr(store, "now_ms", lambda: now_ms)
    monkeypatch.setattr(store.ingest, "read", reading)
    monkeypatch.setattr(asyncio, "sleep", passing)
    with pytest.raises(ConflictError):
        await RoomSequencer(room.live.room, store, room.metrics, Alone()).run()
    due = [next_tick(room.live.room, at - 1, tick_ms) for at in ticks]
    late = [at - when for at, when in zip(ticks, due, strict=True)]
    assert [*late[1:4], *late[5:]] == pytest.approx([0] * 6, abs=0.5)
    steps = [round((later - when) / tick_ms, 1) for when, later in pairwise(ticks[1:])]
    assert steps == [1, 1, 3.4, 0.6, 1, 1]


async def test_a_quiet_room_is_left_when_another_epoch_began(room: Sequenced) -> None:
    task = room.start()
    await until(lambda: room.listener.latests)
    await room.node.store.timeline.renew_epoch(room.live.room, room.hand.head, "run", 0, 0)
    with pytest.raises(ConflictError):
        await asyncio.wait_for(task, PATIENCE_S)


async def test_a_store_that_stays_away_ends_it(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*arguments: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(module, "COMMIT_PATIENCE_S", 0.1)
    monkeypatch.setattr(room.node.store.timeline, "commit", away)
    await room.append(*room.said("a"))
    with pytest.raises(StoreUnavailable):
        await asyncio.wait_for(room.start(), PATIENCE_S)


async def test_a_room_that_is_not_there_cannot_be_sequenced(node: Harness) -> None:
    with pytest.raises(UnknownRoomError):
        await RoomSequencer("nowhere", node.store, Metrics(CollectorRegistry()), Alone()).run()


async def test_a_weak_store_that_restarted_begins_a_new_epoch(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = room.node.store
    before = room.live.replica.epoch
    weak = Durability("weak", waitaof=False, why="a test says so")
    monkeypatch.setattr(store, "durability", weak)
    room.start()
    await until(lambda: room.listener.latests)
    assert room.live.replica.epoch == before

    async def another(room: str) -> str:
        return "another run"

    await room.stop()
    monkeypatch.setattr(store.rooms, "history", another)
    room.start()
    await until(lambda: room.live.replica.epoch != before)
    await room.append(*room.said("on"), CueGiven(uuid4().hex, Cue("k", "goal", 0, {})))
    await until(lambda: room.listener.texts == ["on"])


async def test_a_quiet_room_ends_its_sequencer_and_loses_nothing(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_MS", 300)
    running = room.start()
    await room.append(*room.said("one"))
    async with patience():
        due_ms = await running  # by itself; and the record has something to forget one day
    assert due_ms is not None
    assert due_ms > room.node.store.now_ms()
    await room.append(*room.said("two"))
    room.start()
    await until(lambda: room.listener.texts == ["one", "two"])


async def test_a_room_wakes_again_for_heat_alone(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_MS", 0)
    await room.node.store.highlights.keep(room.live.room, 0, b"", {room.live.now(): 1.0}, [], 0)
    async with patience():
        assert await room.start() is not None


async def test_a_room_does_not_rest_while_time_will_bring_something(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_MS", 0)
    poll = room.poll(closes_at=room.live.now() + 700)
    await room.append(PollOpened("open", poll))
    async with patience():
        assert await room.start() is None  # not before it was closed
    await until(lambda: room.live.replica.state.polls[poll.id].final)
