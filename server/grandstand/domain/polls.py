"""Polls: their states as a table, their windows, and what makes a vote count.

A poll goes from ``open`` to ``closed`` (once final), ``revealed``, or ``cancelled``. It is ``open``
before ``opens_at`` too: viewers show it by their own playhead. Between ``closes_at`` and the end of
``grace`` it is open still, for those who see the picture later.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct
from msgspec.structs import replace

from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Option, Poll, PollKind, PollStatus

Step = Literal["extend", "close", "finish", "reveal", "cancel"]
ShowTally = Literal["always", "voted", "revealed"]

STEPS: dict[tuple[PollStatus, Step], PollStatus] = {
    ("open", "extend"): "open",
    ("open", "close"): "open",
    ("open", "finish"): "closed",
    ("open", "cancel"): "cancelled",
    ("closed", "close"): "closed",
    ("closed", "finish"): "closed",
    ("closed", "reveal"): "revealed",
    ("closed", "cancel"): "cancelled",
    ("revealed", "close"): "revealed",
    ("revealed", "finish"): "revealed",
    ("revealed", "reveal"): "revealed",
    ("cancelled", "cancel"): "cancelled",
    ("cancelled", "finish"): "cancelled",
}
"""What each step leads to; a pair that isn't here is impossible."""


class ImpossibleStepError(Exception):
    """The poll's status doesn't allow the step; nothing was changed."""


class PollRecord(Struct, frozen=True, kw_only=True):
    """A poll with what viewers aren't told: its answer before the reveal, its vote shards.

    Before it is ``announced`` viewers know nothing of it.
    """

    id: str
    kind: PollKind
    question: str
    options: list[str]
    opens_at: int
    closes_at: int
    grace: int
    change: bool = False
    max_choices: int = 1
    show_tally: ShowTally = "always"
    answer: int | None = None
    shards: int = 8
    status: PollStatus = "open"
    announced: bool = False
    final: bool = False
    tally: list[int] | None = None
    voters: int | None = None

    @property
    def ended(self) -> bool:
        """Whether no vote can change it any more."""
        return self.status != "open"

    @property
    def ends_at(self) -> int:
        """When the last vote may arrive (programme time, ms)."""
        return self.closes_at + self.grace

    @property
    def tally_is_public(self) -> bool:
        """Whether everyone may see the tally now."""
        if self.status == "cancelled":
            return False
        return self.show_tally == "always" or self.status == "revealed"

    def public(self) -> Poll:
        """Return the poll as all viewers see it."""
        shown = self.tally_is_public and self.tally is not None
        return self._wire(shown)

    def for_producers(self) -> Poll:
        """Return the poll with its tally, shown to viewers or not."""
        return self._wire(self.tally is not None)

    def _wire(self, with_tally: bool) -> Poll:
        return Poll(
            id=self.id,
            kind=self.kind,
            question=self.question,
            options=[Option(text) for text in self.options],
            status=self.status,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            grace=self.grace,
            change=self.change,
            final=self.final,
            max_choices=self.max_choices if self.kind == "multiple" else UNSET,
            tally=self.tally if with_tally and self.tally is not None else UNSET,
            voters=self.voters if with_tally and self.voters is not None else UNSET,
            answer=self.answer if self.status == "revealed" and self.answer is not None else UNSET,
        )


def check_choices(poll: PollRecord, choices: list[int]) -> None:
    """Raise RefusedError(bad_choice) unless ``choices`` are such as the poll takes."""
    if len(set(choices)) != len(choices):
        raise RefusedError(ErrorCode.BAD_CHOICE, "an option is named twice in `choices`")
    if not all(0 <= choice < len(poll.options) for choice in choices):
        raise RefusedError(
            ErrorCode.BAD_CHOICE, f"options go from 0 to {len(poll.options) - 1} in this poll"
        )
    if not 1 <= len(choices) <= poll.max_choices:
        allowed = "one option" if poll.max_choices == 1 else f"1 to {poll.max_choices} options"
        raise RefusedError(ErrorCode.BAD_CHOICE, f"this poll takes {allowed}")


def counts(poll: PollRecord, at: int, now: int) -> bool:
    """Whether a vote for the moment ``at`` that arrives at ``now`` lies in the poll's window."""
    return poll.status == "open" and poll.opens_at <= at <= poll.closes_at and now < poll.ends_at


def extend(poll: PollRecord, closes_at: int, now: int) -> PollRecord:
    """Let the window end at ``closes_at`` if that is later; only as long as it isn't over.

    Once it is over some have seen its end, and after its grace every shard may be closed.
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
    """The final result, summed after every shard was closed; a second one changes nothing."""
    status = _next(poll, "finish")
    if poll.final:
        return poll
    return replace(poll, status=status, final=True, tally=tally, voters=voters)


def reveal(poll: PollRecord) -> PollRecord:
    """Shows tally and answer to everyone; only once the result is final."""
    return replace(poll, status=_next(poll, "reveal"))


def cancel(poll: PollRecord) -> PollRecord:
    """Take the poll back; it takes no more votes and shows no result."""
    return replace(poll, status=_next(poll, "cancel"))


def _next(poll: PollRecord, step: Step) -> PollStatus:
    try:
        return STEPS[poll.status, step]
    except KeyError:
        raise ImpossibleStepError(f"can't {step} a poll that is {poll.status}") from None
