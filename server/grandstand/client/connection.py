"""A viewer's connection, sans I/O: the counterpart of the SDK's ``connection.js``. Pure.

It is told what happened and the time, and answers with what to do and what came of it. It owns the
upgrade, hello, resume, gaps, silence, reconnecting and the sending again of what was not answered.
It must not know sockets, loops or clocks: a shell around it does the input and output
(``live_socket`` for asyncio, the load test's viewer for gevent). Times are seconds of any one
clock that doesn't run backwards.

Theory of operation: a numbered frame is passed on only if it is the one expected. Anything further
on is a gap: the server has two seconds to mend it with a welcome, then this side reconnects with
``resume``, as after a lost connection. A shell calls ``tick`` at ``due_s``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from random import Random

import msgspec
from msgspec import UNSET

from grandstand.client.backoff import Backoff, End, Failed
from grandstand.client.clock import ProgrammeClock
from grandstand.client.effects import (
    AskToken,
    Drop,
    Effect,
    Ended,
    Gap,
    Lost,
    Open,
    Received,
    Upgraded,
    Write,
)
from grandstand.client.pending import Pending, Request
from grandstand.client.position import NEVER, Position, Step
from grandstand.client.websocket import Opened, WebSocket
from grandstand.wire.codes import AfterClose, ErrorCode
from grandstand.wire.messages import (
    Ack,
    AskTime,
    Bye,
    Error,
    Frame,
    Hello,
    Notice,
    Resume,
    ServerMessage,
    TellTime,
    Welcome,
)

SILENCE_S = 30.0
SILENCE_SURE_S = 2.0
"""After a sleep the first tick may come before what waits in the socket."""
WELCOME_S = 10.0
"""For opening, hello and welcome; the server gives a hello 5 s."""
TIME_FIRST_S, TIME_FIRST_COUNT = 0.4, 4
"""A few round trips soon after the welcome,"""
TIME_LATER_S = 30.0
"""then one now and again, since clocks drift."""

_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[ServerMessage] = msgspec.msgpack.Decoder(ServerMessage)


@functools.lru_cache(maxsize=64)
def decoded(payload: bytes) -> ServerMessage | None:
    """Return a message, or None if it is none that we know.

    All viewers get the same bytes, so that most are found decoded already.
    """
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def hello(
    token: str | None, place: Resume | None, client: str, follow: Sequence[str] = ()
) -> bytes:
    """Return the first message's payload: who is there, from which place on, and which topics it
    follows."""
    return _encode(
        Hello(
            token=UNSET if token is None else token,
            resume=UNSET if place is None else place,
            client=client,
            follow=list(follow) or UNSET,
        )
    )


class Stage(Enum):
    """How far a connection is."""

    NONE = auto()
    TOKEN = auto()
    OPENING = auto()
    GREETING = auto()
    LIVE = auto()


class Connection:
    """One viewer's, over all its sockets.

    ``token`` is given once for all, unless ``asks``: then the shell is asked for one, and again
    when one was refused. ``url`` is the room's, ``ws:`` or ``wss:``. With ``delay_ms`` there is a
    picture, so far behind the programme clock, and each ``time`` tells its playhead. ``follow`` are
    topics, which each hello names.
    """

    def __init__(
        self,
        url: str,
        random: Random,
        *,
        token: str | None = None,
        asks: bool = False,
        client: str = "grandstand",
        pending: Pending | None = None,
        delay_ms: float | None = None,
        follow: Sequence[str] = (),
    ) -> None:
        self.stage = Stage.NONE
        self.position = Position()
        self.pending = Pending() if pending is None else pending
        self.clock = ProgrammeClock()
        self._url = url
        self._random = random
        self._token = token
        self._asks = asks
        self._refused: tuple[str, End] | None = None
        self._client = client
        self._delay_ms = delay_ms
        self._follow = follow
        self._backoff = Backoff()
        self._socket: WebSocket | None = None
        self._retry_s = NEVER
        self._since_s = 0.0
        self._heard_s = 0.0
        self._silent_s = NEVER
        self._time_s, self._times = NEVER, 0
        self._question: AskTime | None = None

    @property
    def is_live(self) -> bool:
        """Whether the viewer is in."""
        return self.stage is Stage.LIVE

    @property
    def due_s(self) -> float:
        """When ``tick`` has something to do; infinite if never."""
        match self.stage:
            case Stage.NONE:
                return self._retry_s
            case Stage.TOKEN:
                return NEVER
            case Stage.OPENING | Stage.GREETING:
                return self._since_s + WELCOME_S
        silence_s = self._silent_s + SILENCE_SURE_S
        if self._silent_s == NEVER:
            silence_s = self._heard_s + SILENCE_S
        return min(silence_s, self.position.gap_due_s, self._time_s, self.pending.due_s)

    # --- what a shell tells ----------------------------------------------------------------------

    def start(self, now_s: float) -> list[Effect]:
        """Begin."""
        return self._attempt(now_s)

    def token_given(self, now_s: float, token: str | None) -> list[Effect]:
        """Take a token, or None to watch without one.

        One that was refused before is no new one: the end that refused it is final.
        """
        if self.stage is not Stage.TOKEN:
            return []
        if self._refused is not None and token == self._refused[0]:
            return self._end(self._refused[1])
        self._token = token
        return self._open(now_s)

    def token_refused(self, now_s: float, end: End) -> list[Effect]:
        """Hear that there is no token, and why."""
        if self.stage is not Stage.TOKEN:
            return []
        end, after = self._backoff.judge(end, now_s)
        if after is not AfterClose.RECONNECT:
            return self._end(end)
        return self._retry(now_s, end)

    def connected(self, now_s: float) -> list[Effect]:
        """The shell reached the address: ask for the upgrade."""
        if self.stage is not Stage.OPENING or self._socket is not None:
            return [Drop()]
        self._socket = WebSocket(self._url)
        return self._written()

    def received(self, now_s: float, data: bytes) -> list[Effect]:
        """Take in bytes from the connection."""
        return [] if self._socket is None else self._take(now_s, self._socket.receive(data))

    def disconnected(self, now_s: float, words: str = "") -> list[Effect]:
        """The connection ended, or never stood; ``words`` may say why."""
        if self._socket is not None:
            return self._take(now_s, self._socket.receive_eof(words))
        if self.stage is Stage.OPENING:
            return self._lose(now_s, Failed(f"connect: {words}"))
        return []

    def tick(self, now_s: float) -> list[Effect]:
        """Do what is due by now."""
        if now_s >= self._retry_s:
            return self._attempt(now_s)
        if self.stage in (Stage.OPENING, Stage.GREETING) and now_s >= self._since_s + WELCOME_S:
            return self._lose(now_s, Failed(f"no welcome within {WELCOME_S:.0f} s"))
        if not self.is_live:
            return []
        if now_s >= self.position.gap_due_s:
            self.position.doubt()
            return self._lose(now_s, Failed("frames are missing"))
        if self._is_silent(now_s):
            return self._lose(now_s, Failed("silence"))
        if now_s >= self._time_s:
            self._ask_time(now_s)
        return self._due(now_s)

    def submit(self, now_s: float, message: Request) -> list[Effect]:
        """Send a comment or vote, once the viewer is in, and again until it is answered."""
        self.pending.add(message)
        if not self.is_live:
            return []
        self.pending.plan(message.id, now_s)
        return self._due(now_s)

    def stop(self) -> list[Effect]:
        """Leave for good."""
        if self._socket is not None:
            self._socket.close()
        effects = [*self._written(), Drop()]
        self._leave()
        self._retry_s = NEVER
        return effects

    # --- the socket ------------------------------------------------------------------------------

    def _take(self, now_s: float, events: list[Opened | bytes | End]) -> list[Effect]:
        """Take what a socket has made of its bytes."""
        effects: list[Effect] = []
        for event in events:
            if isinstance(event, bytes):
                effects += self._message(now_s, event)
            elif isinstance(event, Opened):
                self.stage = Stage.GREETING
                resume = self.position.resume
                self._send([hello(self._token, resume, self._client, self._follow)])
                effects.append(Upgraded())
            else:
                return [*effects, *self._written(), *self._lose(now_s, event)]
        return [*effects, *self._written()]

    def _send(self, payloads: Iterable[bytes]) -> None:
        if self._socket is not None:
            for payload in payloads:
                self._socket.send(payload)

    def _written(self) -> list[Effect]:
        data = b"" if self._socket is None else self._socket.written()
        return [Write(data)] if data else []

    # --- messages --------------------------------------------------------------------------------

    def _message(self, now_s: float, payload: bytes) -> list[Effect]:
        self._heard_s, self._silent_s = now_s, NEVER
        message = decoded(payload)
        match message:
            case Welcome():
                return self._welcomed(now_s, message)
            case Frame():
                return self._framed(now_s, message)
            case Ack():
                self.pending.settle(message.id)
            case Error():
                if message.retry_after is not UNSET and self.stage is Stage.GREETING:
                    self._backoff.hold(now_s, message.retry_after)
                self.pending.refused(now_s, message, self._random.random())
            case Bye():
                self._backoff.warned(message, now_s)
            case Notice(code="waiting") if self.stage is Stage.GREETING:
                self._since_s = now_s
            case TellTime():
                if not self._is_asked(now_s, message):
                    return []
            case None:
                return []  # clients ignore what they don't know
        return [Received(message)]

    def _welcomed(self, now_s: float, welcome: Welcome) -> list[Effect]:
        self.position.welcomed(welcome)
        self.clock.heard(now_s, welcome.now)
        effects: list[Effect] = [Received(welcome)]
        if self.stage is not Stage.GREETING:
            return effects
        self.stage = Stage.LIVE
        self._backoff.welcomed(now_s)
        self._time_s, self._times = now_s, 0
        self.pending.resume(now_s)
        return [*effects, *self._due(now_s)]

    def _framed(self, now_s: float, frame: Frame) -> list[Effect]:
        if not self.is_live:
            return []
        self.clock.heard(now_s, frame.now)
        was_whole = self.position.gap_due_s == NEVER
        step = self.position.framed(now_s, frame)
        effects: list[Effect] = []
        if was_whole and self.position.gap_due_s != NEVER:
            effects.append(Gap())
        if step is not Step.PASSED_OVER:
            effects.append(Received(frame, step is Step.REPLAYED))
        return effects

    def _is_silent(self, now_s: float) -> bool:
        if now_s < self._heard_s + SILENCE_S:
            return False
        self._silent_s = min(self._silent_s, now_s)
        return now_s >= self._silent_s + SILENCE_SURE_S

    def _due(self, now_s: float) -> list[Effect]:
        """Send what is due, and tell of what is given up."""
        messages, forgotten = self.pending.take(now_s)
        self._send(map(_encode, messages))
        late = "no answer in time"
        given_up = (Error(ErrorCode.UNAVAILABLE, late, id=each) for each in forgotten)
        return [*self._written(), *map(Received, given_up)]

    def _ask_time(self, now_s: float) -> None:
        self._times += 1
        self._time_s = now_s + (TIME_FIRST_S if self._times < TIME_FIRST_COUNT else TIME_LATER_S)
        at = UNSET if self._delay_ms is None else int(self.clock.read(now_s) - self._delay_ms)
        self._question = AskTime(f"t{self._times}", now_s * 1000, at)
        self._send([_encode(self._question)])

    def _is_asked(self, now_s: float, answer: TellTime) -> bool:
        question = self._question
        if question is None or (answer.id, answer.sent) != (question.id, question.sent):
            return False
        self._question = None
        self.clock.answered(question.sent / 1000, now_s, answer.now)
        return True

    # --- coming and going ------------------------------------------------------------------------

    def _attempt(self, now_s: float) -> list[Effect]:
        self._retry_s = NEVER
        self._backoff.begin()
        if self._asks and self._token is None:
            self.stage = Stage.TOKEN
            return [AskToken()]
        return self._open(now_s)

    def _open(self, now_s: float) -> list[Effect]:
        self.stage = Stage.OPENING
        self._since_s = now_s
        return [Open()]

    def _lose(self, now_s: float, end: End) -> list[Effect]:
        """Let go of the socket, and come back or don't."""
        end, after = self._backoff.judge(end, now_s)
        if after is AfterClose.NEW_TOKEN and self._asks:
            self._refused = None if self._token is None else (self._token, end)
            self._token = None
            after = AfterClose.RECONNECT
        if after is not AfterClose.RECONNECT:
            return [Drop(), *self._end(end)]
        return [Drop(), *self._retry(now_s, end)]

    def _retry(self, now_s: float, end: End) -> list[Effect]:
        self._leave()
        self._retry_s = self._backoff.return_s(now_s, self._random.random())
        return [Lost(end)]

    def _end(self, end: End) -> list[Effect]:
        self._leave()
        self._retry_s = NEVER
        return [Ended(end)]

    def _leave(self) -> None:
        self.stage = Stage.NONE
        self._socket = self._question = None
        self.pending.pause()
