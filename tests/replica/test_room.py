"""A replica between bus, timeline and store: every commit once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio
from grandstand.domain.envelope import Commit, Latest
from grandstand.domain.events import Restored
from grandstand.domain.outcome import Effect
from grandstand.domain.state import OutcomeRecord, PrivateChanges
from grandstand.replica import room as module
from grandstand.replica.publication import Publication, Voters
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.wire.codec import encode
from grandstand.wire.gauges import Gauges
from grandstand.wire.messages import Frame
from grandstand.wire.translations import Translations

from tests.edge.harness import ByHand, Harness, harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("replica"), sequenced=False) as made:
        yield made


class Listener:
    """What a listener was told, in order."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.publications: list[Publication] = []
        self.entities: list[set[str]] = []
        self.reloads = 0

    def published(self, publication: Publication) -> None:
        self.publications.append(publication)

    def committed(self, commit: Commit) -> None:
        self.seqs.append(commit.seq)

    def translated(self, news: Mapping[str, Translations]) -> None:
        pass

    def entities_changed(self, entities: Collection[str]) -> None:
        self.entities.append(set(entities))

    def reloaded(self) -> None:
        self.reloads += 1

    def ended(self) -> None:
        pass


class Deaf:
    """A room of which the bus brings nothing: a test says what is heard."""

    def __init__(self, hand: ByHand) -> None:
        self.hand = hand
        self.live = hand.live
        self.listener = Listener()
        self.live.listeners.append(self.listener)
        self.rooms = hand.harness.rooms
        self.rooms._rooms.pop(hand.room)

    async def stored(self, count: int = 1, **fields: Any) -> list[Commit]:
        return [await self.hand.store(self.hand.next(**fields)) for _ in range(count)]

    async def trimmed_to(self, seq: int) -> None:
        """The timeline begins with ``seq`` from now on."""
        redis: Any = self.hand.harness.store.topology.client(keys.timeline(self.hand.room))
        await redis.xtrim(keys.timeline(self.hand.room), minid=f"{seq}-0", approximate=False)

    async def settled(self) -> None:
        await until(lambda: self.live.filling is None)

    async def submitted(self) -> None:
        """Waits for an event in the room's ingest stream."""
        await until(lambda: self.hand.harness.store.ingest.read(self.hand.room, "0-0", 1))


@pytest_asyncio.fixture(loop_scope="module")
async def deaf(node: Harness) -> Deaf:
    return Deaf(await node.by_hand())


async def test_what_is_heard_in_order_is_handed_on_once(deaf: Deaf) -> None:
    for commit in await deaf.stored(3):
        deaf.live.heard(commit)
        deaf.live.heard(commit)
    assert deaf.listener.seqs == [1, 2, 3]
    assert deaf.live.filling is None


async def test_a_latest_frame_that_tells_of_a_lost_commit_waits_for_it(deaf: Deaf) -> None:
    (commit,) = await deaf.stored()
    live = deaf.live
    told = Frame(now=commit.now, head=commit.offset, gauges=Gauges(viewers=1))
    latest = Latest(live.replica.epoch, encode(told, "msgpack"), 1)
    live.heard(latest)  # the bus has lost the commit
    assert deaf.listener.publications == []
    await deaf.settled()
    live.heard(latest)
    assert deaf.listener.seqs == [1]
    assert [each.offset for each in deaf.listener.publications] == [1, None]


async def test_frames_are_published_in_order_before_their_commit_and_kept_by_the_ring(
    deaf: Deaf,
) -> None:
    class Witness(Listener):
        def committed(self, commit: Commit) -> None:
            super().committed(commit)
            assert [each.offset for each in self.publications] == [*range(1, commit.offset + 1)]

    witness = Witness()
    deaf.live.listeners.append(witness)
    commits = await deaf.stored(2, texts=("a", "b", "c"))
    for commit in commits:
        deaf.live.heard(commit)
    assert witness.seqs == [1, 2]
    published = witness.publications
    assert [each.payload for each in published] == commits[0].frames + commits[1].frames
    kept = deaf.live.replica.after(0) or []
    assert all(mine is its for mine, its in zip(kept, published, strict=True))


async def test_an_unnumbered_frame_brings_voters_their_tallies(deaf: Deaf) -> None:
    deaf.live.heard(Latest(deaf.live.replica.epoch, b"all", 1, {"p": b"p's", "q": b"q's"}))
    (publication,) = deaf.listener.publications
    assert (publication.offset, publication.payload) == (None, b"all")
    added = {key: each.payload for key, each in publication.additions.items()}
    assert added == {Voters("p"): b"p's", Voters("q"): b"q's"}


async def test_a_gap_is_filled_from_the_timeline(deaf: Deaf) -> None:
    commits = await deaf.stored(5)
    deaf.live.heard(commits[4])
    await deaf.settled()
    assert (deaf.listener.seqs, deaf.listener.reloads) == ([1, 2, 3, 4, 5], 0)


async def test_what_is_heard_while_a_gap_is_filled_comes_once_and_loads_nothing_anew(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = deaf.hand.harness.store.timeline.since
    asked = 0

    async def slow(room: str, seq: int, count: int) -> list[Commit]:
        nonlocal asked
        found = await since(room, seq, count)
        asked += 1
        if asked == 1:
            for commit in await deaf.stored(2):  # heard before what was asked is answered
                deaf.live.heard(commit)
        return found

    monkeypatch.setattr(deaf.hand.harness.store.timeline, "since", slow)
    commits = await deaf.stored(3)
    deaf.live.heard(commits[2])
    await deaf.settled()
    assert (deaf.listener.seqs, deaf.listener.reloads, asked) == ([1, 2, 3, 4, 5], 0, 2)


async def test_the_missing_one_may_come_by_itself_while_the_store_is_asked(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = deaf.hand.harness.store.timeline.since
    commits = await deaf.stored(3)

    async def slow(room: str, seq: int, count: int) -> list[Commit]:
        for commit in commits[:2]:
            deaf.live.heard(commit)
        return await since(room, seq, count)

    monkeypatch.setattr(deaf.hand.harness.store.timeline, "since", slow)
    deaf.live.heard(commits[2])
    await deaf.settled()
    assert (deaf.listener.seqs, deaf.listener.reloads) == ([1, 2, 3], 0)


async def test_a_gap_that_the_timeline_has_lost_loads_the_room_anew(deaf: Deaf) -> None:
    commits = await deaf.stored(5)
    await deaf.trimmed_to(4)
    deaf.live.heard(commits[4])
    await deaf.settled()
    assert (deaf.listener.seqs, deaf.listener.reloads) == ([], 1)
    assert (deaf.live.replica.seq, deaf.live.replica.offset) == (5, 5)
    (after,) = await deaf.stored(1)
    deaf.live.heard(after)
    assert deaf.listener.seqs == [6]


async def test_what_is_heard_while_the_room_is_loaded_anew_is_not_lost(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = await deaf.stored(3)
    await deaf.trimmed_to(3)
    load = module.load

    async def slow(*arguments: Any) -> Any:
        found = await load(*arguments)
        for commit in await deaf.stored(2):
            deaf.live.heard(commit)
        return found

    monkeypatch.setattr(module, "load", slow)
    deaf.live.heard(commits[2])
    await deaf.settled()
    assert (deaf.listener.seqs, deaf.listener.reloads) == ([4, 5], 1)


async def test_a_state_older_than_the_replica_is_not_gone_back_to(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = module.load
    commits = await deaf.stored(2)

    async def slow(*arguments: Any) -> Any:
        found = await load(*arguments)
        for commit in [*commits, *await deaf.stored(1)]:
            deaf.live.heard(commit)
        return found

    async def nothing(room: str, seq: int, count: int = 0) -> list[Commit]:
        return []

    monkeypatch.setattr(module, "load", slow)
    with monkeypatch.context() as patch:
        patch.setattr(deaf.hand.harness.store.timeline, "since", nothing)
        deaf.live.heard(commits[1])
        await deaf.settled()
    assert (deaf.listener.seqs, deaf.listener.reloads) == ([1, 2, 3], 0)


async def test_a_new_epoch_loads_the_room_anew(deaf: Deaf) -> None:
    store = deaf.hand.harness.store
    for commit in await deaf.stored(2):
        deaf.live.heard(commit)
    old = deaf.live.replica.epoch
    epoch = await store.timeline.renew_epoch(deaf.hand.room, deaf.hand.head, "run", 9, 30)
    deaf.hand.head = (await store.timeline.load(deaf.hand.room)).head
    (commit,) = await deaf.stored(1)
    assert (commit.epoch, commit.seq, commit.offset) == (epoch, 10, 31)
    deaf.live.heard(commit)
    await deaf.settled()
    assert deaf.listener.reloads == 1
    replica = deaf.live.replica
    assert (replica.epoch, replica.seq, replica.offset) == (epoch, 10, 31)
    assert [each.payload for each in replica.after(30) or ()] == commit.frames
    assert replica.after(29) is None
    deaf.live.heard(Latest(old, b"old", 3))
    deaf.live.heard(Latest(epoch, b"new", 4))
    assert [each.payload for each in deaf.listener.publications[2:]] == [b"new"]
    assert deaf.live.viewers == 4


async def test_a_store_that_is_away_leaves_the_gap_for_later(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*arguments: object) -> None:
        raise StoreUnavailable("away")

    commits = await deaf.stored(3)
    with monkeypatch.context() as patch:
        patch.setattr(deaf.hand.harness.store.timeline, "since", away)
        deaf.live.heard(commits[2])
        await deaf.settled()
    assert deaf.listener.seqs == []
    deaf.live.catch_up(3)
    await deaf.settled()
    assert deaf.listener.seqs == [1, 2, 3]


async def test_a_listener_that_fails_keeps_nothing_from_the_next(deaf: Deaf) -> None:
    class Failing(Listener):
        def committed(self, commit: Commit) -> None:
            raise RuntimeError

    deaf.live.listeners.insert(0, Failing())
    deaf.live.heard((await deaf.stored())[0])
    assert deaf.listener.seqs == [1]


async def test_an_outcome_that_a_gap_has_swallowed_comes_with_the_ring(deaf: Deaf) -> None:
    event = Restored(uuid4().hex, "u")
    waiting = asyncio.create_task(deaf.live.submit(event))
    await deaf.submitted()
    await deaf.stored(private=PrivateChanges(outcomes=[OutcomeRecord(event.id)]))
    deaf.live.replica.epoch = "lost"
    deaf.live.catch_up(2)
    assert await waiting == Effect()
    assert deaf.listener.reloads == 1


async def test_the_share_is_the_last_commits_until_there_is_none_for_a_while(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deaf.live.share == 1.0
    for share in (0.5, 0.25):
        commit = msgspec.structs.replace(deaf.hand.next(), share=share)
        deaf.live.heard(await deaf.hand.store(commit))
        assert deaf.live.share == share
    monkeypatch.setattr(module, "SHARE_S", 0.0)
    assert deaf.live.share == 1.0


async def test_the_programme_clock_is_the_stores_less_the_offset_and_never_goes_back(
    deaf: Deaf,
) -> None:
    now = deaf.live.now()
    assert abs(now - deaf.hand.harness.store.now_ms()) < 1000
    (commit,) = await deaf.stored()
    ahead = Commit(commit.epoch, 1, 1, now + 60_000, commit.frames, PrivateChanges())
    deaf.live.heard(ahead)
    assert deaf.live.now() == now + 60_000


async def test_a_commit_that_cannot_be_read_is_passed_by_and_the_room_goes_on(deaf: Deaf) -> None:
    (first,) = await deaf.stored()
    deaf.live.heard(first)
    odd = msgspec.structs.replace(deaf.hand.next(), frames=[b"\xc1"])
    deaf.live.heard(odd)
    await deaf.settled()
    assert deaf.live.replica.seq == 1  # the store knows no more yet
    commits = await deaf.stored(2)
    redis: Any = deaf.hand.harness.store.topology.client(keys.timeline(deaf.hand.room))
    await redis.delete(keys.timeline(deaf.hand.room))
    for seq in (2, 3):
        await redis.xadd(keys.timeline(deaf.hand.room), {"e": b"\xc1"}, id=f"{seq}-0")
    deaf.live.catch_up(3)
    await deaf.settled()
    assert (deaf.live.replica.seq, deaf.listener.reloads) == (3, 1)
    assert deaf.live.replica.offset == commits[-1].offset
    assert deaf.live.replica.after(first.offset) is None  # nobody is given a frame for another
    (last,) = await deaf.stored()
    deaf.live.heard(last)
    assert deaf.listener.seqs == [1, 4]


async def test_a_state_that_cannot_be_read_leaves_the_gap_for_later(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(*arguments: object) -> None:
        raise msgspec.DecodeError("odd")

    commits = await deaf.stored(2)
    with monkeypatch.context() as patch:
        patch.setattr(deaf.hand.harness.store.timeline, "since", unreadable)
        deaf.live.heard(commits[1])
        filling = deaf.live.filling
        assert filling is not None
        await filling
    deaf.live.catch_up(2)
    await deaf.settled()
    assert deaf.listener.seqs == [1, 2]


async def test_entities_are_read_from_the_beginning_until_none_is_missing(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {f"e{n}": b"%d" % n for n in range(3)}
    await deaf.stored(private=PrivateChanges(entities=rows))
    entities = deaf.hand.harness.store.entities
    read, asked = entities.slice, []
    first: dict[str, bytes] = {"e0": rows["e0"]}
    answers: list[Any] = [
        *((first, 7), StoreUnavailable("restarted")),
        *((first, 7), RuntimeError("ours")),
        *((first, 7), ({}, 0)),  # of another server, to which 7 means the end
    ]

    async def answered(room: str, cursor: int) -> tuple[dict[str, bytes], int]:
        asked.append(cursor)
        if not answers:
            return await read(room, cursor)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        found: tuple[dict[str, bytes], int] = answer
        return found

    monkeypatch.setattr(entities, "slice", answered)
    monkeypatch.setattr(module, "READ_AGAIN_S", 0)
    live = await deaf.rooms.get(deaf.hand.room)
    await until(live.entities.is_whole.is_set)
    assert asked == [0, 7, 0, 7, 0, 7, 0]
    assert all(name in live.entities for name in rows)
