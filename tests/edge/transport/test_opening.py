"""A request's head, whole or in pieces, and what admission makes of it."""

from __future__ import annotations

import asyncio

import pytest
from grandstand.edge.transport.handshake import Refusal, problem
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.edge.transport.opening import MAX_HEAD_BYTES, Admitted, Opening
from grandstand.wire.codes import ErrorCode
from structlog.testing import capture_logs
from uvicorn import Config

from tests.edge.echo import EchoAdmission, EchoSession, no_app

CONFIG = Config(no_app, lifespan="off", log_config=None)
CONFIG.load()
TRANSPORT = asyncio.Transport({"peername": ("192.0.2.7", 4711)})
HEAD = (
    b"GET /v1/rooms/night/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
FORBIDDEN = problem(403, ErrorCode.FORBIDDEN, "not from there")


def receive(admission: EchoAdmission, data: bytes) -> Admitted[EchoSession] | bytes | None:
    return Opening(admission, CONFIG).receive(data, TRANSPORT)


def test_a_viewer_is_admitted_by_its_address_and_what_followed_its_head_is_kept() -> None:
    admission = EchoAdmission()
    admitted = receive(admission, HEAD + b"frames")
    assert isinstance(admitted, Admitted)
    assert (admitted.session, admitted.peer) == (admission.sessions[0], "192.0.2.7")
    assert admission.handshakes[0].peer == "192.0.2.7"
    assert admitted.rest == b"frames"
    assert admitted.offer.response.startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize("cut", [1, len(HEAD) // 2, len(HEAD) - 3, len(HEAD) - 1])
def test_nobody_is_asked_until_the_head_is_whole(cut: int) -> None:
    admission = EchoAdmission()
    opening = Opening(admission, CONFIG)
    opening.early = b" earlier"
    assert opening.receive(HEAD[:cut], TRANSPORT) is None
    assert not admission.handshakes
    admitted = opening.receive(HEAD[cut:] + b"frames", TRANSPORT)
    assert isinstance(admitted, Admitted)
    assert admitted.rest == b"frames earlier"


def test_a_head_without_an_end_is_collected_up_to_a_limit_and_not_answered() -> None:
    opening = Opening(EchoAdmission(), CONFIG)
    assert opening.receive(b"x" * MAX_HEAD_BYTES, TRANSPORT) is None
    assert opening.receive(b"x", TRANSPORT) == b""


@pytest.mark.parametrize(("answer", "lets_others_in"), [(FORBIDDEN, True), (None, False)])
def test_only_a_handshake_that_is_refused_is_given_back_to_others(
    answer: Refusal | None, lets_others_in: bool
) -> None:
    admission = EchoAdmission(answer, HandshakeLimit(1, now=lambda: 0.0))
    for number in range(10):
        transport = asyncio.Transport({"peername": (f"192.0.2.{number}", 4711)})
        Opening(admission, CONFIG).receive(HEAD, transport)
    assert (len(admission.handshakes) == 10) is lets_others_in


def test_an_admission_that_raises_is_logged_once_with_the_address() -> None:
    with capture_logs() as logs:
        answer = receive(EchoAdmission(ZeroDivisionError()), HEAD)
    assert isinstance(answer, bytes)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert [(each["event"], each["peer"]) for each in logs] == [("handshake failed", "192.0.2.7")]
