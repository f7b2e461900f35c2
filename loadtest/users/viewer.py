"""One viewer as one Locust user, with the whole behaviour that the contract asks of a client.

Theory of operation: one greenlet reads, ticks and reconnects; it is the shell around the same
``Connection`` as asyncio's. Others may only submit messages. Each write waits for the one before.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import count

import gevent
from gevent.lock import RLock
from gevent.pool import Group
from grandstand.client.backoff import Closed, End, Failed, Refused
from grandstand.client.connection import WELCOME_S, Connection
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
from grandstand.client.websocket import retry_after_s
from grandstand.wire.messages import Ack, Error, Frame, Poll, PostComment, TellTime, Vote, Welcome
from locust import FastHttpUser, task
from locust.exception import StopUser
from msgspec import UNSET
from websockets.uri import parse_uri

from loadtest.seats.counts import Counts
from loadtest.users.report import ANEW, FAILED, GAP
from loadtest.users.run_context import RunContext

VOTES_WITHIN_S = 4.0
READ_BYTES = 1 << 16

_numbers = count()


class Viewer(FastHttpUser):
    """Watches, comments, votes, asks the time, and comes back with its place when it is cut.

    Signs its own token with the secret, else it is a guest.
    """

    weight = 20
    host = "http://127.0.0.1:8000"

    counts: Counts | None = None
    voices = 1

    def on_start(self) -> None:
        """Take a seat. Raises StopUser at a server that isn't a Grandstand."""
        self.run_context = RunContext.of(self.environment)
        if not self.run_context.options.is_ours:
            raise StopUser
        self._name = f"load:{self.run_context.name}:viewer:{next(_numbers)}"
        options = self.run_context.options
        self._url = f"ws{self.run_context.url.removeprefix('http')}/v1/rooms/{options.room}/live"
        self._core = Connection(
            self._url, self.run_context.random, asks=True, client="grandstand load"
        )
        self._socket: socket.socket | None = None
        self._writing = RLock()
        self._since_s = 0.0
        self._welcomes = 0
        self._own: set[str] = set()
        self._polls: set[str] = set()
        self._order = count()
        self._beside = Group()
        self.run_context.enter(self)

    def on_stop(self) -> None:
        """Leaves."""
        self._beside.kill()
        self.run_context.leave(self)
        self._run(self._core.stop())

    @task
    def stay(self) -> None:
        """Comes, and comes back. Raises StopUser when it is told not to."""
        self._run(self._core.start(time.monotonic()))
        while True:
            wait_s = self._core.due_s - time.monotonic()
            if wait_s <= 0:
                self._run(self._core.tick(time.monotonic()))
            elif self._socket is None:
                gevent.sleep(wait_s)
            else:
                self._read(self._socket, wait_s)

    # --- the shell around its connection ---------------------------------------------------------

    def _read(self, link: socket.socket, wait_s: float) -> None:
        link.settimeout(wait_s)
        try:
            data = link.recv(READ_BYTES)
        except TimeoutError:
            return
        except OSError as fault:
            self._run(self._core.disconnected(time.monotonic(), str(fault)))
            return
        now_s = time.monotonic()
        self._run(self._core.received(now_s, data) if data else self._core.disconnected(now_s))

    def _run(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Write(data):
                    self._write(data)
                case Drop() if self._socket is not None:
                    self._socket.close()
                    self._socket = None
                case AskToken():
                    self._run(self._ask_token())
                case Open():
                    self._run(self._open())
                case _:
                    self._hear(effect)

    def _write(self, data: bytes) -> None:
        """Sends it, if there is a connection; the reader learns that it broke."""
        with self._writing:
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.sendall(data)

    def _open(self) -> list[Effect]:
        self._since_s = time.monotonic()
        uri = parse_uri(self._url)
        try:
            link = socket.create_connection((uri.host, uri.port), WELCOME_S)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if uri.secure:
                link = ssl.create_default_context().wrap_socket(link, server_hostname=uri.host)
        except OSError as fault:
            return self._core.disconnected(time.monotonic(), fault.strerror or str(fault))
        self._socket = link
        return self._core.connected(time.monotonic())

    def _ask_token(self) -> list[Effect]:
        """Signs one with the secret; without, asks the server as a guest does."""
        token = self.run_context.signed(self._name)
        if token is not None:
            return self._core.token_given(time.monotonic(), token)
        path = f"/v1/rooms/{self.run_context.options.room}/guests"
        with self.client.post(path, json={}, name="guest", catch_response=True) as answer:
            now_s, status = time.monotonic(), answer.status_code
            if status == 201:
                answer.success()
                return self._core.token_given(now_s, str(answer.json()["token"]))
            answer.failure(f"HTTP {status}")
            end: End = Failed("connect: no answer")
            if status:
                end = Refused(status, retry_after_s((answer.headers or {}).get("Retry-After")))
            return self._core.token_refused(now_s, end)

    # --- what it hears ---------------------------------------------------------------------------

    def _hear(self, effect: Effect) -> None:
        """Raises StopUser when it has ended."""
        report, now_s = self.run_context.report, time.monotonic()
        match effect:
            case Upgraded():
                report.took("connect", (now_s - self._since_s) * 1000)
                self._since_s = now_s
            case Received(Frame() as frame):
                self._frame(frame, now_s)
            case Received(Welcome() as welcome):
                self._welcome(welcome, now_s)
            case Received(Ack() as ack):
                comment = None if ack.comment is UNSET else ack.comment
                if comment is not None:
                    self._own.add(comment)
                self.run_context.answered(ack.id, now_s, comment=comment)
            case Received(Error(code=code, id=str() as own_id)):
                if own_id not in self._core.pending:  # else it is sent again
                    self.run_context.answered(own_id, now_s, code=code)
            case Received(TellTime(sent=sent)):
                report.took("time", now_s * 1000 - sent)
            case Gap():
                report.failed(GAP)
            case Lost(end):
                self._tell_end(end)
            case Ended(end):
                self._tell_end(end)
                raise StopUser

    def _tell_end(self, end: End) -> None:
        report = self.run_context.report
        match end:
            case Closed(code):
                report.closed(code)
            case Refused(status):
                report.refused(status)
            case Failed(words):
                report.failed(f"{FAILED}{words}")

    def _welcome(self, welcome: Welcome, now_s: float) -> None:
        if self._since_s:
            self.run_context.report.took("welcome", (now_s - self._since_s) * 1000)
            self._since_s = 0.0
        if self._welcomes and not welcome.recovered:
            self.run_context.report.failed(ANEW)
        self._welcomes += 1
        self._polls.update(poll.id for poll in welcome.polls)

    def _frame(self, frame: Frame, now_s: float) -> None:
        self.run_context.report.frames(1, 0)
        comments = [] if frame.comments is UNSET else [each.id for each in frame.comments]
        polls = [] if frame.polls is UNSET else frame.polls
        seen = [*comments, *(poll.id for poll in polls)]
        self.run_context.shown([id_ for id_ in seen if id_ not in self._own], now_s)
        self._own.difference_update(comments)
        for poll in polls:
            if poll.status == "open" and poll.id not in self._polls:
                self._polls.add(poll.id)
                self._may_vote(poll)

    # --- what it says ----------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether it is in."""
        return self._core.is_live

    def speak(self, text: str) -> None:
        """Comments, if it is in."""
        if self._core.is_live:
            at = self._core.clock.read(time.monotonic())
            self._say("comment", PostComment(self._next_id(), text, at))

    def _may_vote(self, poll: Poll) -> None:
        random = self.run_context.random
        if random.random() < self.run_context.options.voters:
            delay_s = random.random() * VOTES_WITHIN_S
            self._beside.add(gevent.spawn_later(delay_s, self._vote, poll))

    def _vote(self, poll: Poll) -> None:
        choice = self.run_context.random.randrange(len(poll.options))
        at = self._core.clock.read(time.monotonic())
        if at <= poll.closes_at:
            self._say("vote", Vote(self._next_id(), poll.id, [choice], at))

    def _next_id(self) -> str:
        return f"{self._name[5:]}:{next(self._order)}"

    def _say(self, what: str, message: PostComment | Vote) -> None:
        now_s = time.monotonic()
        self.run_context.ledger.sent(message.id, what, now_s)
        self._run(self._core.submit(now_s, message))
