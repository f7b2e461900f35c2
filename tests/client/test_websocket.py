"""A client's WebSocket without a network: what bytes mean, whole and in pieces."""

from __future__ import annotations

import pytest
from grandstand.client.backoff import Closed, Failed, Refused
from grandstand.client.websocket import SUBPROTOCOL, Opened, WebSocket, retry_after_s
from grandstand.wire.messages import MAX_SERVER_MESSAGE_BYTES
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidURI
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

URL = "ws://show.example:8000/v1/rooms/gala/live"


def opened() -> tuple[WebSocket, ServerProtocol]:
    socket, server = WebSocket(URL), ServerProtocol(subprotocols=[SUBPROTOCOL])
    server.receive_data(socket.written())
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    assert socket.receive(said(server)) == [Opened()]
    return socket, server


def said(server: ServerProtocol) -> bytes:
    return b"".join(server.data_to_send())


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=False)


@pytest.mark.parametrize("deflate", [False, True])
def test_the_request_asks_for_what_we_speak(deflate: bool) -> None:
    server = ServerProtocol()
    server.receive_data(WebSocket(URL, deflate=deflate).written())
    (request,) = server.events_received()
    assert isinstance(request, Request)
    assert request.path == "/v1/rooms/gala/live"
    assert request.headers["Host"] == "show.example:8000"
    assert request.headers["Sec-WebSocket-Protocol"] == SUBPROTOCOL
    asked = request.headers.get("Sec-WebSocket-Extensions")
    assert asked == ("permessage-deflate" if deflate else None)


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(InvalidURI):
        WebSocket("https://show.example")


def test_messages_go_both_ways() -> None:
    socket, server = opened()
    socket.send(b"up")
    server.receive_data(socket.written())
    (got,) = server.events_received()
    assert isinstance(got, Frame)
    assert (got.opcode, got.data) == (Opcode.BINARY, b"up")
    server.send_binary(b"down")
    server.send_binary(b"again")
    assert socket.receive(said(server)) == [b"down", b"again"]


def test_a_message_in_fragments_is_one_with_a_ping_between() -> None:
    socket, server = opened()
    parts = [
        frame(Opcode.BINARY, b"a", fin=False), frame(Opcode.PING, b"!"),
        frame(Opcode.CONT, b"b", fin=False), frame(Opcode.CONT, b"c"),
    ]  # fmt: skip
    for _ in range(2):
        assert [socket.receive(part) for part in parts] == [[], [], [], [b"abc"]]
    server.receive_data(socket.written())
    pong, _ = server.events_received()
    assert isinstance(pong, Frame)
    assert (pong.opcode, pong.data) == (Opcode.PONG, b"!")


def test_a_close_is_the_last_event_and_is_answered() -> None:
    socket, server = opened()
    server.send_binary(b"last")
    server.send_close(3503, "banned")
    server.writes.append(frame(Opcode.BINARY, b"after the end"))
    assert socket.receive(said(server)) == [b"last", Closed(3503, "banned")]
    server.receive_data(socket.written())
    assert server.close_code == 3503 or server.close_rcvd is not None
    socket.send(b"too late")
    socket.close()
    assert socket.written() == b""


def test_who_goes_says_so() -> None:
    socket, server = opened()
    socket.close()
    server.receive_data(socket.written())
    assert server.close_rcvd is not None
    assert server.close_rcvd.code == 1000


def test_an_end_without_a_close_is_1006() -> None:
    socket, _ = opened()
    assert socket.receive_eof("reset by peer") == [Closed(1006, "reset by peer")]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff",
        frame(Opcode.CONT, b"of nothing"),
        frame(Opcode.BINARY, b"x" * (2 * MAX_SERVER_MESSAGE_BYTES + 1)),
    ],
    ids=["no frame", "no beginning", "too big"],
)
def test_what_is_no_frame_ends_it(data: bytes) -> None:
    socket, server = opened()
    (end,) = socket.receive(data)
    assert isinstance(end, Closed)
    assert end.code == 1006
    assert end.reason
    server.receive_data(socket.written())
    assert server.close_rcvd is not None


@pytest.mark.parametrize(
    ("status", "header", "after_s"),
    [(503, "Retry-After: 7\r\n", 7), (404, "", 0), (200, "Content-Type: text/html\r\n", 0)],
)
def test_another_answer_is_a_refusal(status: int, header: str, after_s: float) -> None:
    answer = f"HTTP/1.1 {status} No\r\n{header}Content-Length: 2\r\n\r\n{{}}".encode()
    assert WebSocket(URL).receive(answer) == [Refused(status, after_s)]
    socket = WebSocket(URL)
    assert [socket.receive(answer[at : at + 1]) for at in range(len(answer))][-1] == [
        Refused(status, after_s)
    ]


def test_a_refusal_whose_length_nobody_told_ends_with_the_connection() -> None:
    socket = WebSocket(URL)
    assert socket.receive(b"HTTP/1.1 429 No\r\nRetry-After: 3\r\n\r\nnot ") == []
    assert socket.receive_eof() == [Refused(429, 3)]


def test_no_answer_is_a_failure_with_its_cause() -> None:
    assert WebSocket(URL).receive_eof("timed out") == [Failed("timed out")]
    assert WebSocket(URL).receive_eof() == [Failed("no answer to the upgrade")]


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: of another\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_a_failure(answer: bytes) -> None:
    (end,) = WebSocket(URL).receive(answer)
    assert isinstance(end, Failed)
    assert end.words.startswith("upgrade: ")


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=10), st.booleans())
def test_nothing_that_comes_raises(pieces: list[bytes], is_open: bool) -> None:
    socket = opened()[0] if is_open else WebSocket(URL)
    ended = False
    for piece in pieces:
        events = socket.receive(piece)
        if events and isinstance(events[-1], Closed | Refused | Failed):
            ended = True
            break
    assert ended or isinstance(socket.receive_eof()[-1], Closed | Refused | Failed)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7), (" 30 ", 30), ("0", 0), (None, 0), ("", 0), ("-1", 0), ("1e999", 0), ("nan", 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("9" * 400, 0),
    ],
)  # fmt: skip
def test_a_retry_after_is_seconds_or_nothing(value: str | None, seconds: float) -> None:
    assert retry_after_s(value) == seconds
