"""Patience: members who let their frames wait, so that several go in one write.

It knows neither clocks nor the event loop. Theory of operation: a write costs the kernel far more
than its bytes do. Five frames of 512 bytes joined in one write cost a quarter of five writes. So a
viewer who is behind live says for how long its frames may wait, and a cohort of such members keeps
them meanwhile. They are the same frames in the same order, joined once for all of them.

A member that joins while frames wait has had them: ``_late`` says how many. One that takes its
patience back gets what waited by a write of its own. So who comes, goes or changes never causes a
write to the others. What waits is bounded: a cohort with more is written to at once.
"""

from __future__ import annotations

from asyncio import TimerHandle

from grandstand.edge.cohort import Cohort, Outlet, give, last_offset
from grandstand.edge.transport.send_socket import UNREAD_BYTES
from grandstand.replica.publication import FeedEvent, Form, Publication

STEPS_MS = (0, 250, 500, 1000, 2000)
"""There are cohorts for these alone. A tick has 200 ms: less is no gain."""

WAITING_BYTES = UNREAD_BYTES
"""Of one cohort. Half a viewer's send buffer, and no more than makes its window doubtful."""

WAITING_FRAMES = 32


def step(asked_ms: int) -> int:
    """Return the longest step, in ms, that isn't longer than what a viewer asks for."""
    return max(each for each in STEPS_MS if each <= asked_ms)


class PatientCohort(Cohort):
    """Members with the same patience who get frames in the same form."""

    __slots__ = ("_late", "_waiting_bytes", "patience_s", "phase", "timer")

    def __init__(
        self, form: Form, given_offset: int, is_direct: bool, patience_ms: int, phase: float
    ) -> None:
        """``phase``: where in its period it is written to, a share of it. So cohorts are written to
        one after the other."""
        super().__init__(form, given_offset, is_direct)
        self.patience_s = patience_ms / 1000
        self.phase = phase
        self.timer: TimerHandle | None = None
        """When it is written to next; the audience's."""
        self._late: dict[Outlet, int] = {}
        self._waiting_bytes = 0

    @property
    def is_full(self) -> bool:
        """Return whether so much waits that it must be written now."""
        return self._waiting_bytes >= WAITING_BYTES or len(self._waiting) >= WAITING_FRAMES

    def wait_s(self, now_s: float, longest_s: float) -> float:
        """Return after how long to write what waits; never more than its patience, nor more than
        ``longest_s``, which is above 0."""
        period_s = min(self.patience_s, longest_s)
        return period_s * (1 - (now_s / period_s - self.phase) % 1)

    def join(self, outlet: Outlet) -> None:
        """Add a member who has had what waits."""
        super().join(outlet)
        if self._waiting:
            self._late[outlet] = len(self._waiting)

    def leave(self, outlet: Outlet) -> None:
        """Remove a member; what waited isn't for it."""
        super().leave(outlet)
        self._late.pop(outlet, None)

    def put(self, publication: Publication | FeedEvent) -> None:
        """Queue a frame, if it has this form."""
        size = len(publication.ready(self._form))
        if size:
            super().put(publication)
            self._waiting_bytes += size

    def given_to(self, outlet: Outlet) -> int:
        """Return the numbered frame that a member got last, or is getting."""
        return last_offset(self._waiting[: self._late.get(outlet, 0)], self.given_offset)

    def settle(self, outlet: Outlet) -> int:
        """Write what waits to this member alone, now; return its bytes."""
        data = self._joined(self._waiting[self._late.get(outlet, 0) :])
        self._late[outlet] = len(self._waiting)
        return len(data) if data and give(outlet, data) else 0

    def flush(self, now_s: float) -> tuple[int, int]:
        """Write what waits to every member that isn't full; return how many those were, and the
        bytes of all."""
        waiting, late = self._take(), self._late
        self._late, self._waiting_bytes = {}, 0
        if not waiting or not self.members:
            return 0, 0
        reached, sent = self._write(self._joined(waiting), now_s, late.keys())
        for outlet, first in late.items():
            data = self._joined(waiting[first:])
            if data and outlet in self.members and give(outlet, data):
                reached, sent = reached + 1, sent + len(data)
        return reached, sent
