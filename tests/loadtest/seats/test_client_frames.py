import pytest
from grandstand.wire import websocket_frames
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from loadtest.seats.client_frames import BINARY, TEXT, StreamError, found, masked

SIZES = [0, 1, 125, 126, 127, 65_535, 65_536]


@pytest.mark.parametrize("size", SIZES)
def test_a_clients_frame_is_what_websockets_writes_but_for_the_mask(size: int) -> None:
    payload = b"x" * size
    theirs = Frame(Opcode.BINARY, payload).serialize(mask=False)
    ours = masked(BINARY, payload)
    head = len(theirs) - size
    assert ours[head : head + 4] == b"\0\0\0\0"
    assert bytes([ours[0], ours[1] & 0x7F]) + ours[2:head] + ours[head + 4 :] == theirs


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [websocket_frames.plain, websocket_frames.deflated])
def test_the_servers_frames_are_found_whole_or_not_at_all(size: int, make: object) -> None:
    assert callable(make)
    payload = bytes(n % 251 for n in range(size))
    frame = make(payload, False)
    data = b"before" + frame + b"after"
    assert found(data, 6) == (BINARY, payload, 6 + len(frame))
    for missing in (1, len(frame) // 2, len(frame)):
        assert found(data[: 6 + len(frame) - missing], 6) is None


@given(st.lists(st.binary(max_size=300)), st.integers(0, 40))
def test_frames_are_found_one_after_the_other(payloads: list[bytes], cut: int) -> None:
    data = b"".join(websocket_frames.plain(payload, True) for payload in payloads)
    at, read = 0, []
    while (frame := found(data[: len(data) - cut], at)) is not None:
        read.append(frame.payload)
        at = frame.end
        assert frame.opcode == TEXT
    assert read == payloads[: len(read)]
    assert cut or read == payloads


@pytest.mark.parametrize(
    "first", [b"\x02\x01a", b"\x80\x01a", b"\x82\x81\0\0\0\0a", b"\xc2\x02\xff\xff"]
)
def test_a_fragment_a_mask_or_broken_deflate_is_not_understood(first: bytes) -> None:
    with pytest.raises(StreamError):
        found(first, 0)
