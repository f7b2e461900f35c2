"""An archive that never answers holds up neither the show nor the server's end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.archive.s3 import CREDENTIALS
from tests.conftest import MakeServer
from tests.viewer import viewing
from tests.waiting import until


@asynccontextmanager
async def abyss() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that reads and never answers: its URL, and the first that each client said."""
    heard: list[bytes] = []
    held: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        heard.append(await reader.read(1000))

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}", heard
    finally:
        server.close()
        for writer in held:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def test_a_server_ends_while_its_archive_hangs(make_server: MakeServer, room: str) -> None:
    async with abyss() as (url, heard):
        environment = {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": url,
            "GRANDSTAND_ARCHIVE_URL": "s3://bucket/archive",
        }
        server = make_server(environment=environment)
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(server.make_room, room)
        async with viewing(server.url, room, server.token("ann")) as ann:
            await ann.comment("before it hangs")
            await ann.seen("before it hangs")
            await until(lambda: heard)
            await ann.comment("while it hangs")
            await ann.seen("while it hangs")
            assert (await server.ask("GET", f"/v1/rooms/{room}/segments")).status == 200
        await asyncio.to_thread(server.stop)
