from __future__ import annotations

import h11
import pytest
from grandstand.edge.transport.http import StrictBuffer
from hypothesis import given
from hypothesis import strategies as st

HEAD = b"POST /a HTTP/1.1\r\nHost: b\r\nX: c d\r\n"


def read(data: bytes, pieces: int = 1) -> list[object]:
    """The events that h11 makes of it with our buffer; 'refused' ends them."""
    connection = h11.Connection(h11.SERVER)
    connection._receive_buffer = StrictBuffer()
    events: list[object] = []
    size = -(-len(data) // pieces)
    try:
        for start in range(0, len(data), size):
            connection.receive_data(data[start : start + size])
            while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                events.append(type(event))
    except h11.RemoteProtocolError:
        events.append("refused")
    return events


@pytest.mark.parametrize(
    "end",
    [
        b"\r\n",
        b"Content-Length: 4\r\n\r\na\nb\r",
        b"Content-Length:  4 \r\n\r\n\n\n\n\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\nX: y\r\n\r\n",
    ],
)
@given(pieces=st.integers(1, 60))
def test_a_strict_request_is_read_however_it_is_split(end: bytes, pieces: int) -> None:
    events = read(HEAD + end, pieces)
    assert events[0] is h11.Request
    assert events[-1] is h11.EndOfMessage


@pytest.mark.parametrize("pieces", [1, 7, 1000])
@pytest.mark.parametrize(
    "data",
    [
        HEAD.replace(b"\r\n", b"\n") + b"\n",
        HEAD + b"Y: z\nZ: a\r\n\r\n",
        HEAD + b"\n",
        HEAD + b"Y: z\r\n folded: x\r\n\r\n",
        HEAD + b"Y: z\r\n\tfolded\r\n\r\n",
        HEAD + b"Y: z\rfolded\r\n\r\n",
        b"\n" + HEAD + b"\r\n",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
        HEAD + b"Content-Length: 1, 1\r\n\r\na",
        HEAD + b"Content-Length: +1\r\n\r\na",
        HEAD + b"Content-Length: 0x1\r\n\r\na",
        HEAD + b"Content-Length : 1\r\n\r\na",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab0\r\n\r\n",
    ],
)
def test_what_others_could_read_in_another_way_is_refused(data: bytes, pieces: int) -> None:
    assert read(data, min(pieces, len(data)))[-1] == "refused"
