from __future__ import annotations

import h11
from grandstand.wire.event_stream import END, chunk, comment, event, unchunked
from hypothesis import given
from hypothesis import strategies as st


def test_an_event_is_a_block_of_lines_and_names_its_position_only_if_it_has_one() -> None:
    assert event("cue", b'{"a":1}') == b'event: cue\ndata: {"a":1}\n\n'
    assert event("cue", b"1", "e:7") == b"event: cue\nid: e:7\ndata: 1\n\n"


def test_a_comment_is_a_line_that_clients_pass_over() -> None:
    assert comment() == b": \n\n"


def test_no_data_is_no_chunk_since_an_empty_one_would_end_the_stream() -> None:
    assert chunk(b"") == b""


@given(st.lists(st.binary(min_size=1, max_size=600), min_size=1))
def test_h11_reads_the_chunks_that_we_write_and_the_end(pieces: list[bytes]) -> None:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.receive_data(b"".join(map(chunk, pieces)) + END)
    assert isinstance(client.next_event(), h11.Response)
    read = b""
    while isinstance(got := client.next_event(), h11.Data):
        read += got.data
    assert isinstance(got, h11.EndOfMessage)
    assert read == b"".join(pieces)


@given(st.binary(max_size=600))
def test_a_chunk_gives_its_data_back(data: bytes) -> None:
    assert unchunked(chunk(data)) == data
