from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain import envelope
from grandstand.domain.entities import MAX_ROW_BYTES, MAX_UPDATES, EntityUpdate, Measured
from grandstand.domain.envelope import Commit
from grandstand.domain.events import PollOpened, Restored, StatsGiven
from grandstand.domain.outcome import Effect, Fate, Refused
from grandstand.domain.state import OutcomeRecord, PrivateChanges
from grandstand.overlays import stats_cards
from grandstand.replica import pending_events as module
from grandstand.store.errors import StoreUnavailable

from tests.edge.harness import ByHand, Harness, harness
from tests.sequencer.harness import Listener, Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_BYTES = 1_100_000
"""Of a commit: 250 rows of 4 KiB with their names, and what else entered meanwhile."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("pending"), sequenced=False) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def hand(node: Harness) -> ByHand:
    return await node.by_hand()


@pytest_asyncio.fixture(loop_scope="module")
async def room(hand: ByHand) -> AsyncIterator[Sequenced]:
    room = Sequenced(hand)
    yield room
    await room.stop()


def large(entity: str, at: int, mark: str = "x") -> EntityUpdate:
    """An update whose row has nearly as many bytes as it may."""
    value = Measured(at, mark * 60, "u" * 20, 1, "b" * 60)
    values = {f"{n:02} {'v' * 37}": value for n in range(12)}
    return EntityUpdate(entity, "n" * 100, at, values)


def update(entity: str) -> EntityUpdate:
    return EntityUpdate(entity, "n", 1, {"v": Measured(1, 1)})


async def on_their_way(hand: ByHand) -> int:
    return len(await hand.harness.store.ingest.read(hand.room, "0-0", 1000))


async def is_on_its_way(hand: ByHand, count: int) -> bool:
    return await on_their_way(hand) == count


def given(*updates: EntityUpdate) -> StatsGiven:
    return StatsGiven(uuid4().hex, [], list(updates))


class Answering(Listener):
    """Says something and opens a poll as soon as the first entities are there."""

    def __init__(self, room: Sequenced) -> None:
        super().__init__()
        self.room = room
        self.task: asyncio.Task[list[str]] | None = None

    def committed(self, commit: Commit) -> None:
        super().committed(commit)
        if commit.private.entities and self.task is None:
            poll = PollOpened(uuid4().hex, self.room.poll())
            self.task = asyncio.create_task(self.room.append(*self.room.said("meanwhile"), poll))


async def test_many_updates_are_committed_in_pieces_and_what_else_enters_goes_on_between_them(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECES", 2)
    monkeypatch.setattr(module, "UPDATES_ON_THEIR_WAY", 4 * MAX_UPDATES)
    listener = Answering(room)
    room.live.listeners.append(listener)
    room.start()
    events = [given(*(large(f"{part}:{n:04}", 1) for n in range(1000))) for part in "abc"]
    results = await asyncio.gather(*map(room.live.submit, events))
    assert results == [Effect(fates=["taken"] * 1000)] * 3
    commits = listener.commits
    sizes = [len(envelope.encode(commit)) for commit in commits]
    assert max(len(commit.private.entities) for commit in commits) == MAX_UPDATES
    assert MAX_UPDATES * MAX_ROW_BYTES * 0.7 < max(sizes) < MOST_BYTES
    changed = [commit.seq for commit in commits if commit.private.entities]
    (said,) = [commit.seq for commit in commits if commit.private.polls]
    assert listener.texts == ["meanwhile"]
    assert said < changed[-1]
    before = [seq for seq in changed if seq < said]
    assert len(before) <= 2 * module.UPDATES_ON_THEIR_WAY // MAX_UPDATES


async def test_pieces_keep_the_order_of_their_updates(room: Sequenced) -> None:
    room.start()
    names = [f"a:{n}" for n in range(MAX_UPDATES)]
    at = room.live.now()
    updates = [large(name, at, mark) for mark in "xyz" for name in names]
    assert await room.live.submit(given(*updates)) == Effect(fates=["taken"] * len(updates))
    await until(lambda: len(room.live.entities) == MAX_UPDATES)
    for name in names:
        entity = room.live.entities.get(name)
        assert entity is not None
        assert {value.value for value in entity.values.values()} == {"z" * 60}


async def test_updates_are_not_taken_if_the_cards_that_came_with_them_are_refused(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats_cards, "MAX_WAITING", 0)
    room.start()
    now = room.live.now()
    card = stats_cards.version("a", "n", now + 60_000, {"v": 1}, 0)
    updates = [update(f"a:{n}") for n in range(300)]
    event = StatsGiven(uuid4().hex, [card], updates)
    result = await room.live.submit(event)
    assert isinstance(result, Refused)
    assert len(room.live.entities) == 0
    monkeypatch.setattr(stats_cards, "MAX_WAITING", 1)
    result = await room.live.submit(StatsGiven(uuid4().hex, [card], updates))
    taken: list[Fate] = ["taken"] * 300
    assert result == Effect(fates=["waiting", *taken])


@pytest.mark.parametrize("size", [2000, MAX_UPDATES, 100])
async def test_few_updates_of_a_room_are_on_their_way_however_many_events_have_them(
    hand: ByHand, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    events = [given(*(update(f"{part}:{n}") for n in range(size))) for part in range(8000 // size)]
    submitting = [asyncio.create_task(hand.live.submit(event)) for event in events]
    most = module.UPDATES_ON_THEIR_WAY // min(size, MAX_UPDATES)
    await until(lambda: is_on_its_way(hand, most))
    monkeypatch.setattr(module, "OUTCOME_PATIENCE_S", 0.1)
    with pytest.raises(StoreUnavailable, match="too many updates"):
        await hand.live.submit(events[0])
    assert await on_their_way(hand) == most
    for task in submitting:
        task.cancel()
    await asyncio.wait(submitting)
    assert not hand.live.events.is_awaited


async def test_whoever_submits_an_event_is_told_what_became_of_it(hand: ByHand) -> None:
    event = Restored(uuid4().hex, "u")
    waiting = asyncio.create_task(hand.live.submit(event))
    await until(lambda: on_their_way(hand))
    outcome = OutcomeRecord(event.id, 409, "code", "words")
    await hand.store(hand.next(private=PrivateChanges(outcomes=[outcome])))
    assert await waiting == Refused("code", "words")


async def test_an_event_that_nobody_takes_up_is_unavailable(
    hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OUTCOME_PATIENCE_S", 0.1)
    with pytest.raises(StoreUnavailable, match="no sequencer"):
        await hand.live.submit(Restored(uuid4().hex, "u"))
    assert not hand.live.events.is_awaited


async def test_a_note_to_a_room_that_was_deleted_is_lost_without_a_fault(hand: ByHand) -> None:
    await hand.harness.store.deletions.end(hand.room)
    hand.live.note(Restored(uuid4().hex, "u"))
    (noting,) = hand.live.events.notes
    await noting
    assert hand.live.events.notes == set()
