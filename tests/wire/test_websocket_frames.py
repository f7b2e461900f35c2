from __future__ import annotations

import pytest
from grandstand.wire import websocket_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

LENGTHS_AT_THE_EDGES = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537]


def opcode(text: bool) -> Opcode:
    return Opcode.TEXT if text else Opcode.BINARY


def no_takeover() -> PerMessageDeflate:
    return PerMessageDeflate(
        True, True, 15, websocket_frames.WINDOW_BITS, {"memLevel": websocket_frames.MEMORY_LEVEL}
    )


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("length", LENGTHS_AT_THE_EDGES)
def test_a_plain_frame_equals_what_websockets_writes_at_every_edge_of_the_length(
    length: int, text: bool
) -> None:
    payload = b"x" * length
    frame = websocket_frames.plain(payload, text)
    assert frame == Frame(opcode(text), payload).serialize(mask=False)
    assert websocket_frames.payload(frame) == payload


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("length", LENGTHS_AT_THE_EDGES)
def test_a_deflated_frame_equals_what_websockets_writes_at_every_edge_of_the_length(
    length: int, text: bool
) -> None:
    payload = bytes(i * i % 251 for i in range(length))
    expected = Frame(opcode(text), payload).serialize(mask=False, extensions=[no_takeover()])
    assert websocket_frames.deflated(payload, text) == expected


@settings(deadline=None)
@given(st.binary(max_size=2_000), st.booleans())
def test_any_payload_is_framed_as_websockets_frames_it(payload: bytes, text: bool) -> None:
    frame = Frame(opcode(text), payload)
    assert websocket_frames.plain(payload, text) == frame.serialize(mask=False)
    assert websocket_frames.deflated(payload, text) == frame.serialize(
        mask=False, extensions=[no_takeover()]
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=300), st.booleans(), st.booleans())))
def test_a_client_reads_any_sequence_of_plain_and_deflated_frames(
    sequence: list[tuple[bytes, bool, bool]],
) -> None:
    client = Protocol(CLIENT, max_size=None)
    client.extensions = [no_takeover()]
    for payload, text, deflate in sequence:
        client.receive_data(
            (websocket_frames.deflated if deflate else websocket_frames.plain)(payload, text)
        )
    received = [e for e in client.events_received() if isinstance(e, Frame)]
    assert [(bytes(e.data), e.opcode) for e in received] == [
        (payload, opcode(text)) for payload, text, _ in sequence
    ]
