from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from grandstand.domain import envelope
from grandstand.domain.envelope import Commit, Latest, Renewed
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.record import Row
from grandstand.domain.state import PrivateChanges, RoomState, Sanction, Staff
from grandstand.store import keys, timeline
from grandstand.store.errors import ConflictError, StoreUnavailable, UnknownRoomError
from grandstand.store.ingest import CommentRate, Entry, Item
from grandstand.store.job_cursors import JobCursor
from grandstand.store.store import Store
from grandstand.store.timeline import Changes, Head, new_epoch
from grandstand.wire.messages import Comment, Cue, HeldComment, Overlay
from grandstand.wire.settings import Settings

from tests.proxy import CuttingProxy
from tests.store.servers import configure

NOTHING = Changes(frozenset(), (), (), (), (), ())
POLL = PollRecord(
    id="p", kind="single", question="?", options=["a", "b"], opens_at=0, closes_at=1, grace=0
)


@pytest.fixture
async def head(store: Store) -> Head:
    await store.rooms.create("r", "made")
    return (await store.timeline.load("r")).head


def after(head: Head, frames: int = 1, mark: bytes = b"\xff") -> Commit:
    offset = head.offset + frames
    return Commit(head.epoch, head.seq + 1, offset, head.now + 1, [mark] * frames, PrivateChanges())


async def move(store: Store, head: Head, commit: Commit | None = None, **given: Any) -> Head:
    return await store.timeline.commit(
        "r",
        head,
        given.get("last"),
        commit or after(head),
        given.get("state", RoomState()),
        given.get("changes", NOTHING),
    )


async def test_what_was_committed_is_what_is_loaded(store: Store, head: Head) -> None:
    state = RoomState(
        settings=Settings(title="x", comment_interval=1.5),
        polls={"p": POLL},
        overlays={"o": Overlay("o", "stat", 1, {"n": [1, None, "é"]})},
        cues=[Cue("q", "goal", 1, {"team": "home"})],
        recent=[Comment("a1", 1, "u", "Ada", "é\x00", 1.0, color=0)],
        staff={"m": Staff("moderator", "Mo", 9)},
    )
    held = HeldComment("a2", 1, "u", "Ada", "hm", 1.0, ["spam"], "why")
    changes = Changes(frozenset(RoomState.__struct_fields__), (), [POLL], [held], (), ())
    moved = await move(store, head, state=state, changes=changes)
    snapshot = await store.timeline.load("r")
    assert (snapshot.head, snapshot.state, snapshot.held) == (moved, state, {"a2": held})
    assert await store.rooms.polls("r") == [POLL]
    assert await store.rooms.held_ids("r") == [held.id]
    assert await store.rooms.held_of("r", [held.id, "gone"]) == [held]

    decided = replace(NOTHING, decided=["a2", "unknown"])
    await move(store, moved, changes=decided)
    assert (await store.timeline.load("r")).held == {}


async def test_a_part_that_did_not_change_is_not_written(store: Store, head: Head) -> None:
    state = RoomState(settings=Settings(title="x"), staff={"m": Staff("moderator", "Mo", 9)})
    await move(store, head, state=state, changes=replace(NOTHING, parts=frozenset({"staff"})))
    expected = RoomState(staff={"m": Staff("moderator", "Mo", 9)})
    assert (await store.timeline.load("r")).state == expected


async def test_each_bar_is_stored_and_lifted_by_itself(store: Store, head: Head) -> None:
    sanctions: dict[str, Sanction | None] = {"u": Sanction("mute", 5), "w": Sanction("ban")}
    sanctioned = msgspec.structs.replace(after(head), private=PrivateChanges(sanctions=sanctions))
    head = await move(store, head, sanctioned)
    assert (await store.timeline.load("r")).state.sanctions == sanctions
    lifted = PrivateChanges(sanctions={"w": None, "nobody": None, "x": Sanction("ban", 9)})
    await move(store, head, msgspec.structs.replace(after(head), private=lifted))
    assert (await store.timeline.load("r")).state.sanctions == {
        "u": Sanction("mute", 5),
        "x": Sanction("ban", 9),
    }


async def test_a_commit_trims_what_it_read_and_nothing_else(store: Store, head: Head) -> None:
    items = [Item("ada", str(n), "c", b"%d" % n) for n in range(4)]
    await store.ingest.append("r", items, CommentRate(0, 1), store.now_ms())
    entries = await store.ingest.read("r", head.cursor, 2)
    moved = await move(store, head, last=entries[-1])
    assert moved.cursor == entries[-1].cursor
    left = await store.ingest.read("r", "0-0", 10)
    assert [each.payload for each in left] == [b"2", b"3"]
    assert await store.ingest.read("r", moved.cursor, 10) == left
    await move(store, moved)
    assert await store.ingest.read("r", "0-0", 10) == left


async def test_a_commit_whose_answer_was_lost_is_recognised(
    store: Store, head: Head, proxy: CuttingProxy
) -> None:
    await move(store, head)
    head = (await store.timeline.load("r")).head
    proxy.cut_after("EVALSHA")
    with pytest.raises(StoreUnavailable):
        await move(store, head)
    moved = await move(store, head)
    assert (await store.timeline.load("r")).head == moved
    assert [each.seq for each in await store.timeline.since("r", 0)] == [1, 2]


async def test_of_two_sequencers_one_moves_the_room(store: Store, head: Head) -> None:
    moved = await move(store, head, after(head, mark=b"mine"))
    with pytest.raises(ConflictError, match="not at seq 0"):
        await move(store, head, after(head, mark=b"theirs"))
    assert (await store.timeline.load("r")).head == moved
    assert [each.frames for each in await store.timeline.since("r", 0)] == [[b"mine"]]


async def test_the_same_envelope_for_another_cursor_is_another_commit(
    store: Store, head: Head
) -> None:
    await move(store, head)
    with pytest.raises(ConflictError):
        await move(store, head, last=Entry("5-0", "", b""))


async def test_a_commit_of_an_entry_that_is_not_here_is_refused(store: Store, head: Head) -> None:
    items = [Item("ada", str(n), "c", b"%d" % n) for n in range(2)]
    await store.ingest.append("r", items, CommentRate(0, 1), store.now_ms())
    first, last = await store.ingest.read("r", head.cursor, 2)
    for strange in (replace(last, attempt=b"another"), replace(last, cursor=f"{last.cursor}1")):
        with pytest.raises(ConflictError, match="isn't there any more"):
            await move(store, head, last=strange)
    assert (await store.timeline.load("r")).head == head
    assert await store.ingest.read("r", head.cursor, 2) == [first, last]
    assert (await move(store, head, last=last)).cursor == last.cursor


async def test_an_entry_of_an_older_version_is_committed(store: Store, head: Head) -> None:
    await store.ingest._reader.ask("XADD", keys.ingest("r"), "*", "c", "a1", "e", b"hello")
    (entry,) = await store.ingest.read("r", head.cursor, 2)
    assert (await move(store, head, last=entry)).cursor == entry.cursor


async def test_a_commit_of_an_epoch_that_is_over_conflicts(store: Store, head: Head) -> None:
    moved = await move(store, head)
    await store.timeline.renew_epoch("r", moved, "run", 0, 0)
    for old in (head, moved):  # the one done before, and one made for the same seq and cursor
        with pytest.raises(ConflictError):
            await move(store, old)
    assert (await store.timeline.load("r")).head.seq == 1


async def test_a_new_epoch_begins_once_and_numbers_go_on(
    store: Store, head: Head, proxy: CuttingProxy
) -> None:
    moved = await move(store, head)
    assert (
        await store.timeline.renew_epoch("r", replace(moved, epoch="x"), "run", 9, 9) == head.epoch
    )
    proxy.cut_after("EVALSHA")
    with pytest.raises(StoreUnavailable):
        await store.timeline.renew_epoch("r", moved, "run", 7, 0)
    begun = (await store.timeline.load("r")).head
    assert begun.epoch != head.epoch
    assert (begun.seq, begun.offset, begun.run, begun.cursor) == (7, 1, "run", head.cursor)
    assert await store.timeline.renew_epoch("r", moved, "again", 70, 70) == begun.epoch
    assert (await store.timeline.load("r")).head == begun
    assert await store.timeline.since("r", 0) == []
    await move(store, begun)
    assert [each.seq for each in await store.timeline.since("r", 7)] == [8]


async def test_the_timeline_keeps_the_last_commits(
    store: Store, head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "KEPT", 3)
    for _ in range(5):
        head = await move(store, head)
    assert [each.seq for each in await store.timeline.since("r", 0)] == [3, 4, 5]
    assert [each.seq for each in await store.timeline.since("r", 4)] == [5]
    assert await store.timeline.since("r", 5) == []


async def test_the_timeline_keeps_so_many_bytes_and_the_last_commit_whatever_it_has(
    store: Store, head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "KEPT_BYTES", 3500)
    for _ in range(9):
        head = await move(store, head, after(head, mark=b"x" * 1000))
    assert [each.seq for each in await store.timeline.since("r", 0)] == [7, 8, 9]
    head = await move(store, head, after(head, mark=b"x" * 4000))
    assert [each.seq for each in await store.timeline.since("r", 0)] == [10]
    for _ in range(4):
        head = await move(store, head)
    assert [each.seq for each in await store.timeline.since("r", 0)] == [11, 12, 13, 14]


async def test_a_room_that_is_made_anew_keeps_no_more_bytes(
    store: Store, head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "KEPT_BYTES", 3500)
    head = await move(store, head, after(head, mark=b"x" * 1000))
    cursor = await store.job_cursors.enroll("r", "job")
    for _ in range(9):
        head = await move(store, head, after(head, mark=b"x" * 1000))
    redis: Any = store.topology.client(keys.head("r"))
    await redis.delete(keys.head("r"))
    await store.rooms.create("r", "anew")
    await store.job_cursors.advance("r", "job", cursor, JobCursor(head.epoch, 10))
    head = (await store.timeline.load("r")).head
    for _ in range(2):
        head = await move(store, head, after(head, mark=b"x" * 1000))
    assert [each.seq for each in await store.timeline.since("r", 0)] == [10, 11, 12]


async def test_the_record_outlives_its_retention_by_an_hour_at_most(
    store: Store, head: Head
) -> None:
    row = Row("a1", 1, "u", "Ada", "hi", 1.0, True)
    state = RoomState(settings=Settings(record_retention=60))
    await move(store, head, state=state, changes=replace(NOTHING, rows=[row], retracted=["a1"]))
    for key in (keys.at_of("r", "a1"), keys.retracted("r")):
        assert 3600 < await store.rooms._reader.ask("TTL", key) <= 3660


async def test_heads_are_of_the_rooms_that_exist(store: Store, head: Head) -> None:
    moved = await move(store, head)
    assert await store.timeline.heads(["r", "nowhere"]) == {"r": (moved.epoch, 1), "nowhere": None}
    assert await store.timeline.heads([]) == {}


async def test_a_room_that_is_not_there_is_unknown(store: Store) -> None:
    with pytest.raises(UnknownRoomError, match="nowhere"):
        await store.timeline.load("nowhere")


async def test_a_full_store_still_commits(store: Store, head: Head) -> None:
    await store.ingest.append("r", [Item("u", "1", "c", b"")], CommentRate(0, 1), store.now_ms())
    (entry,) = await store.ingest.read("r", head.cursor, 1)
    moved = await move(store, head)
    await configure(store, "maxmemory", "1")
    item = Item("u", "2", "c", b"")
    with pytest.raises(StoreUnavailable):
        await store.ingest.append("r", [item], CommentRate(0, 1), store.now_ms())
    await move(store, moved, last=entry)
    assert await store.ingest.read("r", "0-0", 1) == []


def test_no_two_epochs_have_the_same_name() -> None:
    assert new_epoch() != new_epoch()


@pytest.mark.parametrize(
    "told",
    [
        Commit(
            "e",
            1,
            2,
            3,
            [b"\xff"],
            PrivateChanges(sanctions={"u": None}, decided=["a"], polls=[POLL]),
        ),
        Latest("e", b"\xff", 5, {"p": b"\x00"}),
        Renewed("e"),
    ],
)
def test_an_envelope_is_read_as_it_was_published(told: envelope.Envelope) -> None:
    assert envelope.decode(envelope.encode(told)) == told


async def test_nothing_is_sealed_ahead_of_the_stores_clock(store: Store, head: Head) -> None:
    now = int(await store.rooms.clock_ms())
    seal = store.timeline.seal
    assert await seal("r", head.epoch, now + 60_000, 0) is None
    assert await seal("r", head.epoch, now, 60_000) is None
    assert await seal("r", "another", 1, 0) is None
    assert await seal("nowhere", head.epoch, 1, 0) is None
    assert await seal("r", head.epoch, now - 60_000, 60_000) == head.seq


async def test_a_commit_of_before_what_was_sealed_is_refused_and_the_next_is_later(
    store: Store, head: Head
) -> None:
    assert await store.timeline.seal("r", head.epoch, 1000, 0) == 0
    with pytest.raises(ConflictError):
        await move(store, head)
    loaded = (await store.timeline.load("r")).head
    assert loaded.now == 1000
    moved = await move(store, loaded)
    assert moved.now >= 1000
    assert await store.timeline.seal("r", head.epoch, 500, 0) == 1
    assert (await store.timeline.load("r")).head.now == moved.now
