"""Lurkers: hundreds of viewers without a socket as one Locust user."""

from __future__ import annotations

import socket
from collections import Counter
from itertools import count
from urllib.parse import urlsplit

import gevent
from gevent import monkey
from locust import User, task
from locust.exception import StopTest

from loadtest.lurkers.lurker_pool import MOST_EVENTS, LurkerPool
from loadtest.seats.counts import Counts
from loadtest.users.report import FAILED
from loadtest.users.run_context import RunContext

TURN_S = 0.01
REPORT_S = 0.25
LAG = "segment lag"
ORDINARY = ("segment 404", "present 429")
"""No failures: a segment isn't cut yet, and one address isn't counted any more."""

_numbers = count()


class Lurker(User):
    """``--seats`` viewers who only watch, by segments, on one epoll.

    They need no token, so the room must let guests watch. Their requests can be answered by any
    cache: let ``--host`` be its address.
    """

    weight = 1
    host = "http://127.0.0.1:8000"

    counts: Counts | None = None
    voices = 0
    _began = False

    def on_start(self) -> None:
        """Asks for the lurkers. Raises StopTest for an address that they can't reach."""
        self.run_context = run_context = RunContext.of(self.environment)
        if urlsplit(run_context.url).scheme == "https":
            raise StopTest("Lurkers speak plain TCP: name the cache's own address")
        host, _, port = run_context.netloc.rpartition(":")
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
        self.pool = LurkerPool(
            (str(found[0][4][0]), int(port)),
            run_context.netloc,
            run_context.options.room,
            run_context.pace,
            poller=monkey.get_original("select", "epoll")(),
            random=run_context.random,
        )
        self._told: Counter[str] = Counter()
        for _ in range(run_context.options.seats):
            self.pool.take(next(_numbers))
        run_context.lurkers.append(self.pool.counts)
        run_context.enter(self)
        self._began = True

    def on_stop(self) -> None:
        """Everybody leaves, if they had come."""
        if not self._began:
            return
        self._report()
        self.run_context.leave(self)
        self.pool.close()

    @task
    def watch(self) -> None:
        """Turns the pool, and tells Locust what came, for as long as it lasts."""
        while True:
            for _ in range(round(REPORT_S / TURN_S)):
                while self.pool.turn() == MOST_EVENTS:
                    pass
                gevent.sleep(TURN_S)
            self.pool.give_up_silent()
            self._report()

    def _report(self) -> None:
        counts, report = self.pool.counts, self.run_context.report
        for what, times_ms in counts.answer_ms.items():
            report.took_all(what, times_ms)
            times_ms.clear()
        report.took_all(LAG, counts.lag_ms)
        counts.lag_ms.clear()
        for status, times in (counts.statuses - self._told).items():
            if status in ORDINARY:
                report.took_all(status, [0.0] * times)
            else:
                report.failed(f"{FAILED}{status}", times)
        for fault, times in (counts.faults - self._told).items():
            report.failed(f"{FAILED}{fault}", times)
        self._told = counts.statuses + counts.faults

    # --- what the run asks -----------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether all have had an answer."""
        return self.pool.counts.watching == self.run_context.options.seats

    def speak(self, text: str) -> None:
        """Never: it has no voice."""
