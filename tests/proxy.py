"""A proxy that cuts the connection between a client and Valkey at a chosen moment.

It understands just enough of the protocol to tell commands and replies apart, so that a test can
cut *after* a command was executed and before its reply arrives: the case in which a client must
not simply send again. Use it so::

    async with CuttingProxy(url) as proxy:          # url of the real Valkey, unix:// or redis://
        redis = connect(proxy.url)

        cut = proxy.cut_after("EVALSHA")            # executed, its reply swallowed, then cut
        with pytest.raises(StoreUnavailable):
            await writer.run(calls)
        assert cut.fired and proxy.count("EVALSHA") == 1
        await writer.run(calls)                     # rules fire once: this one goes through

        proxy.cut_before("EVALSHA", nth=2)          # the second from now never reaches Valkey
        proxy.cut_after(lambda command: b"poll:7" in command)     # by the command's own words
        proxy.delay("XREAD", seconds=0.2)           # this one's reply, and those behind it, late
        proxy.hold("EVALSHA", seconds=4)            # this one, and those behind it, reach it late
        proxy.black_hole()                          # all connections stay open and say nothing
        proxy.refuse()                              # cuts all; new ones are cut at once
        proxy.cut()                                 # cuts all that are open now; new ones work
        proxy.heal()                                # ends black_hole, refuse and unfired rules

A rule that never fired fails the test when the block ends, unless ``heal`` took it back: names are
those on the wire (redis-py's ``incr`` sends ``INCRBY``). ``proxy.commands`` lists every command
that was forwarded, as the client sent it (a list of bytes). Of a pipeline, the commands behind the
one that is cut don't reach Valkey. Nothing else is changed: bytes go on as they came, also pushes
(pub/sub) between replies. Clients must speak RESP3.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

Command = list[bytes]
Match = str | Callable[[Command], bool]
_WITHOUT_REPLY = {  # they are answered by pushes alone
    *(b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE"),
    *(b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE"),
}


@dataclass(eq=False)
class Rule:
    """What to do to the ``nth`` command that matches; ``fired`` once it is done."""

    match: Match
    action: Literal["cut_before", "cut_after", "delay", "hold"]
    nth: int = 1
    seconds: float = 0.0
    fired: bool = False

    def due(self, command: Command) -> bool:
        if isinstance(self.match, str):
            matches = command[0].upper() == self.match.upper().encode()
        else:
            matches = self.match(command)
        if matches and not self.fired:
            self.nth -= 1
            self.fired = self.nth == 0
            return self.fired
        return False


@dataclass(eq=False)
class _Link:
    """One client's connection and its way on to Valkey."""

    client: asyncio.StreamWriter
    upstream: asyncio.StreamWriter
    awaited: deque[Rule | None] = field(default_factory=deque)  # one for each reply to come
    closing: bool = False  # a cut_after is on its way: forward nothing more

    def cut(self) -> None:
        self.client.close()  # what was forwarded before still arrives
        self.upstream.transport.abort()


class CuttingProxy:
    """Listens on a TCP port of its own, as ``url``, for as long as its ``async with`` lasts."""

    def __init__(self, upstream: str) -> None:
        self.url = ""
        self.commands: list[Command] = []
        self._upstream = urlsplit(upstream)
        self._rules: list[Rule] = []
        self._links: set[_Link] = set()
        self._faults: list[BaseException] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._mode: Literal["forward", "black_hole", "refuse"] = "forward"

    def cut_before(self, match: Match, nth: int = 1) -> Rule:
        return self._add(Rule(match, "cut_before", nth))

    def cut_after(self, match: Match, nth: int = 1) -> Rule:
        return self._add(Rule(match, "cut_after", nth))

    def delay(self, match: Match, seconds: float, nth: int = 1) -> Rule:
        return self._add(Rule(match, "delay", nth, seconds))

    def hold(self, match: Match, seconds: float, nth: int = 1) -> Rule:
        return self._add(Rule(match, "hold", nth, seconds))

    def black_hole(self) -> None:
        self._mode = "black_hole"

    def refuse(self) -> None:
        self._mode = "refuse"
        self.cut()

    def cut(self) -> None:
        for link in self._links:
            link.cut()

    def heal(self) -> None:
        self._mode = "forward"
        self._rules.clear()

    def count(self, name: str) -> int:
        """How often the command ``name`` was forwarded."""
        return sum(command[0].upper() == name.encode() for command in self.commands)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks)
        assert not self._faults, self._faults
        unfired = [rule for rule in self._rules if not rule.fired]
        assert not unfired, f"never matched among {len(self.commands)} commands: {unfired}"

    def _add(self, rule: Rule) -> Rule:
        self._rules.append(rule)
        return rule

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == "refuse":
            writer.transport.abort()
            return
        try:
            theirs = await self._open()
        except OSError:
            if self._mode != "black_hole":
                raise
            while await reader.read(65536):
                pass  # nobody hears that Valkey has gone
            writer.close()
            return
        link = _Link(writer, theirs[1])
        self._links.add(link)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            ends = await asyncio.gather(
                self._commands(link, reader), self._replies(link, theirs[0]), return_exceptions=True
            )
            self._faults += [e for e in ends if e is not None and not isinstance(e, OSError)]
        finally:
            self._links.discard(link)
            self._tasks.discard(task)
            link.cut()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._upstream.scheme == "unix":
            return await asyncio.open_unix_connection(unquote(self._upstream.path))
        host, port = self._upstream.hostname or "localhost", self._upstream.port or 6379
        return await asyncio.open_connection(host, port)

    async def _commands(self, link: _Link, reader: asyncio.StreamReader) -> None:
        async for message in _messages(reader):
            if self._mode == "black_hole" or link.closing:
                continue
            command = _words(message)
            rule = next((rule for rule in self._rules if rule.due(command)), None)
            if rule is not None and rule.action == "cut_before":
                break
            if rule is not None and rule.action == "hold":
                await asyncio.sleep(rule.seconds)
            link.closing = rule is not None and rule.action == "cut_after"
            if command[0].upper() not in _WITHOUT_REPLY:
                link.awaited.append(rule)
            self.commands.append(command)
            link.upstream.write(message)
        link.cut()

    async def _replies(self, link: _Link, reader: asyncio.StreamReader) -> None:
        async for message in _messages(reader):
            if self._mode == "black_hole":
                continue
            rule = None if message[:1] == b">" else link.awaited.popleft()
            if rule is not None and rule.action == "cut_after":
                break
            if rule is not None and rule.action == "delay":
                await asyncio.sleep(rule.seconds)
            if link.client.is_closing():
                break
            link.client.write(message)
        if self._mode != "black_hole":
            link.cut()


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Split a stream into whole commands or replies, until it ends."""
    buffer = b""
    with suppress(OSError):  # a reset ends it like a close
        while data := await reader.read(65536):
            buffer += data
            while (end := _end(buffer, 0)) is not None:
                yield buffer[:end]
                buffer = buffer[end:]


def _end(buffer: bytes, start: int) -> int | None:
    """Where the RESP value that begins at ``start`` ends; None if it is not all there yet."""
    line_end = buffer.find(b"\r\n", start)
    if line_end < 0:
        return None
    kind, end = buffer[start : start + 1], line_end + 2
    if kind in b"$=!":
        size = int(buffer[start + 1 : line_end])
        end += size + 2 if size >= 0 else 0
        return end if end <= len(buffer) else None
    if kind in b"*>~%|":
        items = int(buffer[start + 1 : line_end]) * (2 if kind in b"%|" else 1)
        for _ in range(items + (kind == b"|")):  # an attribute stands before its value
            following = _end(buffer, end)
            if following is None:
                return None
            end = following
    return end


def _words(command: bytes) -> Command:
    words, start = [], command.index(b"\r\n") + 2
    while start < len(command):
        line_end = command.index(b"\r\n", start)
        size = int(command[start + 1 : line_end])
        words.append(command[line_end + 2 : line_end + 2 + size])
        start = line_end + 2 + size + 2
    return words
