"""A viewer as the contract describes one: says hello, comes back, sends again, folds the state.

It believes nothing: every numbered frame it ever saw is kept as bytes, and one that comes a second
time with other bytes, or out of order, is a fault.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from tests.waiting import PATIENCE_S, patience, until

Message = dict[str, Any]
RECENT = 50
SEND_AGAIN = {"unavailable", "overloaded", "rate_limited"}
"""Errors that say: with the same id, later."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


@dataclass(slots=True)
class Picture:
    """A room as a viewer knows it, by welcomes and frames alone."""

    settings: Message = field(default_factory=dict)
    polls: dict[str, Message] = field(default_factory=dict)
    overlays: dict[str, Message] = field(default_factory=dict)
    cues: dict[str, Message] = field(default_factory=dict)
    recent: list[Message] = field(default_factory=list)
    shown: dict[str, Message] = field(default_factory=dict)
    tallies: dict[str, Message] = field(default_factory=dict)
    viewers: int = 0

    def welcomed(self, welcome: Message) -> None:
        """A welcome replaces all; one that recovers leaves the comments to the frames."""
        self.settings = welcome["settings"]
        self.polls = {poll["id"]: poll for poll in welcome["polls"]}
        self.overlays = {overlay["id"]: overlay for overlay in welcome["overlays"]}
        self.cues = {cue["id"]: cue for cue in welcome["cues"]}
        self.viewers = welcome["viewers"]
        if not welcome["recovered"]:
            self.recent = welcome["recent"]
        self._show(welcome["recent"])

    def framed(self, frame: Message, state_is_newer: bool) -> None:
        """One frame; of one that the last welcome's state holds already only what passes by."""
        self.recent = [*self.recent, *frame.get("comments", ())][-RECENT:]
        self._show(frame.get("comments", ()))
        gone = set(frame.get("retract", ()))
        self.recent = [comment for comment in self.recent if comment["id"] not in gone]
        self.cues |= {cue["id"]: cue for cue in frame.get("cues", ())}
        self.tallies |= {tally["poll"]: tally for tally in frame.get("tallies", ())}
        self.viewers = frame.get("gauges", {}).get("viewers", self.viewers)
        if state_is_newer:
            return
        self.settings = frame.get("settings", self.settings)
        self.polls |= {poll["id"]: poll for poll in frame.get("polls", ())}
        self.overlays |= {overlay["id"]: overlay for overlay in frame.get("overlays", ())}
        for overlay in frame.get("drop", ()):
            self.overlays.pop(overlay, None)

    def _show(self, comments: Any) -> None:
        self.shown |= {comment["id"]: comment for comment in comments}


@dataclass(slots=True)
class Viewer:
    """One viewer's page: at most one connection at a time, which it opens again when it breaks.

    ``url`` may be changed: the next connection goes there. ``frames`` is by (epoch, offset).
    """

    url: str
    room: str
    token: str | None = None
    name: str = ""
    follow: Sequence[str] = ()
    comes_back: bool = True
    resumes: bool = True
    picture: Picture = field(default_factory=Picture)
    frames: dict[tuple[str, int], bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    received: list[Message] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)
    epoch: str = ""
    offset: int = -1
    connections: int = 0
    _socket: ClientConnection | None = None
    _state_offset: int = -1
    _answers: dict[str, asyncio.Future[Message]] = field(default_factory=dict)
    _unanswered: dict[str, Message] = field(default_factory=dict)
    _running: asyncio.Task[None] | None = None

    # --- what tests see --------------------------------------------------------------------------

    def of_type(self, kind: str) -> list[Message]:
        """The messages of one type, oldest first."""
        return [message for message in self.received if message["type"] == kind]

    @property
    def welcome(self) -> Message:
        """The last welcome."""
        return self.of_type("welcome")[-1]

    @property
    def user(self) -> str:
        """What this viewer is called in comments."""
        return str(self.welcome["viewer"]["id"])

    @property
    def is_here(self) -> bool:
        """Whether it is connected and welcome."""
        return self._socket is not None

    async def sees(self, condition: Callable[[Picture], object]) -> None:
        """Waits until the picture is so."""
        await until(lambda: condition(self.picture))

    async def reaches(self, offset: int) -> None:
        """Waits until it is here and has seen all up to ``offset``."""
        await until(lambda: self.is_here and self.offset >= offset)

    async def knows(self, poll: str) -> Message:
        """Waits for a poll."""
        await self.sees(lambda picture: poll in picture.polls)
        return self.picture.polls[poll]

    async def hears(self, kind: str, number: int = 1) -> Message:
        """Waits until so many messages of one type have come; the last of them."""
        await until(lambda: len(self.of_type(kind)) >= number)
        return self.of_type(kind)[number - 1]

    async def returns(self) -> None:
        """Waits until it is here again."""
        await until(lambda: self.is_here)

    async def seen(self, text: str) -> Message:
        """Waits for a comment to be shown."""
        await self.sees(lambda picture: any(c["text"] == text for c in picture.shown.values()))
        return next(c for c in self.picture.shown.values() if c["text"] == text)

    async def told(self, kind: str, code: str | int) -> Message:
        """Waits for an ``error``, ``notice`` or ``bye`` of that code."""

        def found() -> list[Message]:
            return [message for message in self.of_type(kind) if message["code"] == code]

        await until(found)
        return found()[-1]

    # --- what it does ----------------------------------------------------------------------------

    async def come(self) -> Viewer:
        """Connects and waits for the welcome."""
        self._running = asyncio.create_task(self._run(), name=f"viewer {self.name}")
        waiting = asyncio.create_task(until(lambda: self.is_here))
        await asyncio.wait([waiting, self._running], return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            waiting.cancel()
            self._running.result()
            raise ConnectionError(f"not let in: {self.closes}")
        await waiting
        return self

    async def leave(self) -> None:
        """Closes the connection for good; raises what went wrong on the way."""
        self.comes_back = False
        running, self._running = self._running, None
        if self._socket is not None:
            await self._socket.close()
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
            if not running.cancelled():
                running.result()

    async def drop(self) -> None:
        """Loses the connection without a word, and comes back by itself."""
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None

    async def send(self, message: Message) -> None:
        """Sends and doesn't wait; lost if there is no connection."""
        await self.send_bytes(_encode(message))

    async def send_bytes(self, payload: bytes | str) -> None:
        """Anything at all."""
        if self._socket is not None:
            await self._socket.send(payload)

    async def ask(self, message: Message) -> Message:
        """Sends, again after every new welcome, until it is answered: the ack or error."""
        message = {"id": uuid4().hex, **message}
        answered = asyncio.get_running_loop().create_future()
        self._answers[message["id"]] = answered
        self._unanswered[message["id"]] = message
        try:
            await self._try(message)
            async with patience():
                answer: Message = await answered
            return answer
        finally:
            self._answers.pop(message["id"], None)
            self._unanswered.pop(message["id"], None)

    async def insist(self, message: Message) -> Message:
        """As ``ask``, and asks again where the answer says so."""
        message = {"id": uuid4().hex, **message}
        async with patience():
            while True:
                answer = await self.ask(message)
                if answer.get("code") not in SEND_AGAIN:
                    return answer
                await asyncio.sleep(answer["retry_after"])

    async def comment(self, text: str, **fields: Any) -> Message:
        """Says something; the ack or error."""
        return await self.ask({"type": "comment", "text": text, **fields})

    async def vote(self, poll: str, *choices: int, **fields: Any) -> Message:
        """Votes; the ack or error."""
        return await self.ask({"type": "vote", "poll": poll, "choices": list(choices), **fields})

    def forget_what_passed(self) -> None:
        """Keeps no frame, comment or close: of a long run nobody has the memory for all."""
        self.received = [each for each in self.received if each["type"] == "welcome"]
        self.closes.clear()
        self.frames.clear()
        self.picture.shown.clear()

    # --- the connection --------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                await self._connect()
            except (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
                pass
            finally:
                self._socket = None
            last = self.of_type("bye")[-1:]
            if not self.comes_back or (self.closes and last and not last[0]["reconnect"]):
                return
            await asyncio.sleep(random.uniform(0.02, 0.2))

    async def _connect(self) -> None:
        url = f"{self.url.replace('http', 'ws', 1)}/v1/rooms/{self.room}/live"
        async with connect(
            url,
            subprotocols=[Subprotocol("grandstand.v1.msgpack")],
            open_timeout=PATIENCE_S,
            close_timeout=1,
            ping_interval=None,
            max_queue=None,
            proxy=None,
        ) as socket:
            self.connections += 1
            hello: Message = {"type": "hello", "client": "tests"}
            if self.token is not None:
                hello["token"] = self.token
            if self.follow:
                hello["follow"] = list(self.follow)
            if self.resumes and self.epoch:
                hello["resume"] = {"epoch": self.epoch, "offset": self.offset}
            await socket.send(_encode(hello))
            try:
                async for payload in socket:
                    assert isinstance(payload, bytes)
                    message = _decode(payload)
                    self._receive(message, payload)
                    if message["type"] == "welcome":
                        self._socket = socket
                        for unanswered in list(self._unanswered.values()):
                            await self._try(unanswered)
            finally:
                if socket.close_code is not None:
                    self.closes.append(socket.close_code)

    async def _try(self, message: Message) -> None:
        with suppress(ConnectionClosed):  # it is sent again after the next welcome
            await self.send(message)

    def _receive(self, message: Message, payload: bytes) -> None:
        self.received.append(message)
        match message["type"]:
            case "welcome":
                self._welcomed(message)
            case "frame" if "offset" in message:
                self._numbered(message, payload)
            case "frame":
                self.picture.framed(message, state_is_newer=False)
            case "ack" | "error" | "time":
                answered = self._answers.get(message.get("id", ""))
                if answered is not None and not answered.done():
                    answered.set_result(message)

    def _welcomed(self, welcome: Message) -> None:
        self.picture.welcomed(welcome)
        self._state_offset = welcome["offset"]
        if not welcome["recovered"]:
            self.epoch, self.offset = welcome["epoch"], welcome["offset"]
        elif welcome["epoch"] != self.epoch:
            self.faults.append("recovered into another epoch")

    def _numbered(self, frame: Message, payload: bytes) -> None:
        offset = frame["offset"]
        if offset != self.offset + 1:
            self.faults.append(f"{offset} follows {self.offset}")
        self.offset = offset
        known = self.frames.setdefault((self.epoch, offset), payload)
        if known != payload:
            self.faults.append(f"{offset} has two contents")
        self.picture.framed(frame, state_is_newer=offset <= self._state_offset)


@asynccontextmanager
async def viewing(
    url: str, room: str, token: str | None = None, **named: Any
) -> AsyncIterator[Viewer]:
    """A viewer who is there for the duration of the block, and saw no fault in the frames."""
    viewer = Viewer(url, room, token, **named)
    try:
        await viewer.come()
        yield viewer
    finally:
        await viewer.leave()
    assert viewer.faults == []
