"""When a firing is tried again, and when it is given up. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from grandstand.domain.effects import Firing, Status
from grandstand.effects.answer import Answer

FIRST_PAUSE_MS = 500
LONGEST_PAUSE_MS = 30_000
GIVEN_UP_MS = 600_000
"""After a failure the next attempt comes in 0.5 s, doubling to 30 s, for 10 minutes (contract)."""


def pause_ms(attempts: int) -> int:
    """Return how long to wait after so many attempts that failed."""
    return min(FIRST_PAUSE_MS << min(attempts - 1, 16), LONGEST_PAUSE_MS)


def after(firing: Firing, answer: Answer, now: int) -> Firing:
    """Return a firing after an attempt that was answered at ``now`` (programme time, ms).

    It has failed if trying again can't help, or would come too late.
    """
    attempts = firing.attempts + 1
    too_late = now + pause_ms(attempts) - firing.at > GIVEN_UP_MS
    failed = answer.is_final or too_late
    status: Status = "done" if answer.is_done else "failed" if failed else "retrying"
    made = replace(firing, attempts=attempts, status=status, answer=answer.words)
    # What is over stays in the log for long, and needs no data to be tried again.
    bare = replace(made.occurrence, facts={}, data={})
    return replace(made, occurrence=bare) if made.is_over else made
