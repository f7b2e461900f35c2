from __future__ import annotations

import itertools
import random
import zlib

import pytest
from grandstand.edge.inbound import MAX_MESSAGE_BYTES, Inbound
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.utils import apply_mask

CLIENT_DEFLATE = PerMessageDeflate(True, True, 15, 15)


def masked(opcode: Opcode, payload: bytes = b"", fin: bool = True, deflate: bool = False) -> bytes:
    extensions = [CLIENT_DEFLATE] if deflate else []
    return Frame(opcode, payload, fin).serialize(mask=True, extensions=extensions)


def by_websockets(deflates: bool) -> Inbound:
    """One that reads nothing by itself."""
    inbound = Inbound(deflates)
    inbound._made()
    return inbound


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
        lambda size, fill: (fill * size)[:size],
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


@settings(max_examples=400, deadline=None)
@given(pieces, st.booleans())
@example([framed(0xC1, deflated(b"\0" * 1_000_000), b"mask")], True)
@example([b"\x81\xfe\x00\x02\0\0\0\0hi", b"\x8a\xfe\x00\x7e\0\0\0\0" + b"x" * 126], False)
@example([b"\xc1\x82\0\0\0\0hi"], True)
def test_what_comes_is_taken_and_answered_as_websockets_alone_would(
    data: list[bytes], deflates: bool
) -> None:
    ours, theirs = Inbound(deflates), by_websockets(deflates)
    for piece in data:
        assert ours.receive(piece) == theirs.receive(piece)
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
        assert inbound.receive(masked(opcode, payload, deflate=deflate)) == [(opcode, payload)]
    assert inbound.receive(masked(Opcode.PONG)) == [(Opcode.PONG, b"")]
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
    received = ours.receive(data)
    assert received == theirs.receive(data)
    assert ours.to_send() == theirs.to_send()
    assert bool(received) == reads_by_itself(ours) == (size == 2043)


def test_a_message_in_pieces_is_put_together_and_so_are_all_after_it() -> None:
    inbound = Inbound(False)
    data = masked(Opcode.TEXT, b"hel", fin=False) + masked(Opcode.CONT, b"lo")
    received = [inbound.receive(data[at : at + 1]) for at in range(len(data))]
    assert list(itertools.chain(*received)) == [(Opcode.TEXT, b"hello")]
    assert inbound.receive(masked(Opcode.BINARY, b"x")) == [(Opcode.BINARY, b"x")]


def test_several_in_one_piece_come_in_order() -> None:
    data = masked(Opcode.TEXT, b"a"), masked(Opcode.PONG), masked(Opcode.BINARY, b"b")
    assert Inbound(False).receive(b"".join(data)) == [
        (Opcode.TEXT, b"a"),
        (Opcode.PONG, b""),
        (Opcode.BINARY, b"b"),
    ]


def test_a_ping_is_answered() -> None:
    inbound = Inbound(False)
    assert inbound.receive(masked(Opcode.PING, b"?")) == []
    assert inbound.to_send() == [Frame(Opcode.PONG, b"?").serialize(mask=False)]


def test_who_closes_first_is_answered_and_the_stream_ends() -> None:
    inbound = Inbound(False)
    assert not inbound.is_closed
    inbound.receive(masked(Opcode.CLOSE, Close(1000, "").serialize()))
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
    assert inbound.receive(most) == [(Opcode.TEXT, b"x" * MAX_MESSAGE_BYTES)]
    assert inbound.receive(more) == []
    assert inbound.to_send()[0][2:4] == (1009).to_bytes(2, "big")


def test_a_deflated_message_leaves_no_inflater_behind() -> None:
    inbound = by_websockets(True)
    inbound.receive(masked(Opcode.TEXT, b"hello" * 100, deflate=True))
    assert inbound._protocol is not None
    (extension,) = inbound._protocol.extensions
    assert not hasattr(extension, "decoder")
    assert not hasattr(extension, "encoder")


def test_nothing_holds_one_that_has_ended() -> None:
    inbound = by_websockets(False)
    inbound.end()
    assert reads_by_itself(inbound)
    inbound.end()
