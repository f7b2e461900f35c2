from typing import Any

import msgspec
from grandstand.wire import websocket_frames

from loadtest.seats.chunks import MOST_KNOWN, Chunk, Chunks
from loadtest.seats.dialects import Grandstand, Kind, WebSocket


def message(**fields: Any) -> bytes:
    return websocket_frames.plain(msgspec.msgpack.encode(fields), text=False)


def frame(offset: int | None = None, **fields: Any) -> bytes:
    numbered = {} if offset is None else {"offset": offset}
    return message(type="frame", now=1, **numbered, **fields)


def learnt(data: bytes) -> Chunk | None:
    return Chunks(Grandstand("host", "room")).learn(data)[0]


def test_a_frame_lies_between_two_offsets() -> None:
    data = frame(8, comments=[{"id": "a1"}, {"id": "a2"}], polls=[{"id": "p"}])
    assert learnt(data) == Chunk(data, 1, 7, 8, 0, ("a1", "a2", "p"))


def test_several_frames_in_one_read_are_one_step_and_gaps_between_them_are_counted() -> None:
    data = frame(8) + frame() + frame(9) + frame(12)
    assert learnt(data) == Chunk(data, 4, 7, 12, 2, ())


def test_an_unnumbered_frame_tells_the_head_alone() -> None:
    data = frame(head=31)
    assert learnt(data) == Chunk(data, 1, None, 31, 0, ())


def test_pieces_and_what_is_told_to_one_seat_are_no_chunk() -> None:
    assert learnt(frame(8)[:-1]) is None
    assert learnt(frame(8) + message(type="ack", id="x")) is None
    assert learnt(message(type="welcome", recovered=False)) is None


def test_what_was_read_in_vain_need_not_be_read_again() -> None:
    data = frame(8) + message(type="ack", id="x") + frame(9)
    chunk, read = Chunks(Grandstand("host", "room")).learn(data)
    assert chunk is None
    assert [each.kind for each in read] == [Kind.COUNTED, Kind.TOLD]
    assert data[read[-1].end :] == frame(9)


def test_a_chunk_is_made_once_and_the_oldest_is_forgotten() -> None:
    chunks = Chunks(WebSocket("host", "/"))
    for number in range(MOST_KNOWN + 1):
        chunks.learn(websocket_frames.plain(b"%d" % number, text=True))
    assert chunks.known(websocket_frames.plain(b"0", text=True)) is None
    assert chunks.known(websocket_frames.plain(b"1", text=True)) is not None


def test_frames_of_a_peer_are_counted_and_have_no_offset() -> None:
    data = websocket_frames.plain(b"hello", text=True) * 3
    chunk, _ = Chunks(WebSocket("host", "/")).learn(data)
    assert chunk is not None
    assert (chunk.frames, chunk.before, chunk.after) == (3, 0, 0)
