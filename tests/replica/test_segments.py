"""A process cuts from its ring what it knows wholly, and has the state where it begins."""

from __future__ import annotations

from grandstand.domain.envelope import Commit
from grandstand.domain.segments import Name
from grandstand.domain.state import PrivateChanges, RoomState
from grandstand.replica.replica import RING_FRAMES, Replica
from grandstand.replica.segments import SNAPSHOT_EVERY, SegmentRing, ring_at
from grandstand.wire.codec import decode_frame, encode
from grandstand.wire.messages import Comment, Frame
from msgspec import UNSET


def commit(seq: int, now: int, frames: int = 1, epoch: str = "e") -> Commit:
    """Each commit of this file has the offset of its number."""
    said = Comment(f"a{seq}", now, "u", "Ada", f"text {seq}", 1.0)
    payloads = [encode(Frame(now, seq, comments=[said]), "msgpack")] * frames
    return Commit(epoch, seq, seq, now, payloads, PrivateChanges())


def followed(*commits: Commit) -> Replica:
    room = Replica("e", 0, 0, RoomState())
    for each in commits:
        assert isinstance(room.apply(each), list)
    return room


def test_what_was_applied_is_cut() -> None:
    room = followed(commit(1, 4100), commit(2, 5900), commit(3, 8000))
    segment = room.segments.get(2)
    assert segment is not None
    assert segment.frames == tuple(commit(n, now).frames[0] for n, now in ((1, 4100), (2, 5900)))
    assert room.segments.get(4) is None
    room.segments.close(6)
    assert [len(room.segments.get(n).frames) for n in (3, 4, 5)] == [0, 1, 0]  # type: ignore[union-attr]


def test_what_the_ring_has_no_more_is_not_cut() -> None:
    room = followed(*(commit(seq, 2000 * seq) for seq in range(1, RING_FRAMES + 11)))
    assert room.segments.since == 11
    assert room.segments.get(10) is None
    assert room.segments.get(11) is not None


def test_a_snapshot_is_the_state_before_the_commit_that_passed_it() -> None:
    each_ms = 2000 * SNAPSHOT_EVERY
    room = followed(commit(1, 100), commit(2, each_ms - 1), commit(3, each_ms), commit(4, each_ms))
    ring = room.segments
    assert ring.newest_snapshot() == Name(SNAPSHOT_EVERY)
    found = ring.snapshot(SNAPSHOT_EVERY, room.state, room.offset)
    assert found is not None
    assert (found.offset, [each.id for each in found.recent]) == (2, ["a1", "a2"])
    assert ring.snapshot(SNAPSHOT_EVERY + 1, room.state, room.offset) is None
    ring.close(2 * SNAPSHOT_EVERY + 2)
    assert ring.newest_snapshot() == Name(2 * SNAPSHOT_EVERY)
    for n in (SNAPSHOT_EVERY + 1, 2 * SNAPSHOT_EVERY + 2):
        now = ring.snapshot(n, room.state, room.offset)
        assert now is not None
        assert now.offset == 4
    assert ring.snapshot(2 * SNAPSHOT_EVERY + 3, room.state, room.offset) is None


def filled(ring: SegmentRing, *commits: Commit) -> SegmentRing:
    room = Replica("e", 0, 0, RoomState(), segments=ring)
    for each in commits:
        room.remember(each)
    return room.segments


def test_who_loads_a_room_knows_where_its_first_whole_segment_begins() -> None:
    later = [commit(5, 4100), commit(6, 9000)]
    middle = filled(ring_at(9000, 6, 6, later, None), *later)
    assert (middle.since, middle.until) == (3, 4)
    begun = filled(ring_at(9000, 6, 6, later, commit(4, 3000, epoch="d")), *later)
    assert begun.since == 2
    segment = begun.get(2)
    assert segment is not None
    assert segment.offsets == (5, 5)
    first = filled(ring_at(9000, 1, 1, [commit(1, 9000)], None), commit(1, 9000))
    assert (first.since, first.until) == (0, 4)
    new = ring_at(0, 0, 0, [], None)
    assert (new.since, new.newest_snapshot()) == (0, Name(0))
    quiet = ring_at(9000, 7, 7, [], None)
    assert (quiet.since, quiet.until, quiet.newest_snapshot()) == (5, 5, Name(5))


def test_what_is_taken_back_leaves_segments_and_snapshots_but_not_the_ring() -> None:
    each_ms = 2000 * SNAPSHOT_EVERY
    takes = encode(Frame(each_ms, 3, retract=["a1"]), "msgpack")
    room = followed(
        commit(1, 100),
        commit(2, 200),
        Commit("e", 3, 3, each_ms, [takes], PrivateChanges()),
        commit(4, 2 * each_ms),
    )
    segment = room.segments.get(0)
    assert segment is not None
    assert [decode_frame(each).comments for each in segment.frames] == [
        UNSET,
        decode_frame(commit(2, 200).frames[0]).comments,
    ]
    assert (segment.offsets, segment.revision) == ((1, 2), 1)
    later = room.segments.get(SNAPSHOT_EVERY)
    assert later is not None
    assert (later.frames, later.revision) == ((takes,), 0)
    snapshots = [
        room.segments.snapshot(n, room.state, room.offset)
        for n in (SNAPSHOT_EVERY, 2 * SNAPSHOT_EVERY)
    ]
    assert [
        None if each is None else ([said.id for said in each.recent], each.revision)
        for each in snapshots
    ] == [(["a2"], 1), (["a2"], 0)]
    assert [each.payload for each in room.ring][:1] == commit(1, 100).frames
