"""A small server that speaks CasparCG's protocol byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.effects.receiver import listening, say


class Playout:
    """Keeps each command, and answers as a test says: none cuts the connection, None hangs."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[str] = []
        self.answers: list[bytes | None] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.got.append(line.decode().removesuffix("\r\n"))
            name = self.got[-1].split(" ")[0]
            well = f"202 {name} OK\r\n".encode()
            if not await say(writer, self.answers.pop(0) if self.answers else well):
                return


@asynccontextmanager
async def playout() -> AsyncIterator[Playout]:
    """The server, for the duration of the block."""
    made = Playout()
    async with listening(made.serve) as made.port:
        yield made


def parameters(command: str) -> list[str]:
    """Split a command as the server does."""
    found, word, is_quoted, escaped = list[str](), "", False, False
    for letter in command:
        if escaped:
            word += "\n" if letter == "n" else letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == '"':
            is_quoted = not is_quoted
        elif letter == " " and not is_quoted:
            found.append(word)
            word = ""
        else:
            word += letter
    assert not is_quoted
    return [*found, word]
