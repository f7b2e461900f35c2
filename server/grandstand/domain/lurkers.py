"""How many viewers without a socket there are, by what a sample of them says. Pure.

Theory of operation: one lurker in ``SAMPLE`` says once a minute that it is present. So ``SAMPLE``
times the number of reports of the last minute, over all processes, is an estimate of all lurkers;
of 10,000 it is off by a tenth (one standard deviation). Caches answer lurkers, so nothing else is
known of them. Anyone can report: so a household's reports are limited, over all rooms together.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping

from grandstand.domain.audience_report import AudienceReport
from grandstand.domain.limits import Buckets, Rate

SAMPLE = 100
SPAN_S = 60

PER_HOUSEHOLD = Rate(interval_ms=6000, burst=10)
"""At most 20 reports in a minute and 10 in each after it: a thousand lurkers behind one address, as
a mobile network may have, are still counted."""


class Lurkers:
    """The reports that this process got in the last minute: at most a number for each room and
    second."""

    def __init__(self) -> None:
        self._limits = Buckets(PER_HOUSEHOLD)
        self._seconds: deque[tuple[int, Counter[str]]] = deque()
        self._counts: Counter[str] = Counter()

    def report(self, room: str, household: str, now_ms: float) -> float:
        """Count a report; return 0, or in how many ms to try again (and count nothing)."""
        wait_ms = self._limits.take(household, now_ms)
        if not wait_ms:
            second = int(now_ms / 1000)
            if not self._seconds or self._seconds[-1][0] != second:
                self._seconds.append((second, Counter()))
            self._seconds[-1][1][room] += 1
            self._counts[room] += 1
        return wait_ms

    def counts(self, now_ms: float) -> Mapping[str, int]:
        """Return the reports of the last minute, of each room that has some."""
        while self._seconds and self._seconds[0][0] <= now_ms / 1000 - SPAN_S:
            self._counts -= self._seconds.popleft()[1]
        return self._counts


def estimate(reports: Iterable[AudienceReport]) -> int:
    """Return how many lurkers a room has, by the reports of all nodes."""
    return SAMPLE * sum(report.present for report in reports)
