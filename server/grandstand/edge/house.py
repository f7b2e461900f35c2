"""How fast a process lets viewers in, and what it advises, by what is expected. Pure.

Theory of operation: the rate lies between two bounds of the operator. It falls while the event loop
is late, since frames go before newcomers. It rises while viewers wait here, or when more are
expected than it would let in. Else it goes back to what is usual. Advice is about seats, of which
only the operator knows how many a process has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grandstand.wire.gauges import Expected

LATE_MS = 150.0
"""A loop that was late by more than this in the last seconds has too much to do: a tick is 200."""

STEP = 1.25
"""By so much the rate rises or falls in a round."""

HEADROOM = 2.0
"""Times what is expected to come in: viewers come in bursts."""

STAY_S = 3000.0
"""How long a viewer stays, as ``crowd.forecast`` assumes: so many leave, and others come."""

FULL = 0.95
AMPLE = 0.5
"""Of the seats of one process less: if at most this is expected, one process may go."""

Why: TypeAlias = Literal["late", "waiting", "expected", "usual"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Handshakes a second: ``usual``, and what it may fall and rise to."""

    low: int
    usual: int
    high: int


@dataclass(frozen=True, slots=True)
class Houses:
    """All processes together, and what is expected of all rooms; ``seats`` is 0 if a process didn't
    say how many it has."""

    processes: int
    seats: int
    present: int
    waiting: int
    expected: Sequence[Expected]


def needed_per_s(houses: Houses) -> float:
    """Return how many viewers a second each process will have to let in, in the worst of ten
    cases."""
    stays = houses.present / STAY_S
    grows = ((each.p90 - houses.present) / max(each.within, 1) for each in houses.expected)
    return (stays + max([0.0, *grows])) / max(houses.processes, 1)


def admission_rate(
    bounds: Bounds, per_s: int, late_ms: float, waiting: int, needed: float
) -> tuple[int, Why]:
    """Return the rate of the next seconds, and why."""
    if late_ms > LATE_MS:
        return max(bounds.low, math.floor(per_s / STEP)), "late"
    if waiting or HEADROOM * needed > per_s:
        wanted = max(STEP * per_s, HEADROOM * needed)
        return min(bounds.high, math.ceil(wanted)), "waiting" if waiting else "expected"
    if per_s > bounds.usual:
        enough = min(per_s, math.ceil(HEADROOM * needed))
        return max(bounds.usual, math.floor(per_s / STEP), enough), "usual"
    return min(bounds.usual, math.ceil(per_s * STEP)), "usual"


def advice(houses: Houses) -> dict[str, str]:
    """Return what an operator or an autoscaler should know now, by its code."""
    found = {}
    if houses.waiting:
        found["waiting"] = f"{houses.waiting} viewers wait to come in"
    if not houses.seats:
        return found
    each = houses.seats // max(houses.processes, 1)
    short = next((one for one in houses.expected if one.p90 > houses.seats), None)
    if houses.present >= FULL * houses.seats:
        found["house_full"] = f"{houses.present} viewers on {houses.seats} seats: add a process"
    if short is not None:
        more = math.ceil((short.p90 - houses.seats) / max(each, 1))
        processes = "1 process" if more == 1 else f"{more} processes"
        found["seats_short"] = (
            f"up to {short.p90:.0f} viewers are likely in {short.within // 60} min, "
            f"and there are {houses.seats} seats: add {processes} of {each} seats"
        )
    most = max([houses.present, *(one.p90 for one in houses.expected)])
    if houses.processes > 1 and houses.expected and most <= AMPLE * (houses.seats - each):
        found["seats_ample"] = (
            f"at most {most:.0f} viewers are likely in the next minutes, "
            f"and there are {houses.seats} seats: a process may go"
        )
    return found
