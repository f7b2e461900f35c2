"""Audiences: sets of viewers who get the same bytes. They know nothing else of their viewers.

An audience is a room, or a part of it with publications of its own (``audiences``).

Theory of operation: an audience is made of cohorts, each small enough to be written to in one go. A
frame goes to the first cohort at once and to the others one after the other. Between two of them
the loop does everything else: pings, messages, other rooms. Frames that come while a cohort waits
for its turn wait with it, and one call writes them to each member. A frame that isn't urgent waits
for the next one, since a write of two costs hardly more than a write of one. A cohort knows the
offset up to which its members got everything. A viewer who gets frames in another way (a welcome,
missed frames) leaves before and joins again: a viewer who joins never gets frames that were queued
before.

Patient members are in cohorts of their own (``patience``), which are written to when their time has
come, each at another moment.

Frames are written to the kernel's sockets themselves. A transport is 2 to 3 us of cold memory for
each viewer, on top of the kernel's 5, and ``send`` takes a twentieth less than ``os.write``, which
goes through the file system's layer. What the kernel doesn't take goes to the transport, which
keeps the rest and says that it is full. From then on, until it has caught up, and once it is
closing, its owner must remove it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterable, Iterator

import structlog

from grandstand.edge.cohort import Cohort, Outlet
from grandstand.edge.patience import PatientCohort
from grandstand.replica.publication import FeedEvent, Form, Publication
from grandstand.telemetry import Metrics

COHORT = 1000
"""Members of a cohort: 6 ms of writing."""

GOLDEN = 0.618
"""Steps of this share of a period never come close to one another."""

log = structlog.get_logger(__name__)


class Audience:
    """Viewers who get the same bytes."""

    def __init__(self, metrics: Metrics, offset: int = 0, is_room: bool = True) -> None:
        """``offset`` is that of the last numbered frame before. ``is_room``: it is everybody in
        a room. Its owner removes full members, so that all others can be written to directly, and
        frames may wait for patient members."""
        self._metrics = metrics
        self._is_room = is_room
        self._offset = offset
        self._longest_s = 0.0
        self._cohorts: dict[Form, list[Cohort]] = {}
        self._patient: dict[tuple[Form, int], list[PatientCohort]] = {}
        self._phase = random.random()  # of many rooms not all are written to at once
        self._due: list[Cohort] = []  # few: an empty deque would be 760 bytes for each room

    def __len__(self) -> int:
        return sum(len(cohort.members) for cohort in self._each())

    def __contains__(self, outlet: Outlet) -> bool:
        return self._of(outlet) is not None

    def __iter__(self) -> Iterator[Outlet]:
        for cohort in self._each():
            yield from cohort.members

    def join(self, outlet: Outlet) -> None:
        """Add a member who has had all that was broadcast so far; repeating it is harmless."""
        if self._of(outlet) is not None:
            return
        if self._waits(outlet):
            self._join_patient(outlet)
            return
        form = outlet.form
        cohorts = self._cohorts.setdefault(form, [])
        for cohort in cohorts:
            if len(cohort.members) < COHORT:
                self._write(cohort)
                break
        else:
            cohort = Cohort(form, self._offset, self._is_room)
            cohorts.append(cohort)
        cohort.join(outlet)

    def _join_patient(self, outlet: Outlet) -> None:
        cohorts = self._patient.setdefault((outlet.form, outlet.patience), [])
        for cohort in cohorts:
            if len(cohort.members) < COHORT:
                break
        else:
            self._phase = (self._phase + GOLDEN) % 1
            cohort = PatientCohort(
                outlet.form, self._offset, self._is_room, outlet.patience, self._phase
            )
            cohorts.append(cohort)
        cohort.join(outlet)

    def leave(self, outlet: Outlet) -> None:
        """Remove a member, if it is there; what waited isn't for it."""
        cohort = self._of(outlet)
        if cohort is None:
            return
        cohort.leave(outlet)
        if isinstance(cohort, PatientCohort) and not cohort.members:
            _stop(cohort)
            self._patient[outlet.form, outlet.patience].remove(cohort)

    def release(self, outlet: Outlet) -> None:
        """Write what waits to a member now, and remove it."""
        cohort = self._of(outlet)
        if isinstance(cohort, PatientCohort):
            sent = cohort.settle(outlet)  # it may be full then, and leave
            self._metrics.writes.inc(sent > 0)
            self._metrics.sent_bytes.inc(sent)
        elif cohort is not None:
            self._write(cohort)
        self.leave(outlet)

    def bound(self, longest_ms: int) -> None:
        """Let no frame wait for longer than this from now on."""
        if longest_ms / 1000 != self._longest_s:
            self._longest_s = longest_ms / 1000
            self.hurry()

    def hurry(self) -> None:
        """Begin to write everything that waits, also to patient members."""
        for cohort in self._each_patient():
            _stop(cohort)
        self._begin(self._each())

    def broadcast(self, publication: Publication | FeedEvent) -> None:
        """Send a frame to every member whose form it has; to patient ones in their time."""
        if publication.offset is not None:
            self._offset = publication.offset
        self._put(publication)
        self._begin(self._each_impatient())

    def broadcast_within(self, seconds: float, publication: Publication) -> None:
        """Send a frame to every member that may wait this long for the next one: one write for
        both."""
        self._put(publication)
        asyncio.get_running_loop().call_later(seconds, self._begin_impatient)

    def put_beside(self, outlet: Outlet, data: bytes) -> bool:
        """Write ready frames to one member by the write that brings it what waits for its turn;
        return False, and do nothing, if nothing does. A member that leaves before doesn't get
        them."""
        cohort = None if self._waits(outlet) else self._of(outlet)
        if cohort is None or not cohort.is_waiting:
            return False
        cohort.put_beside(outlet, data)
        return True

    def write_now(self, publication: Publication) -> None:
        """Write a frame to every member at once, whether it is full or not."""
        for outlet in list(self):
            try:
                outlet.write(publication.ready(outlet.form))
            except Exception:
                log.exception("write_failed")

    def empty(self, offset: int) -> None:
        """Remove all members; those who join again will have had everything up to ``offset``."""
        self._offset = offset
        for cohort in self._each_patient():
            _stop(cohort)
        self._cohorts.clear()
        self._patient.clear()
        self._due.clear()

    def given_offset(self, outlet: Outlet) -> int:
        """Return up to which numbered frame the member got everything that it could take."""
        cohort = self._of(outlet)
        return self._offset if cohort is None else cohort.given_to(outlet)

    def _waits(self, outlet: Outlet) -> bool:
        """Return whether frames may wait for it here."""
        return self._is_room and outlet.patience > 0

    def _each(self) -> Iterator[Cohort]:
        return itertools.chain(self._each_impatient(), self._each_patient())

    def _each_impatient(self) -> Iterator[Cohort]:
        return itertools.chain.from_iterable(self._cohorts.values())

    def _each_patient(self) -> Iterator[PatientCohort]:
        return itertools.chain.from_iterable(self._patient.values())

    def _of(self, outlet: Outlet) -> Cohort | None:
        cohorts: Iterable[Cohort] = (
            self._patient.get((outlet.form, outlet.patience), ())
            if self._waits(outlet)
            else self._cohorts.get(outlet.form, ())
        )
        for cohort in cohorts:
            if outlet in cohort.members:
                return cohort
        return None

    def _put(self, publication: Publication | FeedEvent) -> None:
        """Queue a frame for all, and set when patient members get it."""
        for cohort in self._each_impatient():
            cohort.put(publication)
        due: list[Cohort] = []
        for patient in self._each_patient():
            patient.put(publication)
            if patient.is_full or not self._longest_s:
                due.append(patient)
            elif patient.is_waiting and patient.timer is None:
                loop = asyncio.get_running_loop()
                wait_s = patient.wait_s(loop.time(), self._longest_s)
                patient.timer = loop.call_later(wait_s, self._come, patient)
        if due:
            self._begin(due)

    def _come(self, cohort: PatientCohort) -> None:
        """Write to a patient cohort: its time has come."""
        cohort.timer = None
        self._begin((cohort,))

    def _begin_impatient(self) -> None:
        self._begin(self._each_impatient())

    def _begin(self, cohorts: Iterable[Cohort]) -> None:
        """Start writing what waits for these."""
        is_idle = not self._due
        for cohort in cohorts:
            if cohort.is_waiting and (is_idle or cohort not in self._due):
                self._due.append(cohort)
        if is_idle:
            self._write_next()

    def _write_next(self) -> None:
        """Write to one cohort; the others follow after the loop has done other work."""
        if self._due:
            self._write(self._due.pop(0))
        if self._due:
            asyncio.get_running_loop().call_soon(self._write_next)

    def _write(self, cohort: Cohort) -> None:
        began_s = time.perf_counter()
        reached, sent = cohort.flush(began_s)
        if reached:
            self._metrics.fan_out_seconds.observe(time.perf_counter() - began_s)
            self._metrics.writes.inc(reached)
            self._metrics.sent_bytes.inc(sent)


def _stop(cohort: PatientCohort) -> None:
    timer, cohort.timer = cohort.timer, None
    if timer is not None:
        timer.cancel()
