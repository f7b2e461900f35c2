"""A poll as viewers and producers see it."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.registry import KINDS
from grandstand.wire.messages import Option, Poll


def for_viewers(poll: PollRecord) -> Poll:
    """Return the poll as all viewers see it."""
    return _view(poll, poll.tally_is_public and poll.tally is not None)


def for_producers(poll: PollRecord) -> Poll:
    """Return the poll with its tally, shown to viewers or not, and its tag."""
    seen = _view(poll, poll.tally is not None)
    return seen if poll.tag is None else replace(seen, tag=poll.tag)


def _view(poll: PollRecord, with_tally: bool) -> Poll:
    return Poll(
        id=poll.id,
        kind=poll.kind,
        question=poll.question,
        options=[Option(text) for text in poll.options],
        status=poll.status,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        grace=poll.grace,
        change=poll.change,
        final=poll.final,
        max_choices=poll.max_choices if KINDS[poll.kind].takes_several else UNSET,
        tally=poll.tally if with_tally and poll.tally is not None else UNSET,
        voters=poll.voters if with_tally and poll.voters is not None else UNSET,
        answer=poll.answer if poll.status == "revealed" and poll.answer is not None else UNSET,
        audit=poll.audited if with_tally and poll.audited is not None else UNSET,
        weights=poll.weights,
        by=poll.by or UNSET,
    )
