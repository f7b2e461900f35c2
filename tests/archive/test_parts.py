"""Parts tell by their names what they have, and become one without a change."""

from __future__ import annotations

import itertools

import pytest
import zstandard
from grandstand.archive.parts import (
    BrokenPartError,
    Part,
    Span,
    having,
    join,
    pack,
    to_join,
    unpack,
)
from grandstand.domain.segments import MINUTE, Segment, Shown
from grandstand.domain.state import RoomState
from grandstand.wire.codec import encode
from grandstand.wire.messages import Comment, Frame
from grandstand.wire.segments import encode as encode_document
from hypothesis import given
from hypothesis import strategies as st


@st.composite
def cut_up(draw: st.DrawFn) -> tuple[Part, list[Part]]:
    """A part, and parts that have together what it has; some lie in others."""
    since = draw(st.integers(0, 100))
    until = since + draw(st.integers(2, 40))
    before = draw(st.integers(0, 9))
    frames: dict[int, list[bytes]] = {}
    offset = before
    for n in sorted(draw(st.sets(st.integers(since, until - 1)))):
        frames[n] = [b"%d" % (offset + each) for each in range(draw(st.integers(1, 3)))]
        offset += len(frames[n])
    whole = Part(since, until, before, frames, {n: b"state" for n in frames if n % 3 == 0})
    edges = sorted({since, until, *draw(st.sets(st.integers(since, until)))})
    spans = list(itertools.pairwise(edges))
    spans += [(since, edges[1])] if draw(st.booleans()) else []
    return whole, [_slice(whole, *span) for span in draw(st.permutations(spans))]


def _slice(whole: Part, since: int, until: int) -> Part:
    first = whole.segment(since)
    assert first is not None
    return Part(
        since,
        until,
        first.before,
        {n: each for n, each in whole.frames.items() if since <= n < until},
        {n: each for n, each in whole.snapshots.items() if since <= n < until},
    )


@given(cut_up())
def test_parts_that_follow_each_other_become_the_one_that_they_are(
    made: tuple[Part, list[Part]],
) -> None:
    whole, parts = made
    assert join(parts) == whole
    span, data = pack(whole)
    assert (span, unpack(data)) == (whole.span, whole)
    for n in range(whole.since - 1, whole.until + 1):
        found = [segment for part in parts if (segment := part.segment(n)) is not None]
        assert all(segment == whole.segment(n) for segment in found)
        assert bool(found) is (whole.since <= n < whole.until)


def test_a_segment_without_frames_is_a_segment() -> None:
    part = Part(5, 9, 2, {6: [b"a", b"b"]})
    assert [part.segment(n) for n in (4, 5, 6, 7, 9)] == [
        None,
        Segment(5, 2),
        Segment(6, 2, (b"a", b"b")),
        Segment(7, 4),
        None,
    ]
    assert part.offset == 4


def test_names_tell_which_segments_a_part_has() -> None:
    span = Span(0, 898_000_000)
    assert Span.read(span.name) == span
    assert [Span.read(name) for name in ("", "x", span.name + "x", f".{span.name}.ab12")] == (
        [None] * 4
    )
    spans = [Span(1, 3), Span(3, 9), Span(3, 5)]
    assert [having(spans, n) for n in (0, 1, 4, 8, 9)] == [
        [],
        [Span(1, 3)],
        [Span(3, 9), Span(3, 5)],
        [Span(3, 9)],
        [],
    ]
    marked = Span(3, 9, "0123456789ab")
    assert Span.read(marked.name) == marked


def test_those_of_a_minute_that_is_over_are_joined() -> None:
    minute = [Span(0, 10), Span(10, 20), Span(20, MINUTE)]
    assert to_join(minute[:2]) == []  # it isn't over
    assert to_join(minute) == [minute]
    assert to_join([Span(0, MINUTE), MINUTE_PART]) == []
    assert to_join([Span(0, 10), Span(12, 20), Span(20, MINUTE)]) == [
        [Span(12, 20), Span(20, MINUTE)]
    ]  # not over a hole
    within = [Span(0, MINUTE), Span(10, 20)]  # a process died before it had deleted one
    assert to_join(within) == [within]


MINUTE_PART = Span(MINUTE, MINUTE + 5)


def said(*ids: str) -> bytes:
    comments = [Comment(each, 1, "u", "Ada", f"text of {each}", 1.0) for each in ids]
    return encode(Frame(1, 7, comments=comments), "msgpack")


def shows(*ids: str) -> bytes:
    state = RoomState(recent=[Comment(each, 1, "u", "Ada", each, 1.0) for each in ids])
    return encode_document(Shown.of(state, 3).snapshot("room", "e", 9), "msgpack")


CUT = Part(
    3,
    9,
    0,
    {3: [said("a1", "a2"), said("a3")], 8: [said("a4")]},
    {3: shows("a0"), 9: shows("a0", "a1", "a2")},
)


def test_comments_leave_segments_and_snapshots_and_leave_no_gap_in_the_numbers() -> None:
    assert CUT.comments() == {f"a{n}" for n in range(5)}
    left = CUT.without({"a1", "a3", "a9"})
    assert left.comments() == {"a0", "a2", "a4"}
    assert left.frames == {3: [said("a2"), encode(Frame(1, 7), "msgpack")], 8: [said("a4")]}
    assert (left.revisions, left.snapshot_revisions) == ({3: 2}, {9: 1})
    assert left.segment(3) == Segment(3, 0, tuple(left.frames[3]), 2)
    assert left.segment(8) == CUT.segment(8)
    assert left.snapshots == {3: shows("a0"), 9: shows("a0", "a2")}
    assert left.offset == CUT.offset
    # Whatever the order and the pieces, the same went, so the same file is left.
    in_pieces = CUT.without({"a3"}).without({"a1", "a3"})
    assert pack(in_pieces) == pack(left)
    assert pack(left)[0].mark
    assert CUT.without({"a9"}) == CUT


def test_of_two_parts_the_one_from_which_more_went_counts() -> None:
    left = CUT.without({"a1"})
    further = left.without({"a2", "a4"})
    for parts in ([CUT, left, further], [further, CUT], [left, further]):
        assert join(parts) == further
    late = Part(3, 12, 0, {**CUT.frames, 10: [said("a5")]})
    joined = join([late, further])
    assert joined.comments() == {"a0", "a3", "a5"}
    assert joined.revisions == further.revisions


@pytest.mark.parametrize("at", [0, 10, -1])
def test_a_file_that_is_not_whole_is_told_from_one_that_is(at: int) -> None:
    data = bytearray(pack(Part(0, 9, 0, {n: [b"frame" * 20] for n in range(9)}))[1])
    data[at] ^= 0x55
    with pytest.raises(BrokenPartError):
        unpack(bytes(data))


@pytest.mark.parametrize(
    "data",
    [b"", b"x", pack(Part(0, 1, 0, {}))[1][:-5], zstandard.compress(b"\xc0"), b"\x28\xb5" * 9],
)
def test_what_is_no_part_is_broken(data: bytes) -> None:
    with pytest.raises(BrokenPartError):
        unpack(data)


def test_a_file_that_says_it_is_huge_is_not_unpacked() -> None:
    packer = zstandard.ZstdCompressor(level=1)
    huge = packer.compressobj(size=2**28 + 1).compress(b"\x00" * 2**20)
    with pytest.raises(BrokenPartError, match="says"):
        unpack(huge or packer.compress(b"\x00")[:4])
