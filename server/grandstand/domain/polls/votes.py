"""Votes: what one says, and the conditions for it to count: its choices, and its moment."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from grandstand.domain.polls.record import PollRecord
from grandstand.wire.codes import ErrorCode, RefusedError


class Ballot(Struct, frozen=True, gc=False):
    """One vote; with ``in_window`` false it only asks whether the vote was counted before.

    ``ms`` (from the poll's opening on the voter's playhead) and ``name`` are for a quiz.
    """

    voter: str
    message_id: str
    choices: tuple[int, ...]
    in_window: bool
    weight: int = 1
    ms: int = 0
    name: str = ""

    @property
    def key(self) -> str:
        """Return the message's short name among the voter's own: 64 bits, hexadecimal."""
        return hashlib.blake2b(self.message_id.encode(), digest_size=8).hexdigest()


def check_choices(poll: PollRecord, choices: list[int]) -> None:
    """Raise RefusedError(bad_choice) unless the poll accepts ``choices``."""
    if len(set(choices)) != len(choices):
        raise RefusedError(ErrorCode.BAD_CHOICE, "an option is named twice in `choices`")
    if choices and not (min(choices) >= 0 and max(choices) < len(poll.options)):
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
