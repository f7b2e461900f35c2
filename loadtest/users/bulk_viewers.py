"""Bulk viewers: hundreds of seats as one Locust user, for numbers."""

from __future__ import annotations

import heapq
import socket
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import monkey
from locust import User, task
from locust.exception import StopTest, StopUser

from loadtest.seats.counts import Counts
from loadtest.seats.dialects import Grandstand, dialect
from loadtest.seats.seat import Seat
from loadtest.seats.socket_pool import MOST_EVENTS, SocketPool
from loadtest.users.report import Reported
from loadtest.users.run_context import RunContext

REPORT_S = 0.05
VOTES_WITHIN_S = 4.0

_numbers = count()


class BulkViewers(User):
    """``--seats`` viewers on one epoll, which Locust's loop watches by its descriptor.

    Or which looks every so many ms (``--look-every``): on loopback a server pays for waking up who
    waits, and over a network it doesn't. What comes is taken in on the loop's own greenlet; what it
    came to, Locust is told from the user's. With the secret of the tokens they are somebody, and
    may comment and vote.
    """

    weight = 1
    host = "http://127.0.0.1:8000"

    counts: Counts | None = None
    voices = 0

    def on_start(self) -> None:
        """Asks for the seats. Raises StopTest for an address that they can't reach."""
        self.run_context = run_context = RunContext.of(self.environment)
        options = run_context.options
        run_context.enter(self)
        if urlsplit(run_context.url).scheme == "https":
            raise StopTest("BulkViewers speak plain TCP; for https take Viewers")
        host, _, port = run_context.netloc.rpartition(":")
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
        talk = dialect(
            options.dialect,
            run_context.netloc,
            options.room,
            path=options.path,
            deflate=options.deflate == "yes",
            patience=options.patience,
        )
        self.pool = SocketPool(
            talk,
            (str(found[0][4][0]), int(port)),
            run_context.pace,
            listener=self,
            poller=monkey.get_original("select", "epoll")(),
            sample_every=options.sample_every,
        )
        self._seats: list[Seat] = []
        self._turn_of = 0
        self._order = count()
        self._polls: set[str] = set()
        self._votes: list[tuple[float, int, Seat, dict[str, Any]]] = []
        self._fault: Exception | None = None
        self._reported = Reported(run_context.report)
        loop, every_s = gevent.get_hub().loop, options.look_every / 1000
        self._watcher = loop.timer(every_s, every_s) if every_s else loop.io(self.pool.fileno(), 1)
        self._watcher.start(self._turn)
        self.counts = self.pool.counts
        for _ in range(options.seats):
            number = next(_numbers)
            token = self._token(number)
            self._seats.append(self.pool.take(number, token))
            self.voices += token is not None
            gevent.sleep(0)  # signing hundreds at once would make all others wait

    def _token(self, number: int) -> str | None:
        if not self.run_context.options.is_ours:
            return None
        return self.run_context.signed(f"load:{self.run_context.name}:{number}")

    def on_stop(self) -> None:
        """Everybody leaves, if they had come."""
        if self.counts is not None:
            self._watcher.stop()
            self._watcher.close()
            self._reported.update(self.counts)
        self.run_context.leave(self)
        if self.counts is not None:
            self.pool.close()

    @task
    def sit(self) -> None:
        """Tells Locust what came, for as long as it lasts. Raises what went wrong in between, and
        StopUser once all seats were turned away for good."""
        while True:
            gevent.sleep(REPORT_S)
            if self._fault is not None:
                fault, self._fault = self._fault, None
                raise fault  # Locust counts it, once; the user is no more than its empty seats
            self.pool.open_due()
            self._vote_due()
            self._reported.update(self.pool.counts)
            if not self.pool.seats and not self.pool.waiting:
                raise StopUser

    def _turn(self) -> None:
        """On the loop's greenlet, where an exception would be printed and forgotten."""
        try:
            while self.pool.turn() == MOST_EVENTS and self.run_context.options.look_every:
                pass
        except Exception as error:
            self._watcher.stop()
            self._fault = error

    # --- what the run asks -----------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether all seats are in."""
        return self.counts is not None and self.counts.seated == self.run_context.options.seats

    def speak(self, text: str) -> None:
        """The next seat comments; not one that looks for what others have sent."""
        for _ in range(len(self._seats)):
            self._turn_of = (self._turn_of + 1) % len(self._seats)
            seat = self._seats[self._turn_of]
            if seat.seated and not seat.sampled:
                own_id = f"c{seat.number}.{next(self._order)}"
                self._say(seat, "comment", {"type": "comment", "id": own_id, "text": text})
                return

    def _say(self, seat: Seat, what: str, message: dict[str, Any]) -> None:
        self.run_context.ledger.sent(message["id"], what, self.pool.clock())
        self.pool.say(seat, Grandstand.say(message))

    def _vote_due(self) -> None:
        while self._votes and self._votes[0][0] <= self.pool.clock():
            _, _, seat, vote = heapq.heappop(self._votes)
            if seat.seated:
                self._say(seat, "vote", vote)

    # --- what the stand tells --------------------------------------------------------------------

    def saw(self, frame: dict[str, Any]) -> None:
        """A frame; when a poll opens, some will vote."""
        for poll in frame.get("polls", ()):
            if poll["status"] == "open" and poll["id"] not in self._polls and self.voices:
                self._polls.add(poll["id"])
                self._plan_votes(poll)

    def _plan_votes(self, poll: dict[str, Any]) -> None:
        random, now_s = self.run_context.random, self.pool.clock()
        for seat in self._seats:
            if random.random() < self.run_context.options.voters:
                order = next(self._order)
                choice = random.randrange(len(poll["options"]))
                own_id = f"v{seat.number}.{order}"
                vote = {"type": "vote", "id": own_id, "poll": poll["id"], "choices": [choice]}
                due_s = now_s + random.random() * VOTES_WITHIN_S
                heapq.heappush(self._votes, (due_s, order, seat, vote))

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        """A sampled seat has these on its screen."""
        self.run_context.shown(ids, now_s)

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        """Answers to what a seat has sent."""
        self.run_context.answered(
            message.get("id", ""), now_s, comment=message.get("comment"), code=message.get("code")
        )
