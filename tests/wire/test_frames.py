from __future__ import annotations

import zlib

import pytest
from grandstand.wire import frames
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

LENGTHS_AT_THE_EDGES = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537]


def opcode(text: bool) -> Opcode:
    return Opcode.TEXT if text else Opcode.BINARY


def no_takeover() -> PerMessageDeflate:
    return PerMessageDeflate(True, True, 15, frames.WINDOW_BITS)


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("length", LENGTHS_AT_THE_EDGES)
def test_a_plain_frame_equals_what_websockets_writes_at_every_edge_of_the_length(
    length: int, text: bool
) -> None:
    payload = b"x" * length
    assert frames.plain(payload, text) == Frame(opcode(text), payload).serialize(mask=False)


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("length", LENGTHS_AT_THE_EDGES)
def test_a_deflated_frame_equals_what_websockets_writes_at_every_edge_of_the_length(
    length: int, text: bool
) -> None:
    payload = bytes(i * i % 251 for i in range(length))
    expected = Frame(opcode(text), payload).serialize(mask=False, extensions=[no_takeover()])
    assert frames.deflated(payload, text) == expected


@given(st.binary(max_size=2_000), st.booleans())
def test_any_payload_is_framed_as_websockets_frames_it(payload: bytes, text: bool) -> None:
    frame = Frame(opcode(text), payload)
    assert frames.plain(payload, text) == frame.serialize(mask=False)
    assert frames.deflated(payload, text) == frame.serialize(mask=False, extensions=[no_takeover()])


@given(st.lists(st.binary(max_size=300), min_size=2, max_size=4))
def test_a_deflated_frame_is_read_without_the_frames_before_it(payloads: list[bytes]) -> None:
    bodies = [frames.deflated(payload, False)[2:] for payload in payloads if len(payload) < 100]
    for payload, body in zip([p for p in payloads if len(p) < 100], bodies, strict=True):
        inflater = zlib.decompressobj(wbits=-15)
        assert inflater.decompress(body + b"\x00\x00\xff\xff") == payload
