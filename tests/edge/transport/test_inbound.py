from __future__ import annotations

import itertools
import random
import zlib
from contextlib import suppress

import pytest
from grandstand.domain.limits import Rate
from grandstand.edge.transport.inbound import MAX_MESSAGE_BYTES, ExcessError, Inbound
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.utils import apply_mask

from tests.examples import TIMES

CLIENT_DEFLATE = PerMessageDeflate(True, True, 15, 15)
PLENTY = Rate(interval_ms=1, burst=100_000)


def masked(opcode: Opcode, payload: bytes = b"", fin: bool = True, deflate: bool = False) -> bytes:
    extensions = [CLIENT_DEFLATE] if deflate else []
    return Frame(opcode, payload, fin).serialize(mask=True, extensions=extensions)


def by_websockets(deflates: bool) -> Inbound:
    """One that reads nothing by itself."""
    inbound = Inbound(deflates)
    inbound._made()
    return inbound


def taken(inbound: Inbound, data: bytes) -> list[tuple[Opcode, bytes]]:
    """What it reads once ``data`` has come."""
    inbound.budget = PLENTY
    inbound.add(data, 0.0)
    read: list[tuple[Opcode, bytes]] = []
    while (received := inbound.read(0.0)) is not None:
        read += received
    return read


def reads_by_itself(inbound: Inbound) -> bool:
    return inbound._protocol is None


def framed(first: int, payload: bytes, mask: bytes) -> bytes:
    """A masked frame whose first byte may say anything."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first]) + length + mask + apply_mask(payload, mask)


def deflated(payload: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return (deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]


first_bytes = st.sampled_from([0x81, 0x82, 0x8A, 0xC1, 0xC2]) | st.builds(
    lambda bits, opcode: bits | opcode,
    st.sampled_from([0x00, 0x80, 0xC0, 0x40, 0xA0, 0x90]),
    st.sampled_from(Opcode),
)
payloads = st.one_of(
    st.binary(max_size=130),
    st.builds(
        lambda size, fill: (fill * (size // len(fill) + 1))[:size],
        st.sampled_from([125, 126, 127, 2040, 2044, 4095, 4096, 4097, 5000, 60_000]),
        st.sampled_from([b"x", bytes(range(256)), random.Random(0).randbytes(5000)]),
    ),
)
masks = st.binary(min_size=4, max_size=4)
sound = st.builds(framed, first_bytes, payloads | payloads.map(deflated), masks)


@st.composite
def altered(draw: st.DrawFn) -> bytes:
    """A sound frame, cut or with other bits in its head or its first bytes."""
    data = bytearray(draw(sound))
    for _ in range(draw(st.integers(0, 2))):
        data[draw(st.integers(0, min(len(data), 12) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(data[: len(data) - draw(st.sampled_from([0, 0, 0, 1, 3]))])


pieces = st.lists(sound | altered() | st.binary(max_size=9), max_size=6)


@settings(max_examples=400 * TIMES, deadline=None)
@given(pieces, st.booleans())
@example([framed(0xC1, deflated(b"\0" * 1_000_000), b"mask")], True)
@example([b"\x81\xfe\x00\x02\0\0\0\0hi", b"\x8a\xfe\x00\x7e\0\0\0\0" + b"x" * 126], False)
@example([b"\xc1\x82\0\0\0\0hi"], True)
@example([b"\x81\xff" + bytes(7) + b"\x02\0\0\0\0hi"], False)
@example([b"\x8a\xff" + bytes(6) + b"\x01\0" + bytes(4 + 256)], False)
def test_what_comes_is_taken_and_answered_as_websockets_alone_would(
    data: list[bytes], deflates: bool
) -> None:
    ours, theirs = Inbound(deflates), by_websockets(deflates)
    for piece in data:
        assert taken(ours, piece) == taken(theirs, piece)
        assert ours.to_send() == theirs.to_send()
        assert ours.is_closed == theirs.is_closed
    ours.close(1000, "over")
    theirs.close(1000, "over")
    assert ours.to_send() == theirs.to_send()


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 1000])
def test_a_message_in_one_piece_needs_no_protocol(size: int, deflate: bool) -> None:
    inbound, payload = Inbound(deflate), random.randbytes(size)
    for opcode in (Opcode.TEXT, Opcode.BINARY):
        assert taken(inbound, masked(opcode, payload, deflate=deflate)) == [(opcode, payload)]
    assert taken(inbound, masked(Opcode.PONG)) == [(Opcode.PONG, b"")]
    assert inbound.to_send() == []
    assert reads_by_itself(inbound)


@pytest.mark.parametrize("size", [2043, 2044])
@pytest.mark.parametrize("missing", [1, 4, 5])
def test_a_deflated_message_that_lacks_its_last_bytes_ends_as_with_websockets(
    size: int, missing: int
) -> None:
    """What deflate's own end completes: up to 2,043 bytes websockets takes it, above it doesn't."""
    held = size - 5
    said = held + missing
    stored = b"\0" + said.to_bytes(2, "little") + (said ^ 0xFFFF).to_bytes(2, "little")
    data = framed(0xC1, stored + b"x" * held, b"mask")
    ours, theirs = Inbound(True), by_websockets(True)
    received = taken(ours, data)
    assert received == taken(theirs, data)
    assert ours.to_send() == theirs.to_send()
    assert bool(received) == reads_by_itself(ours) == (size == 2043)


def test_a_message_in_pieces_is_put_together_and_so_are_all_after_it() -> None:
    inbound = Inbound(False)
    data = masked(Opcode.TEXT, b"hel", fin=False) + masked(Opcode.CONT, b"lo")
    received = [taken(inbound, data[at : at + 1]) for at in range(len(data))]
    assert list(itertools.chain(*received)) == [(Opcode.TEXT, b"hello")]
    assert taken(inbound, masked(Opcode.BINARY, b"x")) == [(Opcode.BINARY, b"x")]


def test_several_in_one_piece_come_in_order() -> None:
    data = masked(Opcode.TEXT, b"a"), masked(Opcode.PONG), masked(Opcode.BINARY, b"b")
    assert taken(Inbound(False), b"".join(data)) == [
        (Opcode.TEXT, b"a"),
        (Opcode.PONG, b""),
        (Opcode.BINARY, b"b"),
    ]


def test_a_ping_is_answered() -> None:
    inbound = Inbound(False)
    assert taken(inbound, masked(Opcode.PING, b"?")) == []
    assert inbound.to_send() == [Frame(Opcode.PONG, b"?").serialize(mask=False)]


def test_who_closes_first_is_answered_and_the_stream_ends() -> None:
    inbound = Inbound(False)
    assert not inbound.is_closed
    taken(inbound, masked(Opcode.CLOSE, Close(1000, "").serialize()))
    assert inbound.is_closed
    assert inbound.to_send() == [b"\x88\x02\x03\xe8", b""]
    inbound.close(1001, "too late")
    assert inbound.to_send() == []


def test_we_close_once() -> None:
    inbound = Inbound(False)
    for _ in range(2):
        inbound.close(1001, "away")
    assert inbound.to_send() == [b"\x88\x06\x03\xe9away"]


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_message_may_be_4_kib_and_no_more(by_itself: bool) -> None:
    most, more = (masked(Opcode.TEXT, b"x" * (MAX_MESSAGE_BYTES + extra)) for extra in (0, 1))
    inbound = Inbound(False) if by_itself else by_websockets(False)
    assert taken(inbound, most) == [(Opcode.TEXT, b"x" * MAX_MESSAGE_BYTES)]
    assert taken(inbound, more) == []
    assert inbound.to_send()[0][2:4] == (1009).to_bytes(2, "big")


def test_a_deflated_message_leaves_no_inflater_behind() -> None:
    inbound = by_websockets(True)
    taken(inbound, masked(Opcode.TEXT, b"hello" * 100, deflate=True))
    assert inbound._protocol is not None
    (extension,) = inbound._protocol.extensions
    assert not hasattr(extension, "decoder")
    assert not hasattr(extension, "encoder")


def test_nothing_holds_one_that_has_ended() -> None:
    inbound = by_websockets(False)
    inbound.end()
    assert reads_by_itself(inbound)
    inbound.end()


# Frame by frame, within a budget.


class Counting(Inbound):
    """Counts what it is given to decode."""

    decoded = 0

    def _whole(self, first: int, mask: bytes, masked: bytes) -> tuple[Opcode, bytes] | None:
        self.decoded += 1
        return Opcode.PONG, masked


def frames_within_budget(inbound: Inbound, now_ms: float) -> int:
    count = 0
    with suppress(ExcessError):
        while inbound.read(now_ms) is not None:
            count += 1
    return count


@settings(max_examples=400 * TIMES, deadline=None)
@given(st.lists(sound, max_size=6), st.lists(st.integers(0, 1 << 17), max_size=6), st.booleans())
def test_frame_by_frame_the_same_is_read_however_the_stream_is_cut(
    sent: list[bytes], cuts: list[int], deflates: bool
) -> None:
    stream = b"".join(sent)
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    pieces = [stream[begin:end] for begin, end in itertools.pairwise(places)]
    ours, theirs = Inbound(deflates), by_websockets(deflates)
    read = list(itertools.chain(*(taken(ours, piece) for piece in pieces)))
    assert read == (theirs._judged(stream) if stream else [])
    assert ours.to_send() == theirs.to_send()
    assert ours.is_closed == theirs.is_closed


@pytest.mark.parametrize(
    "frame",
    [
        masked(Opcode.PING),
        masked(Opcode.PONG),
        b"\x00\x80\0\0\0\0",
        b"\x02\x80\0\0\0\0",
        masked(Opcode.BINARY),
        masked(Opcode.TEXT, b"x" * 100),
        b"\xc1\x81\0\0\0\0\x00",
    ],
    ids=["ping", "pong", "continuation", "first", "empty", "text", "deflated"],
)
def test_each_frame_is_taken_from_the_budget_before_it_is_decoded(frame: bytes) -> None:
    inbound = Counting(True, Rate(interval_ms=100, burst=10))
    inbound.add(frame * 1000, 0.0)
    assert frames_within_budget(inbound, 0.0) in (9, 10)
    assert inbound.decoded in (9, 10)
    assert inbound.has_frame
    assert frames_within_budget(inbound, 150.0) in (1, 2)  # so many have been earned


def test_bytes_are_counted_as_frames_are() -> None:
    inbound = Inbound(False, Rate(interval_ms=100, burst=10))
    inbound.add(masked(Opcode.BINARY, b"x" * MAX_MESSAGE_BYTES) * 10, 0.0)
    assert frames_within_budget(inbound, 0.0) == 5


def test_a_frame_that_comes_byte_by_byte_costs_as_many_frames() -> None:
    inbound = Inbound(False, Rate(interval_ms=100, burst=10))
    frame = masked(Opcode.BINARY, b"x" * 100)
    for at in range(11):
        inbound.add(frame[at : at + 1], 0.0)
        assert inbound.read(0.0) is None
    with pytest.raises(ExcessError):
        inbound.add(frame[11:12], 0.0)


def test_what_is_dropped_is_not_read() -> None:
    inbound = Inbound(False, PLENTY)
    inbound.add(masked(Opcode.BINARY, b"x") * 5, 0.0)
    inbound.drop()
    assert inbound.read(0.0) is None
    assert not inbound.has_frame
