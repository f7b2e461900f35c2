"""Clients written by others talk to the socket as they would to any server."""

from __future__ import annotations

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.edge.echo import serving


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_websockets_gets_its_messages_back(compression: str | None) -> None:
    async with (
        serving() as served,
        connect(
            served.url,
            subprotocols=[Subprotocol("grandstand.v1.msgpack")],
            compression=compression,
        ) as client,
    ):
        assert client.subprotocol == "grandstand.v1.msgpack"
        for payload in (b"", b"x", b"y" * 126, b"z" * 4096):
            await client.send(payload)
            assert await client.recv() == payload
        await (await client.ping())
        assert served.session.socket.deflates is (compression == "deflate")
