"""Conditions for a vote to count: its choices, and its moment."""

from __future__ import annotations

from grandstand.domain.polls.record import PollRecord
from grandstand.wire.codes import ErrorCode, RefusedError


def check_choices(poll: PollRecord, choices: list[int]) -> None:
    """Raise RefusedError(bad_choice) unless the poll accepts ``choices``."""
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
    """Return whether a vote for the moment ``at`` that arrives at ``now`` is in the poll's
    window."""
    return poll.status == "open" and poll.opens_at <= at <= poll.closes_at and now < poll.ends_at
