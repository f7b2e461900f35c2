"""A producer: cues and polls over HTTP."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Group
from locust import FastHttpUser, task

from loadtest.seats.counts import Counts
from loadtest.users.run_context import SECRET, TOKEN, RunContext

POLL_S = 10
_numbers = count()


class Producer(FastHttpUser):
    """One is enough; it needs GRANDSTAND_JWT_SECRET or a token in GRANDSTAND_TOKEN."""

    fixed_count = 1
    host = "http://127.0.0.1:8000"

    counts: Counts | None = None
    voices = 0
    is_settled = True

    def on_start(self) -> None:
        """Says so if it has no way to be a producer; then it does nothing."""
        self.run_context = RunContext.of(self.environment)
        self._token = self.run_context.producer_token if self.run_context.options.is_ours else None
        if self._token is None:
            print(f"no producer: it takes a Grandstand, and {SECRET} or {TOKEN}")
        self._posts = Group()
        self.run_context.enter(self)

    def on_stop(self) -> None:
        """Leaves."""
        self._posts.kill()
        self.run_context.leave(self)

    def speak(self, text: str) -> None:
        """Never: it has no voice."""

    @task
    def produce(self) -> None:
        """Posts at its intervals, by the clock and not one after the other's answer."""
        self.run_context.opened.wait()
        options = self.run_context.options
        now_s = time.monotonic()
        due = {
            what: (now_s + every_s, every_s)
            for what, every_s in (("cue", options.cue_every), ("poll", options.poll_every))
            if every_s > 0
        }
        while due and self._token is not None:
            what = min(due, key=lambda each: due[each][0])
            due_s, every_s = due[what]
            gevent.sleep(max(0.0, due_s - time.monotonic()))
            due[what] = due_s + every_s, every_s
            self._posts.spawn(self._cue if what == "cue" else self._poll)
        Event().wait()  # nothing to do until it is stopped

    def _cue(self) -> None:
        filling = "x" * self.run_context.options.cue_bytes
        self._post("cues", "cue", {"name": "load", "data": {"filling": filling}})

    def _poll(self) -> None:
        own_id = f"p{next(_numbers)}"
        body = {
            "kind": "single",
            "question": "Which one?",
            "options": ["this", "that", "both"],
            "duration": POLL_S,
        }
        self.run_context.ledger.sent(own_id, "poll", time.monotonic())
        made = self._post("polls", "poll", body)
        if made is None:
            self.run_context.ledger.dropped(own_id)
            return
        for ms in self.run_context.ledger.named(own_id, made["id"]):
            self.run_context.report.note("poll to screen", ms)

    def _post(self, where: str, name: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, if it was well; the client has told Locust otherwise."""
        path = f"/v1/rooms/{self.run_context.options.room}/{where}"
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = self.client.post(path, json=body, headers=headers, name=name)
        return answer.json() if answer.status_code == 201 else None
