"""One viewer over a real WebSocket, as the contract asks of a client.

It says hello, follows the numbered frames, sends again what wasn't acknowledged, and comes back
with ``resume`` after a loss. It knows nothing of the server but its address and its messages.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from random import Random
from typing import Protocol
from uuid import uuid4

import msgspec
from msgspec import UNSET, UnsetType
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from grandstand.client.figures import Figures
from grandstand.domain.limits import Bucket, Rate
from grandstand.timeouts import timeout
from grandstand.wire.codes import AfterClose, ErrorCode, after_close
from grandstand.wire.messages import (
    MAX_SERVER_MESSAGE_BYTES,
    Ack,
    Bye,
    Color,
    Error,
    Frame,
    Hello,
    Mode,
    Poll,
    PostComment,
    Resume,
    ServerMessage,
    Size,
    Vote,
    Welcome,
)

SUBPROTOCOL = Subprotocol("grandstand.v1.msgpack")
FIRST_S = 0.5
MOST_S = 30.0
STEADY_S = 10.0
"""A connection that lived this long lets the backoff start afresh."""
SILENCE_S = 30.0
GAP_S = 2.0
FORGET_S = 20.0
"""A comment that isn't on the screen by then was merged or left out."""
MAY_COME_AGAIN = frozenset({ErrorCode.OVERLOADED, ErrorCode.UNAVAILABLE})

_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[ServerMessage] = msgspec.msgpack.Decoder(ServerMessage)


@functools.lru_cache(maxsize=64)
def decoded(payload: bytes) -> ServerMessage:
    """A message; all viewers get the same bytes, so that most are found decoded already."""
    return _decoder.decode(payload)


def backoff_s(attempt: int, random: Random) -> float:
    """Full jitter: up to 0.5 s, doubling with each attempt in vain, to 30."""
    return random.random() * min(MOST_S, FIRST_S * float(1 << min(attempt, 16)))


class Watcher(Protocol):
    """Whom a viewer tells what it sees."""

    def saw_frame(self, epoch: str, offset: int, frame: Frame) -> None:
        """A numbered frame, in its order."""

    def saw_poll(self, viewer: Attendee, poll: Poll) -> None:
        """A poll that this viewer sees for the first time."""

    def later(self, due_s: float, viewer: Attendee, message_id: str) -> None:
        """A message that is to be sent again at ``due_s`` of the loop's clock."""


PACE = Rate(interval_ms=60, burst=40)
"""Messages of one viewer: less than a connection may send (20 a second, 60 at once), which is
refused and at last closed for more."""


class Attendee:
    """A viewer; ``stay`` is its life. ``token`` is asked for anew at each connection.

    Its picture is ``delay_ms`` behind the programme clock. A message that was refused with a code
    of ``insists`` is sent again when it may be. ``left`` says why it doesn't come back, if so.
    """

    def __init__(
        self,
        address: str,
        token: Callable[[], Awaitable[str]],
        watcher: Watcher,
        figures: Figures,
        random: Random,
        delay_ms: float,
        insists: frozenset[ErrorCode] = MAY_COME_AGAIN,
    ) -> None:
        self.delay_ms = delay_ms
        self.left = ""
        self.socket: ClientConnection | None = None
        self._address = address
        self._token = token
        self._watcher = watcher
        self._figures = figures
        self._random = random
        self._insists = insists
        self._loop = asyncio.get_running_loop()
        self._clock_ms = 0.0
        self._place: tuple[str, int] | None = None
        self._polls: set[str] = set()
        self._unanswered: dict[str, tuple[float, PostComment | Vote]] = {}
        self._awaited: dict[str, float] = {}
        self._not_before_s = 0.0
        self._bucket = Bucket()

    @property
    def playhead_ms(self) -> int:
        """The programme time of the picture that this viewer sees."""
        return int(self._clock_ms + self._loop.time() * 1000 - self.delay_ms)

    @property
    def unanswered(self) -> int:
        """How many of its messages wait for their answer."""
        return len(self._unanswered)

    # --- what it does ----------------------------------------------------------------------------

    async def say(
        self,
        text: str,
        at: int | None = None,
        mode: Mode = "scroll",
        color: Color | UnsetType = UNSET,
        size: Size = "normal",
    ) -> None:
        """Comments on what it sees now, or saw ``at``; once it is connected, if it isn't yet."""
        self._figures.sent += 1
        if at is None and self.socket is not None:
            at = self.playhead_ms
        moment = UNSET if at is None else at
        await self._send(PostComment(uuid4().hex, text, moment, mode, color, size))

    async def vote(self, poll: Poll, choices: list[int]) -> None:
        """Votes, if its picture is still inside the window."""
        if self.socket is not None and poll.opens_at <= self.playhead_ms <= poll.closes_at:
            self._figures.votes += 1
            await self._send(
                Vote(id=uuid4().hex, poll=poll.id, choices=choices, at=self.playhead_ms)
            )

    async def again(self, message_id: str) -> None:
        """Sends again what was refused for now."""
        if message_id in self._unanswered:
            await self._send(self._unanswered[message_id][1])

    async def _send(self, message: PostComment | Vote) -> None:
        self._unanswered[message.id] = (self._loop.time(), message)
        await self._put(message)

    async def _put(self, message: Hello | PostComment | Vote) -> None:
        while wait_ms := self._bucket.take(self._loop.time() * 1000, PACE):  # noqa: ASYNC110
            await asyncio.sleep(wait_ms / 1000)
        if self.socket is not None:
            try:
                await self.socket.send(_encode(message))
            except ConnectionClosed:
                return  # the reader learns of it; what wasn't answered goes out after the welcome

    # --- its connection --------------------------------------------------------------------------

    async def stay(self) -> None:
        """Watches until it is cancelled or not wanted any more."""
        attempt = 0
        while not self.left:
            begun_s = self._loop.time()
            try:
                await self._follow()
            except InvalidStatus as refused:
                retry_after = refused.response.headers.get("Retry-After", "0")
                self._not_before_s = self._loop.time() + float(retry_after)
                status = refused.response.status_code
                if 400 <= status < 500 and status != 429:
                    self.left = f"HTTP {status}"
            except (OSError, WebSocketException):
                pass  # lost: it comes back
            if self._loop.time() - begun_s > STEADY_S:
                attempt = 0
            wait_s = max(backoff_s(attempt, self._random), self._not_before_s - self._loop.time())
            attempt += 1
            if not self.left:
                await asyncio.sleep(wait_s)
                self._figures.returns += 1

    async def _follow(self) -> None:
        """One connection, to its end. Raises OSError or WebSocketException when it is lost."""
        socket = await connect(
            self._address,
            subprotocols=[SUBPROTOCOL],
            compression=None,
            ping_interval=None,
            close_timeout=1,
            max_size=2 * MAX_SERVER_MESSAGE_BYTES,
            proxy=None,
        )
        try:
            resume = UNSET if self._place is None else Resume(*self._place)
            await socket.send(
                _encode(Hello(token=await self._token(), resume=resume, client="grandstand"))
            )
            async with timeout(SILENCE_S) as patience:
                async for payload in socket:
                    in_order = await self._take(decoded(payload), socket)
                    if in_order:
                        patience.reschedule(self._loop.time() + SILENCE_S)
                    elif (patience.when() or 0) - self._loop.time() > GAP_S:
                        patience.reschedule(self._loop.time() + GAP_S)
        finally:
            self.socket = None
            code = socket.close_code
            if code is not None and after_close(code) is AfterClose.FINAL:
                self.left = self.left or f"{code} {socket.close_reason}".strip()
            await _close(socket)

    async def _take(self, message: ServerMessage, socket: ClientConnection) -> bool:
        """Takes a message in; False while frames are missing."""
        match message:
            case Frame():
                return self._frame(message)
            case Welcome():
                if not message.recovered:
                    self._place = (message.epoch, message.offset)
                self._tick(message.now)
                self.socket = socket
                for poll in message.polls:
                    self._see(poll)
                for _, waiting in list(self._unanswered.values()):
                    await self._put(waiting)
            case Ack():
                self._acked(message)
            case Error():
                self._refused(message)
            case Bye():
                self._not_before_s = self._loop.time() + message.after / 1000
                if not message.reconnect:
                    self.left = f"{message.code} {message.reason}"
        return True

    def _frame(self, frame: Frame) -> bool:
        self._tick(frame.now)
        if self._place is None:
            return True
        epoch, offset = self._place
        if frame.offset is UNSET:
            return frame.head is UNSET or frame.head <= offset
        if frame.offset > offset + 1:
            self._figures.gaps += 1
            return False
        if frame.offset <= offset:
            return True
        self._place = (epoch, frame.offset)
        self._watcher.saw_frame(epoch, frame.offset, frame)
        if frame.comments is not UNSET and self._awaited:
            for comment in frame.comments:
                sent_s = self._awaited.pop(comment.id, None)
                if sent_s is not None:
                    self._figures.screen_ms.append((self._loop.time() - sent_s) * 1000)
        for poll in () if frame.polls is UNSET else frame.polls:
            self._see(poll)
        return True

    def _see(self, poll: Poll) -> None:
        if poll.status == "open" and poll.id not in self._polls:
            self._polls.add(poll.id)
            self._watcher.saw_poll(self, poll)

    def _acked(self, ack: Ack) -> None:
        sent_s, message = self._unanswered.pop(ack.id, (0.0, None))
        if message is None:
            return
        self._figures.acked += 1
        self._figures.ack_ms.append((self._loop.time() - sent_s) * 1000)
        if ack.status == "held":
            self._figures.held += 1
        elif ack.comment is not UNSET:
            known = self._awaited.items()
            self._awaited = {id_: at for id_, at in known if sent_s - at < FORGET_S}
            self._awaited[ack.comment] = sent_s

    def _refused(self, error: Error) -> None:
        if error.id is UNSET:
            self._figures.refused[error.code.value] += 1
        elif error.code in self._insists and error.retry_after is not UNSET:
            self._figures.put_off[error.code.value] += 1
            self._watcher.later(self._loop.time() + error.retry_after, self, error.id)
        elif self._unanswered.pop(error.id, None) is not None:
            self._figures.refused[error.code.value] += 1

    def _tick(self, now: int) -> None:
        self._clock_ms = now - self._loop.time() * 1000


async def _close(socket: ClientConnection) -> None:
    """Close it, as the contract asks; by force when the other end doesn't answer."""
    try:
        await socket.close()
    finally:  # websockets does so too, but for a cancelled task before Python 3.11.4
        socket.transport.abort()
