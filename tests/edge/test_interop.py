"""Clients written by others talk to the socket as they would to any server."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
import websocket
from grandstand.edge.transport.handshake import problem
from grandstand.wire import websocket_frames
from grandstand.wire.codes import ErrorCode
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto.extensions import Extension, PerMessageDeflate

from tests.edge.echo import EchoAdmission, serving
from tests.waiting import PATIENCE_S

MSGPACK = "grandstand.v1.msgpack"
JSON = "grandstand.v1.json"
PAYLOADS = [b"", b"x", b"y" * 126, b"z" * 4096]
READY = b"a ready frame " * 4_000  # 56 KB, which takes the 16 bit length
WITH_AND_WITHOUT_DEFLATE = pytest.mark.parametrize("deflate", [False, True])


@WITH_AND_WITHOUT_DEFLATE
async def test_websockets_exchanges_messages_pings_and_ready_frames(deflate: bool) -> None:
    async with (
        serving() as served,
        connect(
            served.url,
            subprotocols=[Subprotocol(MSGPACK)],
            compression="deflate" if deflate else None,
        ) as client,
    ):
        assert client.subprotocol == MSGPACK
        for payload in PAYLOADS:
            await client.send(payload)
            assert await client.recv() == payload
        await (await client.ping(b"are you there"))
        socket = served.session.socket
        assert socket.deflates is deflate
        socket.write(websocket_frames.plain(READY, text=False))
        assert await client.recv() == READY
        if deflate:
            for _ in range(3):
                socket.write(websocket_frames.deflated(READY, text=False))
                assert await client.recv() == READY


async def test_websockets_sends_fragments_and_reads_json_as_text() -> None:
    async with serving() as served, connect(served.url) as client:
        assert client.subprotocol is None
        await client.send(["frag", "men", "ted"])
        assert await client.recv() == "fragmented"
        assert served.session.messages == [(b"fragmented", True)]


async def test_websockets_learns_our_close_code_and_reason() -> None:
    async with serving() as served, connect(served.url) as client:
        served.session.socket.close(3503, "banned")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (3503, "banned")
        await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)


@WITH_AND_WITHOUT_DEFLATE
async def test_websockets_learns_that_its_message_was_too_big(deflate: bool) -> None:
    compression = "deflate" if deflate else None
    async with serving() as served, connect(served.url, compression=compression) as client:
        await client.send(b"x" * 1_000_000)
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        assert served.session.messages == []


async def test_websockets_closes_in_good_order() -> None:
    async with serving() as served:
        async with connect(served.url) as client:
            await client.close(1001, "tab closed")
        assert client.close_code == 1001
        await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)
        assert served.session.told == ["opened", "lost"]


async def test_websockets_reads_the_body_of_a_refusal() -> None:
    refusal = problem(404, ErrorCode.UNKNOWN_ROOM, "no room of that name", retry_after_s=3)
    async with serving(EchoAdmission(answer=refusal)) as served:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(served.url):
                pass
    response = refused.value.response
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "3"
    assert json.loads(bytes(response.body)) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "unknown_room",
        "detail": "no room of that name",
    }


@WITH_AND_WITHOUT_DEFLATE
async def test_aiohttp_exchanges_messages_and_ready_frames(deflate: bool) -> None:
    async with serving() as served, aiohttp.ClientSession() as http:
        compress = 15 if deflate else 0
        async with http.ws_connect(
            served.url, protocols=[MSGPACK], compress=compress, max_msg_size=0
        ) as client:
            assert client.protocol == MSGPACK
            for payload in PAYLOADS:
                await client.send_bytes(payload)
                assert await client.receive_bytes() == payload
            socket = served.session.socket
            assert socket.deflates is deflate
            socket.write(websocket_frames.plain(READY, text=False))
            assert await client.receive_bytes() == READY
            if deflate:
                for _ in range(3):
                    socket.write(websocket_frames.deflated(READY, text=False))
                    assert await client.receive_bytes() == READY
            socket.close(1012, "restart")
            message = await client.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1012)


async def test_aiohttp_learns_the_status_of_a_refusal() -> None:
    refusal = problem(403, ErrorCode.FORBIDDEN, "not from this origin")
    async with serving(EchoAdmission(answer=refusal)) as served, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(served.url)
    assert refused.value.status == 403


async def test_websocket_client_exchanges_messages_and_is_closed() -> None:
    async with serving() as served:
        client = await asyncio.to_thread(
            websocket.create_connection, served.url, subprotocols=[JSON], timeout=PATIENCE_S
        )
        assert client.getsubprotocol() == JSON
        for payload in PAYLOADS:
            await asyncio.to_thread(client.send, payload.decode())
            assert await asyncio.to_thread(client.recv) == payload.decode()
        served.session.socket.write(websocket_frames.plain(READY, text=True))
        assert await asyncio.to_thread(client.recv) == READY.decode()
        await asyncio.to_thread(client.ping, "are you there")
        opcode, data = await asyncio.to_thread(client.recv_data, True)
        assert (opcode, data) == (websocket.ABNF.OPCODE_PONG, b"are you there")
        served.session.socket.close(4001, "no hello")
        opcode, data = await asyncio.to_thread(client.recv_data)
        assert (opcode, data[:2]) == (websocket.ABNF.OPCODE_CLOSE, (4001).to_bytes(2, "big"))
        await asyncio.to_thread(client.shutdown)


class WsprotoClient:
    """wsproto does no I/O, as ``websockets``' core doesn't: here are the streams it needs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._events = iter(self._connection.events())

    def send(self, event: Event) -> None:
        self._writer.write(self._connection.send(event))

    async def receive(self) -> Event:
        while True:
            for event in self._events:
                return event
            self._connection.receive_data(
                await asyncio.wait_for(self._reader.read(65_536), PATIENCE_S)
            )
            self._events = iter(self._connection.events())

    async def receive_message(self) -> bytes:
        whole = b""
        while True:
            event = await self.receive()
            assert isinstance(event, BytesMessage)
            whole += event.data
            if event.message_finished:
                return whole

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@WITH_AND_WITHOUT_DEFLATE
async def test_wsproto_exchanges_messages_pings_and_ready_frames(deflate: bool) -> None:
    extensions: list[Extension] = [PerMessageDeflate()] if deflate else []
    async with serving() as served:
        client = WsprotoClient(*await asyncio.open_connection("127.0.0.1", served.port))
        client.send(
            Request("127.0.0.1", "/", subprotocols=["chat", MSGPACK], extensions=extensions)
        )
        accepted = await client.receive()
        assert isinstance(accepted, AcceptConnection)
        assert accepted.subprotocol == MSGPACK
        for payload in PAYLOADS:
            client.send(BytesMessage(payload))
            assert await client.receive_message() == payload
        client.send(Ping(b"are you there"))
        assert await client.receive() == Pong(b"are you there")
        socket = served.session.socket
        assert socket.deflates is deflate
        socket.write(websocket_frames.plain(READY, text=False))
        assert await client.receive_message() == READY
        if deflate:
            for _ in range(3):
                socket.write(websocket_frames.deflated(READY, text=False))
                assert await client.receive_message() == READY
        socket.close(1012, "restart")
        assert await client.receive() == CloseConnection(1012, "restart")
        client.send(CloseConnection(1012))
        await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)
        await client.close()


async def test_wsproto_is_pinged_and_its_pong_counts() -> None:
    async with serving() as served:
        client = WsprotoClient(*await asyncio.open_connection("127.0.0.1", served.port))
        client.send(Request("127.0.0.1", "/"))
        assert isinstance(await client.receive(), AcceptConnection)
        socket = served.session.socket
        socket.ping()
        ping = await client.receive()
        assert isinstance(ping, Ping)
        client.send(ping.response())
        client.send(TextMessage("after the pong"))
        assert await client.receive() == TextMessage("after the pong")
        socket.judge_pong()
        socket.send(b"still here")
        assert await client.receive() == TextMessage("still here")
        await client.close()
