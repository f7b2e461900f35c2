"""The steps of a poll, and its states as a table.

A poll goes from ``open`` to ``closed`` (once final), ``revealed``, or ``cancelled``. It is ``open``
before ``opens_at`` too: viewers show it by their own playhead. Between ``closes_at`` and the end of
``grace`` it is still open, for viewers who see the picture later.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.registry import KINDS
from grandstand.wire.audits import Audit
from grandstand.wire.messages import PollStatus

Step = Literal["extend", "close", "finish", "audit", "reveal", "resolve", "cancel"]

STEPS: dict[tuple[PollStatus, Step], PollStatus] = {
    ("open", "extend"): "open",
    ("open", "close"): "open",
    ("open", "finish"): "closed",
    ("open", "cancel"): "cancelled",
    ("closed", "close"): "closed",
    ("closed", "finish"): "closed",
    ("closed", "audit"): "closed",
    ("closed", "reveal"): "revealed",
    ("closed", "resolve"): "revealed",
    ("closed", "cancel"): "cancelled",
    ("revealed", "close"): "revealed",
    ("revealed", "finish"): "revealed",
    ("revealed", "audit"): "revealed",
    ("revealed", "reveal"): "revealed",
    ("revealed", "resolve"): "revealed",
    ("cancelled", "cancel"): "cancelled",
    ("cancelled", "finish"): "cancelled",
}
"""The status after each step; a pair that isn't here is impossible."""


class ImpossibleStepError(Exception):
    """The poll's status doesn't allow the step; nothing was changed."""


def extend(poll: PollRecord, closes_at: int, now: int) -> PollRecord:
    """Let the window end at ``closes_at`` if that is later; only while it isn't over.

    Once it is over some viewers have seen its end, and after its grace every shard may be closed.
    """
    status = _next(poll, "extend")
    if now > poll.closes_at:
        raise ImpossibleStepError("can't extend a poll whose window is over")
    return replace(poll, status=status, closes_at=max(poll.closes_at, closes_at))


def close(poll: PollRecord, now: int, grace: int | None) -> PollRecord:
    """End the window at ``now``; a poll whose window is over already stays as it is."""
    status = _next(poll, "close")
    if poll.ended:
        return poll
    closes_at = min(poll.closes_at, now)
    return replace(
        poll,
        status=status,
        opens_at=min(poll.opens_at, closes_at),
        closes_at=closes_at,
        grace=poll.grace if grace is None else grace,
    )


def finish(poll: PollRecord, tally: list[int], voters: int) -> PollRecord:
    """Set the final result, summed after every shard was closed; a second one changes nothing."""
    status = _next(poll, "finish")
    if poll.final:
        return poll
    return replace(poll, status=status, final=True, tally=tally, voters=voters)


def audit(poll: PollRecord, audited: Audit) -> PollRecord:
    """Set what the recount found; a second one changes nothing."""
    status = _next(poll, "audit")
    return poll if poll.audited is not None else replace(poll, status=status, audited=audited)


def reveal(poll: PollRecord) -> PollRecord:
    """Show tally and answer to everyone; only once the result is final."""
    status = _next(poll, "reveal")
    if awaits_answer(poll):
        raise ImpossibleStepError(f"can't reveal a {poll.kind} without its answer: resolve it")
    return replace(poll, status=status)


def resolve(poll: PollRecord, answer: int) -> PollRecord:
    """Say which option was right, and show tally and answer to everyone; only once."""
    if not KINDS[poll.kind].is_resolved:
        raise ImpossibleStepError(f"can't resolve a poll of the kind {poll.kind}")
    status = _next(poll, "resolve")
    if not 0 <= answer < len(poll.options):
        raise ImpossibleStepError(f"the answer must be from 0 to {len(poll.options) - 1}")
    if poll.status == status and poll.answer != answer:
        raise ImpossibleStepError(f"can't resolve it again: its answer is {poll.answer}")
    return replace(poll, status=status, answer=answer)


def cancel(poll: PollRecord) -> PollRecord:
    """Take the poll back; it takes no more votes and shows no result."""
    return replace(poll, status=_next(poll, "cancel"))


def awaits_answer(poll: PollRecord) -> bool:
    """Whether its result is final, and which option was right is still to be said."""
    return poll.status == "closed" and KINDS[poll.kind].is_resolved


def _next(poll: PollRecord, step: Step) -> PollStatus:
    try:
        return STEPS[poll.status, step]
    except KeyError:
        raise ImpossibleStepError(f"can't {step} a poll that is {poll.status}") from None
