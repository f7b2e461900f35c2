"""How figures get into Locust's table: rows whose names read well, the same from every user."""

from __future__ import annotations

import time
from collections.abc import Iterable

from grandstand.wire.codes import CloseCode
from locust.env import Environment

from loadtest.seats.counts import Counts

VIEWER = "viewer"
LOAD = "load"
"""The type of rows about the load generator itself."""

GAP = "gap"
ANEW = "gap, welcomed anew"
"""A viewer came back too late for its place, or fell behind: it was given the room as it is."""

REASONS = {int(code): code.name.lower().replace("_", " ") for code in CloseCode}

FAILED = "failed "
"""How the names of rows begin that tell of failures."""


class FailedError(Exception):
    """What Locust lists among the failures."""


class Report:
    """Of one process."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._noted: list[tuple[str, float]] = []

    def note(self, name: str, ms: float) -> None:
        """As ``took``, but told by ``flush``: for callbacks of the loop, where none may wait."""
        self._noted.append((name, ms))

    def flush(self) -> None:
        """Tells Locust what was noted."""
        noted, self._noted = self._noted, []
        for name, ms in noted:
            self.took(name, ms)

    def took(self, name: str, ms: float, kind: str = VIEWER) -> None:
        """Something took so long."""
        self._environment.events.request.fire(
            request_type=kind, name=name, response_time=ms, response_length=0, context={},
            exception=FailedError(name) if name.startswith(FAILED) else None,
        )  # fmt: skip

    def took_all(self, name: str, times_ms: Iterable[float]) -> None:
        """Several things did."""
        for ms in times_ms:
            self.took(name, ms)

    def failed(self, name: str, times: int = 1) -> None:
        """Something that shouldn't happen did, so often."""
        for _ in range(times):
            self._environment.events.request.fire(
                request_type=VIEWER, name=name, response_time=0, response_length=0, context={},
                exception=FailedError(name),
            )  # fmt: skip

    def closed(self, code: int, times: int = 1) -> None:
        """The server closed a connection, or it broke."""
        self.failed(f"close {code} {REASONS.get(code, '')}".strip(), times)

    def refused(self, status: int, times: int = 1) -> None:
        """An answer to an upgrade that wasn't 101."""
        self.failed(f"refused {status}", times)

    def frames(self, number: int, size: int) -> None:
        """Frames and their bytes: too many to be told one by one, and none took any time."""
        if not number:
            return
        now_s = time.time()
        entry = self._environment.stats.get("frame", VIEWER)
        entry.num_requests += number
        entry.num_none_requests += number
        entry.num_reqs_per_sec[int(now_s)] += number
        entry.last_request_timestamp = now_s
        entry.total_content_length += size


class Reported:
    """What of a stand's counts is in the table already."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._before = Counts()

    def update(self, counts: Counts) -> None:
        """Tells what has been added since."""
        before, report = self._before, self._report
        report.frames(counts.frames - before.frames, counts.bytes_received - before.bytes_received)
        report.failed(GAP, counts.gaps - before.gaps)
        report.failed(ANEW, counts.restarts - before.restarts)
        for code, times in (counts.closes - before.closes).items():
            report.closed(code, times)
        for status, times in (counts.refusals - before.refusals).items():
            report.refused(status, times)
        for fault, times in (counts.faults - before.faults).items():
            report.failed(f"failed {fault}", times)
        for name, times_ms in (("connect", counts.connect_ms), ("welcome", counts.welcome_ms)):
            report.took_all(name, times_ms)
            times_ms.clear()
        before.frames, before.bytes_received = counts.frames, counts.bytes_received
        before.gaps, before.restarts = counts.gaps, counts.restarts
        before.closes, before.refusals = counts.closes.copy(), counts.refusals.copy()
        before.faults = counts.faults.copy()
