from __future__ import annotations

import asyncio
import gc
import itertools
import json
import re
import socket as sockets
import struct
import weakref
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from grandstand.edge.transport.handshake import Handshake, Refusal
from grandstand.edge.transport.inbound import MAX_MESSAGE_BYTES
from grandstand.edge.transport.keepalive import PING_EVERY_SWEEPS, PONG_WITHIN_SWEEPS, Keepalive
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.edge.transport.send_socket import SEND_BUFFER_BYTES
from grandstand.edge.transport.websocket import (
    ANSWER_S,
    CLOSING_S,
    ViewerSocket,
)
from grandstand.wire import websocket_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode

from tests.edge.echo import EchoAdmission, EchoSession, no_app, serving
from tests.waiting import PATIENCE_S, until

REQUEST_LINE = "GET /v1/rooms/night/live?token=x HTTP/1.1"
HEADERS = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
CONFIG = Config(no_app, lifespan="off", log_config=None)
CONFIG.load()
CLIENT_DEFLATE = PerMessageDeflate(True, True, 15, 15)


def head(line: str = REQUEST_LINE, **headers: str) -> bytes:
    fields = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    return "\r\n".join([line, *(f"{n}: {v}" for n, v in fields.items()), "", ""]).encode()


def masked(opcode: Opcode, payload: bytes = b"", fin: bool = True, deflate: bool = False) -> bytes:
    extensions = [CLIENT_DEFLATE] if deflate else []
    return Frame(opcode, payload, fin).serialize(mask=True, extensions=extensions)


class MemoryTransport(asyncio.Transport):
    """The wire of one connection: what was written, and what became of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_reading_now = True
        self.has_ended = self.is_closed = self.is_aborted = False

    def write(self, data: Any) -> None:
        assert not self.has_ended
        assert not self.is_closed
        self.written += data
        self.last_written = data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = self.is_aborted = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        self.is_reading_now = False

    def resume_reading(self) -> None:
        self.is_reading_now = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high_water_bytes = high

    def get_protocol(self) -> asyncio.BaseProtocol:
        return asyncio.Protocol()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass

    def take(self) -> bytes:
        """What was written since the last call."""
        taken = bytes(self.written)
        self.written.clear()
        return taken


class Viewer:
    """A socket on a wire of memory, and a client's view of it."""

    def __init__(self, admission: EchoAdmission | None = None) -> None:
        self.admission = admission or EchoAdmission()
        self.keepalive = Keepalive()
        self.state = ServerState()
        self.wire = MemoryTransport()
        self.due: list[Callable[[], None]] = []
        self.socket = ViewerSocket(
            CONFIG,
            self.state,
            {},
            admission=self.admission,
            keepalive=self.keepalive,
            turns=RoundRobin(self.due.append),
        )
        self.socket.connection_made(self.wire)

    @classmethod
    def opened(cls, admission: EchoAdmission | None = None, **headers: str) -> Viewer:
        viewer = cls(admission)
        viewer.socket.data_received(head(**headers))
        assert viewer.wire.take().startswith(b"HTTP/1.1 101 ")
        return viewer

    @property
    def session(self) -> EchoSession:
        return self.admission.sessions[0]

    def receive(self, *data: bytes) -> bytes:
        """Feed ``data`` and return what is written in answer."""
        self.socket.data_received(b"".join(data))
        self.turn()
        return self.wire.take()

    def turn(self) -> None:
        """Let the loop turn until nothing is due."""
        while self.due:
            self.due.pop(0)()

    def sweep(self, seconds: int) -> bytes:
        for _ in range(seconds):
            self.keepalive.sweep()
        return self.wire.take()


def close_frame(code: int, reason: str = "") -> bytes:
    return Frame(Opcode.CLOSE, Close(code, reason).serialize()).serialize(mask=False)


def close_code(written: bytes) -> int:
    """The code of the close frame that ``written`` consists of."""
    assert written[0] == 0x88
    assert written[1] == len(written) - 2
    return int.from_bytes(written[2:4], "big")


def response_header(response: bytes, name: str) -> str | None:
    found = re.search(rf"(?im)^{name}: (.*)\r$", response.decode("latin-1"))
    return found and found[1]


# The handshake.


@pytest.mark.parametrize(
    ("offered", "picked", "is_text"),
    [
        (None, None, True),
        ("grandstand.v1.json", "grandstand.v1.json", True),
        ("grandstand.v1.msgpack", "grandstand.v1.msgpack", False),
        ("grandstand.v1.json, grandstand.v1.msgpack", "grandstand.v1.json", True),
        ("grandstand.v1.msgpack, grandstand.v1.json", "grandstand.v1.msgpack", False),
        ("chat, grandstand.v9.cbor, grandstand.v1.msgpack", "grandstand.v1.msgpack", False),
    ],
)
def test_the_client_s_first_offer_that_is_known_is_the_subprotocol_and_without_one_it_is_json(
    offered: str | None, picked: str | None, is_text: bool
) -> None:
    viewer = Viewer()
    offers = {} if offered is None else {"Sec_WebSocket_Protocol": offered}
    response = viewer.receive(head(**offers))
    assert response.startswith(b"HTTP/1.1 101 ")
    assert response_header(response, "Sec-WebSocket-Protocol") == picked
    assert viewer.socket.is_text is is_text
    opcode = Opcode.TEXT if is_text else Opcode.BINARY
    viewer.socket.send(b"{}")
    assert viewer.wire.take() == Frame(opcode, b"{}").serialize(mask=False)


def test_only_unknown_subprotocols_are_refused_with_400_and_a_problem_document() -> None:
    viewer = Viewer()
    response = viewer.receive(head(Sec_WebSocket_Protocol="chat, grandstand.v2.json"))
    assert response.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert response_header(response, "Content-Type") == "application/problem+json"
    problem = json.loads(response.partition(b"\r\n\r\n")[2])
    assert (problem["status"], problem["code"]) == (400, "bad_message")
    assert viewer.wire.is_closed
    assert viewer.admission.handshakes == []


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        (None, None),
        ("permessage-deflate", "server_no_context_takeover; client_no_context_takeover"),
        (
            "permessage-deflate; client_max_window_bits",
            "server_no_context_takeover; client_no_context_takeover",
        ),
        (
            "permessage-deflate; client_max_window_bits=10",
            "server_no_context_takeover; client_no_context_takeover; client_max_window_bits=10",
        ),
        (
            "permessage-deflate; server_max_window_bits=15",
            "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15",
        ),
        ("permessage-deflate; server_max_window_bits=14", None),
        ("permessage-deflate; server_max_window_bits=8", None),
        (
            "permessage-deflate; server_max_window_bits=10, permessage-deflate",
            "server_no_context_takeover; client_no_context_takeover",
        ),
        ("permessage-deflate; unheard_of", None),
        ("x-webkit-deflate-frame", None),
    ],
)
def test_deflate_is_agreed_without_any_context_takeover_and_with_our_full_window_or_not_at_all(
    offered: str | None, agreed: str | None
) -> None:
    viewer = Viewer()
    offers = {} if offered is None else {"Sec_WebSocket_Extensions": offered}
    response = viewer.receive(head(**offers))
    assert response.startswith(b"HTTP/1.1 101 ")
    header = None if agreed is None else f"permessage-deflate; {agreed}"
    assert response_header(response, "Sec-WebSocket-Extensions") == header
    assert viewer.socket.deflates is (agreed is not None)


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (head("POST /v1/rooms/night/live HTTP/1.1"), 405),
        (head("GET /v1/rooms/night/live HTTP/1.0"), 505),
        (head(Upgrade="h2c"), 426),
        (head(Connection="close"), 426),
        (head(Sec_WebSocket_Version="8"), 400),
        (head(Sec_WebSocket_Key="c2hvcnQ="), 400),
        (head(Sec_WebSocket_Extensions=";;"), 400),
        (head("GET /" + "x" * 9_000 + " HTTP/1.1"), 414),
        (head(Cookie="x" * 9_000), 431),
    ],
)
def test_a_faulty_handshake_gets_the_answer_of_websockets_and_the_end(
    request_head: bytes, status: int
) -> None:
    viewer = Viewer()
    assert viewer.receive(request_head).startswith(f"HTTP/1.1 {status} ".encode())
    assert viewer.wire.is_closed
    assert viewer.admission.handshakes == []


@pytest.mark.parametrize(
    ("request_head", "line"),
    [(b"\x16\x03\x01 hello\r\n\r\n", b"HTTP/1.1 400 Bad Request"), (b"x" * 100_000, b"")],
)
def test_what_isn_t_http_is_hung_up_on(request_head: bytes, line: bytes) -> None:
    viewer = Viewer()
    assert viewer.receive(request_head).partition(b"\r\n")[0] == line
    assert viewer.wire.is_closed


def test_admission_learns_who_asks_for_what() -> None:
    viewer = Viewer.opened(Origin="https://example.org")
    (handshake,) = viewer.admission.handshakes
    assert handshake == Handshake(
        path="/v1/rooms/night/live",
        query="token=x",
        host="127.0.0.1",
        peer="",
        origin="https://example.org",
    )


def test_a_refusal_goes_out_as_admission_words_it() -> None:
    refusal = Refusal(429, b'{"code":"rate_limited"}', (("Retry-After", "7"),))
    viewer = Viewer(EchoAdmission(answer=refusal))
    response = viewer.receive(head())
    assert response.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert response.endswith(b'\r\n\r\n{"code":"rate_limited"}')
    assert response_header(response, "Retry-After") == "7"
    assert response_header(response, "Content-Type") == "application/problem+json"
    assert response_header(response, "Content-Length") == "23"
    assert viewer.wire.is_closed


def test_an_admission_that_raises_is_logged_once_and_answered_with_503() -> None:
    viewer = Viewer(EchoAdmission(answer=RuntimeError("broken")))
    with capture_logs() as logs:
        response = viewer.receive(head())
    assert response.startswith(b"HTTP/1.1 503 ")
    assert response_header(response, "Retry-After") == "1"
    assert [log["event"] for log in logs] == ["handshake failed"]
    assert viewer.wire.is_closed


def test_a_socket_that_can_t_be_set_up_is_answered_with_503_and_its_session_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(transport: asyncio.Transport) -> None:
        raise OSError

    monkeypatch.setattr("grandstand.edge.transport.send_socket.handle", broken)
    with capture_logs() as logs:
        viewer = Viewer()
        viewer.socket.data_received(head())
    assert viewer.wire.take().startswith(b"HTTP/1.1 503 ")
    viewer.socket.connection_lost(None)
    assert viewer.admission.sessions[0].told == []
    assert [each["event"] for each in logs] == ["handshake failed"]


def test_a_peer_that_doesn_t_read_its_refusal_is_aborted() -> None:
    viewer = Viewer(EchoAdmission(answer=Refusal(404, b"{}")))
    viewer.receive(head())
    viewer.sweep(CLOSING_S)
    assert not viewer.wire.is_aborted
    viewer.sweep(1)
    assert viewer.wire.is_aborted


def test_a_shutdown_in_the_middle_of_a_handshake_answers_503() -> None:
    viewer = Viewer()
    viewer.receive(head()[:-2])
    viewer.socket.shutdown()
    response = viewer.wire.take()
    assert response.startswith(b"HTTP/1.1 503 ")
    assert response_header(response, "Retry-After") == "1"
    assert viewer.receive(b"\r\n") == b""
    assert viewer.admission.handshakes == []


# Messages.


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY])
@pytest.mark.parametrize("subprotocol", ["grandstand.v1.json", "grandstand.v1.msgpack"])
def test_a_message_of_either_opcode_reaches_the_session_which_judges_it(
    opcode: Opcode, subprotocol: str
) -> None:
    viewer = Viewer.opened(Sec_WebSocket_Protocol=subprotocol)
    viewer.receive(masked(opcode, "é".encode()))
    assert viewer.session.messages == [("é".encode(), opcode is Opcode.TEXT)]


@pytest.mark.parametrize("payload", [b"\xff\xfe", b'{"type":"\xc3"}', b"\xed\xa0\x80"])
def test_text_that_isn_t_utf_8_closes_with_1007_and_binary_is_the_sessions_to_judge(
    payload: bytes,
) -> None:
    viewer = Viewer.opened()
    viewer.receive(masked(Opcode.BINARY, payload))
    assert viewer.session.messages == [(payload, False)]
    viewer.wire.take()
    assert close_code(viewer.receive(masked(Opcode.TEXT, payload))) == 1007
    assert len(viewer.session.messages) == 1


@pytest.mark.parametrize("deflate", [False, True])
def test_fragments_with_a_ping_between_them_make_one_message(deflate: bool) -> None:
    viewer = Viewer.opened(Sec_WebSocket_Extensions="permessage-deflate")
    encoder = [PerMessageDeflate(True, True, 15, 15)] if deflate else []

    def fragment(opcode: Opcode, payload: bytes, fin: bool) -> bytes:
        return Frame(opcode, payload, fin).serialize(mask=True, extensions=encoder)

    answer = viewer.receive(
        fragment(Opcode.TEXT, b"one ", False),
        masked(Opcode.PING, b"!"),
        fragment(Opcode.CONT, b"two ", False),
        fragment(Opcode.CONT, b"three", True),
        masked(Opcode.BINARY, b"next"),
    )
    assert viewer.session.messages == [(b"one two three", True), (b"next", False)]
    assert b"\x8a\x01!" in answer


@pytest.mark.parametrize("deflate", [False, True])
def test_a_message_of_4096_bytes_passes_and_one_more_closes_with_1009(deflate: bool) -> None:
    viewer = Viewer.opened(Sec_WebSocket_Extensions="permessage-deflate")
    viewer.receive(masked(Opcode.BINARY, b"x" * MAX_MESSAGE_BYTES, deflate=deflate))
    assert viewer.session.messages == [(b"x" * MAX_MESSAGE_BYTES, False)]
    answer = viewer.receive(masked(Opcode.BINARY, b"x" * (MAX_MESSAGE_BYTES + 1), deflate=deflate))
    assert close_code(answer) == 1009
    assert len(viewer.session.messages) == 1


def test_fragments_that_add_up_to_more_than_4096_bytes_close_with_1009() -> None:
    viewer = Viewer.opened()
    assert viewer.receive(masked(Opcode.TEXT, b"x" * 4_000, fin=False)) == b""
    assert close_code(viewer.receive(masked(Opcode.CONT, b"x" * 97))) == 1009


def test_a_small_message_that_inflates_to_a_megabyte_closes_with_1009() -> None:
    viewer = Viewer.opened(Sec_WebSocket_Extensions="permessage-deflate")
    bomb = masked(Opcode.TEXT, b"\0" * 1_000_000, deflate=True)
    assert len(bomb) < MAX_MESSAGE_BYTES
    assert close_code(viewer.receive(bomb)) == 1009
    assert viewer.session.messages == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (websocket_frames.plain(b"unmasked", text=True), 1002),
        (masked(Opcode.CONT, b"x"), 1002),
        (b"\x83\x80\x00\x00\x00\x00", 1002),
        (masked(Opcode.TEXT, b"x", deflate=True), 1002),
        (b"\x09\x80\x00\x00\x00\x00", 1002),
        (masked(Opcode.CLOSE, b"\x03\xe8\xff"), 1007),
        (masked(Opcode.CLOSE, b"\x00"), 1002),
    ],
    ids=[  # masks are drawn at random: ids made of them differ between processes
        "unmasked",
        "nothing to continue",
        "unknown opcode",
        "deflate not negotiated",
        "control frame in fragments",
        "reason is no text",
        "code cut short",
    ],
)
def test_a_violation_of_the_protocol_is_told_to_the_peer_before_the_stream_ends(
    data: bytes, code: int
) -> None:
    viewer = Viewer.opened()
    assert close_code(viewer.receive(data)) == code
    assert viewer.wire.has_ended
    assert viewer.receive(masked(Opcode.TEXT, b"more"), b"\xff" * 50) == b""
    assert viewer.session.messages == []
    viewer.sweep(CLOSING_S + 1)
    assert viewer.wire.is_aborted


def test_a_ready_frame_goes_to_the_transport_as_the_same_object() -> None:
    viewer = Viewer.opened()
    frame = websocket_frames.plain(b"to all", text=True)
    viewer.socket.write(frame)
    assert viewer.wire.last_written is frame


# Peers that don't read.


def test_a_peer_that_doesn_t_read_isn_t_read_from_until_it_does() -> None:
    viewer = Viewer.opened()
    viewer.socket.pause_writing()
    assert viewer.socket.paused
    assert not viewer.wire.is_reading_now
    viewer.socket.resume_writing()
    assert not viewer.socket.paused
    assert viewer.wire.is_reading_now
    assert viewer.session.told == ["opened", "behind", "caught_up"]


def test_a_pong_keeps_a_viewer_and_its_lack_closes_with_3008_after_10_s() -> None:
    viewer = Viewer.opened()
    for _ in range(3):
        assert viewer.sweep(PING_EVERY_SWEEPS).count(b"\x89\x00") == 1
        assert viewer.receive(masked(Opcode.PONG)) == b""
    while not viewer.sweep(1):
        pass
    assert viewer.sweep(PONG_WITHIN_SWEEPS - 1) == b""
    assert close_code(viewer.sweep(1)) == 3008
    viewer.sweep(CLOSING_S + 1)
    assert viewer.wire.is_aborted


# The end.


def test_closing_says_why_and_waits_for_the_peer_to_agree() -> None:
    viewer = Viewer.opened()
    viewer.socket.close(3503, "banned")
    assert viewer.wire.take() == close_frame(3503, "banned")
    viewer.socket.close(1011)
    viewer.socket.write(b"late")
    viewer.socket.send(b"late")
    assert viewer.receive(masked(Opcode.TEXT, b"ignored")) == b""
    assert not viewer.wire.is_closed
    assert viewer.receive(masked(Opcode.CLOSE, b"\x0d\xaf")) == b""
    assert viewer.wire.is_closed
    assert viewer.session.told == ["opened"]


def test_a_peer_that_doesn_t_agree_to_a_close_is_aborted_between_5_and_6_s_later() -> None:
    viewer = Viewer.opened()
    viewer.socket.close(1012)
    viewer.sweep(CLOSING_S)
    assert not viewer.wire.is_aborted
    viewer.sweep(1)
    assert viewer.wire.is_aborted


def test_a_reason_too_long_for_a_close_frame_is_cut_between_characters() -> None:
    viewer = Viewer.opened()
    viewer.socket.close(4000, "é" * 100)
    written = viewer.wire.take()
    assert close_code(written) == 4000
    assert written[4:].decode() == "é" * 61


def test_a_peer_s_close_is_echoed_and_the_transport_closed() -> None:
    viewer = Viewer.opened()
    assert viewer.receive(masked(Opcode.CLOSE, b"\x03\xe8bye")) == close_frame(1000, "bye")
    assert viewer.wire.is_closed


def test_a_session_that_closes_on_a_message_already_followed_by_a_close_just_ends() -> None:
    class Closing(EchoSession):
        def received(self, payload: bytes, is_text: bool) -> None:
            super().received(payload, is_text)
            self.socket.close(4000)

    viewer = Viewer.opened(EchoAdmission(make_session=Closing))
    answer = viewer.receive(
        masked(Opcode.TEXT, b"a"), masked(Opcode.TEXT, b"b"), masked(Opcode.CLOSE, b"\x03\xe8")
    )
    assert viewer.session.messages == [(b"a", True)]
    assert answer == websocket_frames.plain(b"a", text=True) + close_frame(4000)
    assert viewer.wire.is_closed


@pytest.mark.parametrize("callback", ["opened", "received", "behind", "caught_up", "drain"])
def test_what_a_session_raises_is_logged_once_without_the_payload_and_closes_with_1011(
    callback: str,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    session = EchoSession()
    setattr(session, callback, broken)
    viewer = Viewer(EchoAdmission(make_session=lambda: session))
    with capture_logs() as logs:
        viewer.receive(head())
        viewer.socket.data_received(masked(Opcode.TEXT, b"secret"))
        viewer.socket.pause_writing()
        viewer.socket.resume_writing()
        viewer.socket.shutdown()
        viewer.socket.connection_lost(None)
    assert [log["event"] for log in logs] == ["session failed"]
    assert "secret" not in str(logs)
    assert close_frame(1011) in viewer.wire.take() or viewer.wire.written == b""
    assert session.told[-1] == "lost"


def test_a_session_that_raises_when_it_is_lost_is_logged() -> None:
    class Broken(EchoSession):
        def lost(self) -> None:
            raise RuntimeError("broken")

    viewer = Viewer.opened(EchoAdmission(make_session=Broken))
    with capture_logs() as logs:
        viewer.socket.connection_lost(None)
    assert [log["event"] for log in logs] == ["session failed"]


@pytest.mark.parametrize("how", ["eof", "reset", "close", "abort", "violation"])
def test_however_a_connection_ends_the_session_is_told_once_and_nothing_holds_the_socket(
    how: str,
) -> None:
    viewer = Viewer.opened()
    assert len(viewer.state.connections) == 1
    match how:
        case "close":
            viewer.socket.close(1011)
        case "abort":
            viewer.socket.abort()
        case "violation":
            viewer.receive(b"\xff\xff")
        case "eof":
            viewer.socket.eof_received()
        case _:
            pass
    viewer.socket.connection_lost(ConnectionResetError() if how == "reset" else None)
    assert viewer.session.told == ["opened", "lost"]
    assert viewer.state.connections == set()
    viewer.wire.take()
    viewer.socket.write(b"late")
    viewer.socket.close(1011)
    viewer.socket.shutdown()
    assert viewer.receive(masked(Opcode.TEXT, b"late")) == b""
    assert viewer.sweep(2 * PING_EVERY_SWEEPS) == b""
    assert viewer.session.told == ["opened", "lost"]


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
def test_a_lost_session_is_freed_without_the_garbage_collector() -> None:
    viewer = Viewer.opened(Sec_WebSocket_Extensions="permessage-deflate")
    viewer.receive(masked(Opcode.TEXT, b"hello"))
    viewer.socket.close(1012)
    viewer.socket.connection_lost(None)
    connection = viewer.admission.sessions.pop()
    gone = weakref.ref(connection)
    del connection, viewer
    assert gone() is None


# Any bytes at all.


def forged(opcode: int, payload: bytes, fin: bool, deflate: bool) -> bytes:
    """A masked frame as a careless client may build it, with the flags it likes."""
    if deflate:
        deflater = zlib.compressobj(wbits=-15)
        payload = (deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]
    first = opcode | 0x80 * fin | 0x40 * deflate
    return bytes((first, 0x80 | len(payload))) + b"\0\0\0\0" + payload


FORGED = st.builds(
    forged, st.integers(0, 15), st.binary(max_size=100), st.booleans(), st.booleans()
)


def feed(data: bytes, cuts: list[int]) -> Viewer:
    """Feed ``data`` in the pieces that ``cuts`` make of it, then live through all that is due."""
    viewer = Viewer()
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(places):
        if not viewer.wire.is_closed:
            viewer.socket.data_received(data[start:end])
            viewer.turn()
    viewer.sweep(PING_EVERY_SWEEPS + PONG_WITHIN_SWEEPS + CLOSING_S + 2)
    assert viewer.wire.is_closed or not viewer.admission.sessions
    viewer.socket.connection_lost(None)
    assert viewer.state.connections == set()
    for session in viewer.admission.sessions:
        assert session.told.count("lost") == 1
        assert all(len(payload) <= MAX_MESSAGE_BYTES for payload, _ in session.messages)
    return viewer


@settings(deadline=None)
@given(st.binary(max_size=500), st.lists(st.integers(0, 500), max_size=5), st.booleans())
def test_random_bytes_end_in_silence_or_a_close_and_never_in_an_exception(
    data: bytes, cuts: list[int], is_after_a_handshake: bool
) -> None:
    opening = head(Sec_WebSocket_Extensions="permessage-deflate") if is_after_a_handshake else b""
    with capture_logs() as logs:
        feed(opening + data, cuts)
    assert logs == []


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=200), min_size=1, max_size=5),
    st.lists(st.integers(0, 2_000), max_size=10),
    st.booleans(),
)
def test_messages_are_the_same_however_the_stream_is_split(
    payloads: list[bytes], cuts: list[int], deflate: bool
) -> None:
    stream = head(Sec_WebSocket_Extensions="permessage-deflate") + b"".join(
        masked(Opcode.BINARY, payload, deflate=deflate) for payload in payloads
    )
    viewer = feed(stream, cuts)
    assert viewer.session.messages == [(payload, False) for payload in payloads]


@settings(deadline=None)
@given(
    st.lists(FORGED, min_size=1, max_size=4).map(b"".join),
    st.lists(st.tuples(st.integers(0, 1_000), st.integers(0, 255)), max_size=4),
    st.lists(st.integers(0, 1_000), max_size=4),
)
def test_mutated_streams_never_raise(
    stream: bytes, mutations: list[tuple[int, int]], cuts: list[int]
) -> None:
    data = bytearray(head(Sec_WebSocket_Extensions="permessage-deflate") + stream)
    for place, byte in mutations:
        data[place % len(data)] = byte
    with capture_logs() as logs:
        feed(bytes(data), cuts)
    assert logs == []


# On a real server.


async def test_a_frame_of_64_kib_passes_to_a_viewer_that_reads() -> None:
    payload = b"x" * 65_536
    async with serving() as served, connect(served.url, max_size=None) as client:
        for _ in range(20):
            served.session.socket.write(websocket_frames.plain(payload, text=False))
            assert await client.recv() == payload
        assert not served.session.socket.paused


async def test_a_viewer_that_doesn_t_read_is_behind_once_small_buffers_are_full() -> None:
    receive_buffer_bytes = 16 * 1024
    frame = websocket_frames.plain(b"x" * 1_024, text=False)
    loop = asyncio.get_running_loop()
    async with serving() as served:
        with sockets.socket() as peer:
            peer.setblocking(False)
            peer.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_buffer_bytes)
            await loop.sock_connect(peer, ("127.0.0.1", served.port))
            await loop.sock_sendall(peer, head())
            await loop.sock_recv(peer, 4_096)
            written_bytes = 0
            while not served.session.socket.paused:
                served.session.socket.write(frame)
                written_bytes += len(frame)
                await asyncio.sleep(0)
            assert served.session.told == ["opened", "behind"]
            while served.session.socket.paused:
                await loop.sock_recv(peer, 65_536)
            assert served.session.told == ["opened", "behind", "caught_up"]
    # Twice either buffer, as Linux counts its own overhead; by default it were megabytes.
    assert written_bytes < 4 * (SEND_BUFFER_BYTES + receive_buffer_bytes)


@pytest.mark.parametrize("answers", [True, False])
async def test_who_is_doubted_is_behind_unless_it_answers(answers: bool) -> None:
    loop = asyncio.get_running_loop()
    async with serving() as served:
        with sockets.socket() as peer:
            peer.setblocking(False)
            await loop.sock_connect(peer, ("127.0.0.1", served.port))
            await loop.sock_sendall(peer, head())
            await loop.sock_recv(peer, 4_096)
            socket = served.session.socket
            socket.doubt()
            socket.doubt()
            assert await loop.sock_recv(peer, 4_096) == b"\x89\x00"
            if answers:
                await loop.sock_sendall(peer, masked(Opcode.PONG))
                await until(lambda: not socket._asked)
            for _ in range(ANSWER_S + 1):
                served.keepalive.sweep()
            assert served.session.told == (["opened"] if answers else ["opened", "behind"])
            assert socket.paused is not answers
            await loop.sock_sendall(peer, masked(Opcode.PONG))
            await until(lambda: not socket.paused)
            assert ("caught_up" in served.session.told) is not answers


async def test_a_reset_connection_is_lost() -> None:
    loop = asyncio.get_running_loop()
    async with serving() as served:
        with sockets.socket() as peer:
            peer.setblocking(False)
            peer.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
            await loop.sock_connect(peer, ("127.0.0.1", served.port))
            await loop.sock_sendall(peer, head())
            await loop.sock_recv(peer, 4_096)
        await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)
        served.session.socket.write(b"late")
        assert served.session.told == ["opened", "lost"]


async def test_a_connection_that_is_half_closed_without_a_close_frame_is_lost() -> None:
    async with serving() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(head())
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        assert await reader.read() == b""
        await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)
        writer.close()
        await writer.wait_closed()


async def test_a_peer_that_ignores_every_close_is_cut_off_by_the_sweep() -> None:
    loop = asyncio.get_running_loop()
    async with serving() as served:
        with sockets.socket() as peer:
            peer.setblocking(False)
            await loop.sock_connect(peer, ("127.0.0.1", served.port))
            await loop.sock_sendall(peer, head())
            await loop.sock_recv(peer, 4_096)
            served.session.socket.write(websocket_frames.plain(b"x" * 10_000_000, text=False))
            served.session.socket.close(1012, "restart")
            for _ in range(CLOSING_S + 1):
                served.keepalive.sweep()
            await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)
            assert served.server.server_state.connections == set()


async def test_a_violation_is_read_to_its_end_so_that_no_reset_overtakes_the_close_frame() -> None:
    async with serving() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(head())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(masked(Opcode.TEXT, b"x" * 3_000_000))
        await writer.drain()
        assert close_code(await reader.read()) == 1009
        writer.close()
        await writer.wait_closed()
        await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)
