"""What the users of one process share: how to get in, who speaks when, the ledger and the table."""

from __future__ import annotations

import gc
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict
from random import Random
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import gevent
from gevent.event import Event
from grandstand.domain.identity import Role
from grandstand.tokens import Tokens
from locust.env import Environment

from loadtest.lurkers.counts import Counts as LurkerCounts
from loadtest.seats.counts import Counts, Totals
from loadtest.seats.pace import Pace
from loadtest.users import lag
from loadtest.users.ledger import Ledger
from loadtest.users.options import Options
from loadtest.users.report import FAILED, Report
from loadtest.users.rhythm import wait_s
from loadtest.users.texts import texts
from loadtest.users.window import Window

SECRET = "GRANDSTAND_JWT_SECRET"
TOKEN = "GRANDSTAND_TOKEN"
LIFETIME_S = 24 * 3600
SETTLE_S = 120.0
"""So long at most nobody speaks because not all are seated."""
ANSWER_S = 5.0
"""What has waited longer for its answer when the run ends has none."""
FLUSH_S = 0.1
ORDINARY = frozenset(
    {"rejected", "rate_limited", "muted", "shielded", "poll_not_open", "already_voted", "bad_time"}
)
"""Answers that are no failure of the server's."""


class Party(Protocol):
    """A user of Locust's: one viewer or many."""

    voices: int
    """How many of them may comment."""
    counts: Counts | None
    """What its stand has counted, if it has one."""

    @property
    def is_settled(self) -> bool:
        """Whether all of them are in."""

    def speak(self, text: str) -> None:
        """One of them comments."""


class RunContext:
    """One process's; ``RunContext.of(environment)`` is the same for all its users."""

    _contexts: ClassVar[WeakKeyDictionary[Environment, RunContext]] = WeakKeyDictionary()

    def __init__(self, environment: Environment) -> None:
        assert environment.parsed_options is not None
        self.options = options = Options.of(environment.parsed_options)
        self.url = (environment.host or "http://127.0.0.1:8000").rstrip("/")
        self.report = Report(environment)
        self.ledger = Ledger()
        self.pace = Pace(options.seats_per_s, options.seats_at_once)
        self.random = Random()
        self.opened = Event()
        """The talk has begun: those who are to be there are, or were waited for long enough."""
        self.figures: dict[str, Any] = {}
        """What was counted, once the run has ended."""
        self.all_spawned = False
        """Whether Locust has no more users to start here."""
        self.lurkers: list[LurkerCounts] = []
        """What each pool of lurkers has counted."""
        self._lurkers_before = LurkerCounts()
        self._settled: Window | None = None
        self._parties: list[Party] = []
        self._gone = Totals()
        self._texts = texts(options.trace, self.random)
        self.name = secrets.token_hex(3)
        """So that viewers of several processes, here or elsewhere, aren't the same ones."""
        secret = os.environ.get(SECRET)
        self._tokens = Tokens(secret) if secret else None
        self._greenlets: list[gevent.Greenlet[..., None]] = []

    @classmethod
    def of(cls, environment: Environment) -> RunContext:
        """The process's; opened when it is asked for first."""
        if environment not in cls._contexts:
            cls._contexts[environment] = cls(environment)
        return cls._contexts[environment]

    @classmethod
    def begin(cls, environment: Environment) -> None:
        """A run begins, with a context of its own."""
        cls._contexts.pop(environment, None)

    def close(self) -> None:
        """The run is about to end: nothing goes on, and what was counted stands."""
        gevent.killall(self._greenlets)
        self.report.flush()
        for what in self.ledger.unanswered(time.monotonic(), ANSWER_S):
            self.report.failed(f"{FAILED}{what} unanswered")
        totals = self.totals
        self.figures = {"totals": asdict(totals)}
        if self._settled is not None:
            self.figures["settled"] = self._settled.figures(totals)
        if self.lurkers:
            counted = self._lurked()
            counted.add(self._lurkers_before, -1)
            self.figures["lurkers"] = counted.figures()

    @property
    def netloc(self) -> str:
        """Host and port."""
        place = urlsplit(self.url)
        return f"{place.hostname}:{place.port or (443 if place.scheme == 'https' else 80)}"

    def signed(self, sub: str, role: Role = "viewer") -> str | None:
        """A token of our own making, if we have the secret."""
        if self._tokens is None:
            return None
        return self._tokens.issue(sub, sub, role, ["*"], LIFETIME_S)

    @property
    def producer_token(self) -> str | None:
        """A producer's, signed here or given in the environment."""
        return self.signed("load:producer", "producer") or os.environ.get(TOKEN)

    # --- those who are there ---------------------------------------------------------------------

    def enter(self, party: Party) -> None:
        """A user has begun; with the first, all that goes on by itself does."""
        self._parties.append(party)
        if not self._greenlets:
            self._greenlets = [
                gevent.spawn(lag.watch, self.report),
                gevent.spawn(self._flush),
                gevent.spawn(self._open),
            ]

    def leave(self, party: Party) -> None:
        """It ends, if it had begun; what it counted stays."""
        if party in self._parties:
            self._parties.remove(party)
            self._gone.add(party.counts)

    @property
    def totals(self) -> Totals:
        """What all stands have counted."""
        totals = Totals(**asdict(self._gone))
        for party in self._parties:
            totals.add(party.counts)
        return totals

    def _lurked(self) -> LurkerCounts:
        whole = LurkerCounts()
        for counts in self.lurkers:
            whole.add(counts)
        return whole

    def answered(
        self, own_id: str, now_s: float, *, comment: str | None = None, code: str | None = None
    ) -> None:
        """An ack, which may name a comment, or an error with its code came for something sent from
        here."""
        answered = self.ledger.answered(own_id, now_s)
        if answered is None:
            return
        what, ms = answered
        if code is None:
            self.report.note(f"{what} to ack", ms)
        else:
            self.report.note(f"{'' if code in ORDINARY else FAILED}{what} {code}", ms)
        if comment is None:
            self.ledger.dropped(own_id)
            return
        for seen_ms in self.ledger.named(own_id, comment):
            self.report.note(f"{what} to screen", seen_ms)

    def shown(self, ids: Iterable[str], now_s: float) -> None:
        """A viewer saw these comments and polls."""
        for what, ms in self.ledger.shown(ids, now_s):
            self.report.note(f"{what} to screen", ms)

    # --- what goes on by itself ------------------------------------------------------------------

    def _flush(self) -> None:
        while True:
            gevent.sleep(FLUSH_S)
            self.report.flush()

    def _open(self) -> None:
        """Waits until those who are to be there are; then the talk begins."""
        until_s = time.monotonic() + SETTLE_S
        gevent.sleep(FLUSH_S)  # users that were started have not all run yet
        while not self._is_settled() and time.monotonic() < until_s:
            gevent.sleep(FLUSH_S)
        gc.freeze()  # what stays needn't be looked through at every collection
        self._settled = Window.begun(self.totals)
        self._lurkers_before = self._lurked()
        self.opened.set()
        if self.options.comments_per_s > 0 and self.options.is_ours:
            self._talk()

    def _talk(self) -> None:
        options = self.options
        began_s = due_s = time.monotonic()
        while True:
            due_s += wait_s(options.rhythm, due_s - began_s, options.comments_per_s, self.random)
            gevent.sleep(max(0.0, due_s - time.monotonic()))
            parties = [party for party in self._parties if party.voices]
            if parties:
                weights = [party.voices for party in parties]
                self.random.choices(parties, weights)[0].speak(next(self._texts))

    def _is_settled(self) -> bool:
        return self.all_spawned and all(party.is_settled for party in self._parties)
