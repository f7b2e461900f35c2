"""One viewer as one Locust user, with the whole behaviour that the contract asks of a client."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import gevent
import msgspec
import websocket
from gevent.pool import Group
from grandstand.wire.codes import AfterClose, CloseCode, after_close
from locust import FastHttpUser, task
from locust.exception import StopUser

from loadtest.seats.counts import Counts
from loadtest.seats.pace import TRY_AGAIN, comeback_s
from loadtest.users.place import Place, Step
from loadtest.users.report import ANEW, GAP
from loadtest.users.run_context import RunContext

SUBPROTOCOL = "grandstand.v1.msgpack"
SILENCE_S = 30.0
CONNECT_S = 20.0
VOTES_WITHIN_S = 4.0
TIME_EVERY_S = 30.0
SEND_AGAIN = frozenset({"overloaded", "unavailable"})

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
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
        self._token: str | None = None
        self._place = Place()
        self._socket: websocket.WebSocket | None = None
        self._own: set[str] = set()
        self._unanswered: dict[str, dict[str, Any]] = {}
        self._not_before_s = 0.0
        self._order = count()
        self._beside = Group()
        self._beside.spawn(self._ask_the_time)
        self.run_context.enter(self)

    def on_stop(self) -> None:
        """Leaves."""
        self._beside.kill()
        self.run_context.leave(self)
        if self._socket is not None:
            self._socket.close(timeout=0)

    @task
    def stay(self) -> None:
        """Comes, and comes back. Raises StopUser when it is told not to."""
        attempts = 0
        while True:
            before = self._place.welcomes
            try:
                self._follow()
            except websocket.WebSocketBadStatusException as refused:
                self._refused(refused)
            except (OSError, websocket.WebSocketException) as fault:
                self._fault(fault)
            finally:
                self._socket = None
            attempts = 0 if self._place.welcomes > before else attempts + 1
            wait_s = comeback_s(attempts, self.run_context.random.random())
            gevent.sleep(max(wait_s, self._not_before_s - time.monotonic()))

    # --- a connection ----------------------------------------------------------------------------

    def _follow(self) -> None:
        """One connection, to its end. Raises OSError or WebSocketException when it is lost."""
        report, options = self.run_context.report, self.run_context.options
        if self._token is None:
            self._token = self.run_context.signed(self._name) or self._guest_token()
        began_s = time.monotonic()
        address = f"ws{self.run_context.url.removeprefix('http')}/v1/rooms/{options.room}/live"
        link = websocket.create_connection(address, CONNECT_S, subprotocols=[SUBPROTOCOL])
        try:
            upgraded_s = time.monotonic()
            report.took("connect", (upgraded_s - began_s) * 1000)
            hello = {"type": "hello", "token": self._token, "client": "grandstand load"}
            link.send_binary(_encode(hello | self._place.resume()))
            while True:
                link.settimeout(self._place.patience_s(time.monotonic(), SILENCE_S))
                opcode, payload = link.recv_data()
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    self._closed(int.from_bytes(payload[:2], "big") or 1005)
                    return
                message = _decode(payload)
                if message["type"] == "welcome" and self._socket is None:
                    report.took("welcome", (time.monotonic() - upgraded_s) * 1000)
                    self._socket = link
                self._take(message)
                if self._place.is_lost(time.monotonic()):
                    return
        finally:
            link.shutdown()

    def _guest_token(self) -> str:
        path = f"/v1/rooms/{self.run_context.options.room}/guests"
        with self.client.post(path, json={}, name="guest", catch_response=True) as answer:
            if answer.status_code == 201:
                answer.success()
                return str(answer.json()["token"])
            wait_s = float((answer.headers or {}).get("Retry-After", "0"))
            self._not_before_s = time.monotonic() + wait_s
            answer.failure(f"HTTP {answer.status_code}")
        raise ConnectionError("no guest token")

    # --- what ends it ----------------------------------------------------------------------------

    def _closed(self, code: int) -> None:
        self.run_context.report.closed(code)
        match after_close(code):
            case AfterClose.NEW_TOKEN:
                self._token = None
            case AfterClose.FINAL:
                raise StopUser

    def _refused(self, refused: websocket.WebSocketBadStatusException) -> None:
        self.run_context.report.refused(refused.status_code)
        wait_s = float((refused.resp_headers or {}).get("retry-after", "0"))
        self._not_before_s = time.monotonic() + wait_s
        if refused.status_code not in TRY_AGAIN:
            raise StopUser

    def _fault(self, fault: Exception) -> None:
        if self._socket is None:
            self.run_context.report.failed(f"failed connect: {fault}")
        elif isinstance(fault, websocket.WebSocketTimeoutException):
            self.run_context.report.failed("failed frames: silence")
        else:
            self.run_context.report.closed(CloseCode.NO_CLOSE_FRAME)

    # --- what it hears ---------------------------------------------------------------------------

    def _take(self, message: dict[str, Any]) -> None:
        now_s = time.monotonic()
        match message["type"]:
            case "frame":
                self._frame(message, now_s)
            case "welcome":
                if self._place.welcomed(message, now_s):
                    self.run_context.report.failed(ANEW)
                for waiting in list(self._unanswered.values()):
                    self._put(waiting)
            case "ack":
                self._unanswered.pop(message["id"], None)
                if "comment" in message:
                    self._own.add(message["comment"])
                self.run_context.answered(message, now_s)
            case "error":
                self._error(message, now_s)
            case "time":
                self.run_context.report.took("time", (now_s - message["sent"]) * 1000)
            case "bye":
                self._not_before_s = now_s + message["after"] / 1000

    def _frame(self, frame: dict[str, Any], now_s: float) -> None:
        report = self.run_context.report
        report.frames(1, 0)
        if self._place.framed(frame, now_s) is Step.GAP:
            report.failed(GAP)
        comments = [each["id"] for each in frame.get("comments", ())]
        polls = frame.get("polls", ())
        seen = [*comments, *(poll["id"] for poll in polls)]
        self.run_context.shown([id_ for id_ in seen if id_ not in self._own], now_s)
        self._own.difference_update(comments)
        for poll in polls:
            if self._place.is_new_and_open(poll):
                self._may_vote(poll)

    def _error(self, error: dict[str, Any], now_s: float) -> None:
        waiting = self._unanswered.get(error.get("id", ""))
        if waiting is not None and error["code"] in SEND_AGAIN:
            self._beside.add(gevent.spawn_later(error["retry_after"], self._again, waiting["id"]))
            return
        self._unanswered.pop(error.get("id", ""), None)
        self.run_context.answered(error, now_s)

    # --- what it says ----------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether it is in."""
        return self._socket is not None

    def speak(self, text: str) -> None:
        """Comments, if it is in."""
        if self._socket is not None:
            at = self._place.programme_ms(time.monotonic())
            self._say("comment", {"type": "comment", "text": text, "at": at})

    def _may_vote(self, poll: dict[str, Any]) -> None:
        random = self.run_context.random
        if random.random() < self.run_context.options.voters:
            delay_s = random.random() * VOTES_WITHIN_S
            self._beside.add(gevent.spawn_later(delay_s, self._vote, poll))

    def _vote(self, poll: dict[str, Any]) -> None:
        choice = self.run_context.random.randrange(len(poll["options"]))
        at = self._place.programme_ms(time.monotonic())
        if at <= poll["closes_at"]:
            self._say("vote", {"type": "vote", "poll": poll["id"], "choices": [choice], "at": at})

    def _say(self, what: str, message: dict[str, Any]) -> None:
        message["id"] = f"{self._name[5:]}:{next(self._order)}"
        self._unanswered[message["id"]] = message
        self.run_context.ledger.sent(message["id"], what, time.monotonic())
        self._put(message)

    def _again(self, own_id: str) -> None:
        if own_id in self._unanswered:
            self._put(self._unanswered[own_id])

    def _ask_the_time(self) -> None:
        while True:
            gevent.sleep(TIME_EVERY_S * (0.5 + self.run_context.random.random()))
            own_id = f"t{next(self._order)}"
            self._put({"type": "time", "id": own_id, "sent": time.monotonic()})

    def _put(self, message: dict[str, Any]) -> None:
        """Sends it, if there is a connection; the reader learns that it broke."""
        if self._socket is not None:
            try:
                self._socket.send_binary(_encode(message))
            except (OSError, websocket.WebSocketException):
                self._socket.shutdown()
