from __future__ import annotations

import tracemalloc
from itertools import product

from grandstand.domain.envelope import Commit
from grandstand.domain.state import PrivateChanges, RoomState, Sanction
from grandstand.replica.publication import Publication, socket_form
from grandstand.replica.replica import RING_FRAMES, Replica
from grandstand.wire.codec import encode
from grandstand.wire.messages import Comment, Frame
from hypothesis import given
from hypothesis import strategies as st


def frame(offset: int) -> bytes:
    comment = Comment(f"c{offset:05}", 1, "u", "Ada", "hi", 1.0)
    return encode(Frame(now=1, offset=offset, comments=[comment]), "msgpack")


def commit(
    seq: int, first: int, count: int, epoch: str = "e", private: PrivateChanges | None = None
) -> Commit:
    frames = [frame(first + index) for index in range(count)]
    return Commit(epoch, seq, first + count - 1, 1, frames, private or PrivateChanges())


def payloads(publications: list[Publication] | None) -> list[bytes]:
    assert publications is not None
    return [each.payload for each in publications]


def replica(seq: int = 0, offset: int = 0) -> Replica:
    return Replica("e", seq, offset, RoomState())


def test_the_next_commit_moves_the_room_on() -> None:
    room = replica()
    private = PrivateChanges(sanctions={"u": Sanction("mute")})
    made = room.apply(commit(1, 1, 2, private=private))
    assert isinstance(made, list)
    assert [each.offset for each in made] == [1, 2]
    assert (room.seq, room.offset) == (1, 2)
    assert [each.id for each in room.state.recent] == ["c00001", "c00002"]
    assert room.state.sanctions == {"u": Sanction("mute")}


def test_a_commit_without_a_frame_moves_its_number_alone() -> None:
    room = replica(3, 7)
    assert room.apply(commit(4, 8, 0)) == []
    assert (room.seq, room.offset, room.after(7)) == (4, 7, [])


def test_what_was_applied_before_changes_nothing() -> None:
    room = replica()
    room.apply(commit(1, 1, 1))
    assert room.apply(commit(1, 1, 1)) == "old"
    assert (len(room.state.recent), len(room.ring)) == (1, 1)


def test_a_gap_and_another_epoch_change_nothing() -> None:
    room = replica(3, 7)
    assert room.apply(commit(5, 8, 1)) == "gap"
    assert room.apply(commit(4, 8, 1, epoch="f")) == "gap"
    assert room.apply(commit(1, 1, 1, epoch="f")) == "gap"
    assert (room.seq, room.offset, room.state) == (3, 7, RoomState())


@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.data())
def test_who_comes_back_gets_the_frames_that_were_missed_or_none(
    counts: list[int], data: st.DataObject
) -> None:
    room, offset = replica(), 0
    for seq, count in enumerate(counts, start=1):
        made = room.apply(commit(seq, offset + 1, count))
        assert isinstance(made, list)
        assert payloads(made) == [frame(offset + number) for number in range(1, count + 1)]
        offset += count
    seen = data.draw(st.integers(-2, offset + 2))
    missed = range(seen + 1, offset + 1)
    if 0 <= seen <= offset and len(missed) <= RING_FRAMES:
        found = room.after(seen)
        assert payloads(found) == [frame(each) for each in missed]
        assert [each.offset for each in found or ()] == list(missed)
    else:
        assert room.after(seen) is None


def test_a_replica_that_was_loaded_has_the_frames_that_it_was_given() -> None:
    room = replica(9, 20)
    assert room.after(20) == []
    assert room.after(19) is None
    room.remember(commit(9, 19, 2))
    assert payloads(room.after(18)) == [frame(19), frame(20)]
    assert room.after(17) is None


def test_the_ring_has_no_more_than_all_forms_of_its_frames() -> None:
    """However long a room goes on and whatever viewers ask for, live or from the ring."""
    room, forms = replica(), [*product((False, True), repeat=2)]
    text = "".join(chr(0x4E00 + number * 7 % 5000) for number in range(2_000))
    comment = Comment("c", 1, "u", "Ada", text, 1.0)

    def go_on(commits: int) -> int:
        for _ in range(commits):
            room.state.recent.clear()  # the state's own
            payload = encode(Frame(now=1, offset=room.offset + 1, comments=[comment]), "msgpack")
            room.apply(Commit("e", room.seq + 1, room.offset + 1, 1, [payload], PrivateChanges()))
            for publication in room.after(room.offset - min(5, room.offset)) or ():
                for form in forms:
                    publication.ready(socket_form(*form))
        return tracemalloc.get_traced_memory()[0]

    one = Publication(encode(Frame(now=1, offset=1, comments=[comment]), "msgpack"))
    size = sum(len(one.ready(socket_form(*form))) for form in forms)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        filled = go_on(RING_FRAMES)
        later = go_on(RING_FRAMES)
    finally:
        tracemalloc.stop()
    assert filled - before < 1.05 * RING_FRAMES * size
    assert later - filled < 0.01 * (filled - before)
