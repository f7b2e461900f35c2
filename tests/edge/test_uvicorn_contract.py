"""What ``edge/transport/websocket.py`` relies on in uvicorn: a new minor must pass this first."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect

import pytest
import uvicorn
from grandstand.edge.transport.dispatch import Dispatch
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.edge.transport.websocket import ViewerSocket
from grandstand.wire import websocket_frames
from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from tests.edge.echo import EchoAdmission, Served, serving
from tests.waiting import PATIENCE_S

HTTP_PROTOCOLS = ["h11", "httptools"]

HEAD = (
    b"GET /v1/rooms/night%20show/live?a=b HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
)
HELLO_MASKED_WITH_ZERO = b"\x81\x85\x00\x00\x00\x00hello"


async def exchange(served: Served, request: bytes, until: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.readuntil(until), PATIENCE_S)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_the_pinned_minor_version_is_installed() -> None:
    assert uvicorn.__version__.startswith("0.54.")


async def test_a_server_ends_when_its_main_loop_does_and_a_tick_says_whether_to() -> None:
    server = uvicorn.Server(Config(lambda: None, lifespan="off"))
    server.config.load()
    assert not await server.on_tick(0)
    assert dict(server.server_state.default_headers)[b"date"]
    server.should_exit = True
    assert await server.on_tick(0)
    assert "await self.main_loop()" in inspect.getsource(uvicorn.Server._serve)


def test_uvicorn_makes_its_own_socket_class_with_the_arguments_that_ours_takes() -> None:
    theirs = inspect.signature(WebSocketsSansIOProtocol.__init__).parameters
    ours = inspect.signature(ViewerSocket.__init__).parameters
    assert list(theirs) == list(ours)[: len(theirs)]
    assert set(ours) - set(theirs) == {"admission", "keepalive", "turns"}


@pytest.mark.parametrize("http", [H11Protocol, HttpToolsProtocol])
def test_the_entrance_takes_and_hands_on_the_arguments_of_uvicorn_s_http_protocols(
    http: type[asyncio.Protocol],
) -> None:
    theirs = inspect.signature(http.__init__).parameters
    ours = list(inspect.signature(Dispatch.__init__).parameters)
    assert [*theirs, "limits"] == ours
    assert {"shutdown", "connection_made", "data_received"} <= set(vars(http))


def test_uvicorn_calls_no_method_that_our_socket_lacks() -> None:
    theirs = {name for name in vars(WebSocketsSansIOProtocol) if name in dir(asyncio.Protocol)}
    called_by_the_server = {"shutdown"}
    assert (theirs | called_by_the_server) - {"__init__"} <= set(dir(ViewerSocket))


def test_the_server_state_holds_connections_in_a_set() -> None:
    assert ServerState().connections == set()


@pytest.mark.parametrize("http", [H11Protocol, HttpToolsProtocol])
def test_an_upgrade_makes_connects_and_feeds_the_socket_before_the_transport_is_its_own(
    http: type[H11Protocol] | type[HttpToolsProtocol],
) -> None:
    source = inspect.getsource(http.handle_websocket_upgrade)
    steps = [
        "self.connections.discard(self)",
        "self.ws_protocol_class(",
        "protocol.connection_made(self.transport)",
        "protocol.data_received(",
        "self.transport.set_protocol(protocol)",
    ]
    places = [source.index(step) for step in steps]
    assert places == sorted(places)


def test_a_partial_of_our_class_passes_as_the_class_of_sockets() -> None:
    ws = functools.partial(
        ViewerSocket, admission=EchoAdmission(), keepalive=Keepalive(), turns=RoundRobin()
    )
    config = Config(lambda scope: None, ws=ws)  # type: ignore[arg-type]
    config.load()
    assert config.ws_protocol_class is ws  # type: ignore[comparison-overlap]


def test_the_application_is_wrapped_in_the_middleware_that_knows_the_trusted_proxies() -> None:
    config = Config(lambda scope: None, forwarded_allow_ips="10.0.0.0/8")
    config.load()
    assert isinstance(config.loaded_app, ProxyHeadersMiddleware)
    trusted = config.loaded_app.trusted_hosts
    assert "10.1.2.3" in trusted
    assert "192.0.2.1" not in trusted
    assert trusted.get_trusted_client_address("192.0.2.1, 10.1.2.3") == ("192.0.2.1", 0)


@pytest.mark.parametrize("http", HTTP_PROTOCOLS)
async def test_a_viewer_is_handed_over_counted_and_forgotten_again(http: str) -> None:
    async with serving(http=http) as served:
        answer = await exchange(served, HEAD + b"\r\n", until=b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 ")
        await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)
        assert served.session.told == ["opened", "lost"]
        assert served.server.server_state.connections == set()
        (handshake,) = served.admission.handshakes
        assert (handshake.path, handshake.query) == ("/v1/rooms/night show/live", "a=b")


async def test_a_frame_sent_along_with_the_request_is_not_lost() -> None:
    async with serving(http="h11") as served:
        echoed = websocket_frames.plain(b"hello", text=True)
        request = HEAD + b"\r\n" + HELLO_MASKED_WITH_ZERO
        answer = await exchange(served, request, until=echoed)
        assert answer.endswith(b"\r\n\r\n" + echoed)


async def test_a_request_that_comes_byte_by_byte_is_handed_over_whole() -> None:
    async with serving(http="h11") as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        for byte in HEAD + b"\r\n" + HELLO_MASKED_WITH_ZERO:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        await asyncio.wait_for(
            reader.readuntil(websocket_frames.plain(b"hello", text=True)), PATIENCE_S
        )
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("trusted", "peer"), [("127.0.0.1", "192.0.2.7"), ("10.0.0.1", "127.0.0.1")]
)
async def test_the_peer_is_whom_a_trusted_proxy_names_and_else_the_socket_s_own(
    trusted: str, peer: str
) -> None:
    async with serving(forwarded_allow_ips=trusted) as served:
        request = HEAD + b"X-Forwarded-For: 203.0.113.9, 192.0.2.7\r\n\r\n"
        await exchange(served, request, until=b"\r\n\r\n")
        assert [handshake.peer for handshake in served.admission.handshakes] == [peer]


async def test_shutting_down_drains_every_session_and_waits_for_its_close() -> None:
    async with serving() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(HEAD + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        shutdown = asyncio.create_task(served.server.shutdown())
        assert await reader.readexactly(4) == b"\x88\x09" + (1012).to_bytes(2, "big")
        assert await reader.readexactly(7) == b"restart"
        assert not shutdown.done()
        writer.write(b"\x88\x82\x00\x00\x00\x00\x03\xf4")
        await asyncio.wait_for(shutdown, PATIENCE_S)
        assert served.session.told == ["opened", "drain", "lost"]
        writer.close()
        await writer.wait_closed()
