"""A server at the other end of effects: it takes what comes, and answers as a test says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from grandstand.tasks import cancel_all

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Got:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Receiver:
    """What came, and what is answered: raw bytes, none to cut the connection, None to hang."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: list[bytes | None] = field(default_factory=list)
    """Each is used once; after them all is well."""
    answering: asyncio.Event = field(default_factory=_set)
    """Cleared, nothing is answered until it is set again."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            method, path, _ = first.split(" ")
            self.got.append(Got(method, path, headers, body))
            answer = self.answers.pop(0) if self.answers else OK
            await self.answering.wait()
            if not await say(writer, answer):
                return


OK = b"HTTP/1.1 204 No Content\r\n\r\n"


async def say(writer: asyncio.StreamWriter, answer: bytes | None) -> bool:
    """Write an answer, or hang for None; return whether there was one."""
    if answer is None:
        await asyncio.Event().wait()
    writer.write(answer or b"")
    await writer.drain()
    return bool(answer)


def answer(status: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", "Content-Length: 0", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """The server, for the duration of the block."""
    made = Receiver()
    async with listening(made.serve) as made.port:
        yield made


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve connections on the port that this brings, with TLS or without; all end with the
    block."""
    serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(served(reader, writer))
        serving[task] = writer
        task.add_done_callback(serving.pop)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in serving.values():  # also of a task that never ran
            writer.close()
        await cancel_all(serving)
