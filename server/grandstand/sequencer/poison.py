"""The result of an event that is put aside because folding it is fatal. Pure.

As little of the event is read as possible. A comment is recorded as not shown. A comment that was
to wait for a moderator is rejected, and its author is told. The sender of a control event is told
that it failed.
"""

from __future__ import annotations

from grandstand.domain.events import CommentEvent, ControlEvent
from grandstand.domain.outcome import Outcome, Refusal, Refused
from grandstand.sequencer.candidate import Candidate, hidden_rows
from grandstand.sequencer.folding import Tick
from grandstand.wire.messages import Notice


def put_aside(tick: Tick, comment_id: str, event: CommentEvent | ControlEvent) -> None:
    """Note in ``tick`` that ``event`` has no effect."""
    if not isinstance(event, CommentEvent):
        words = "our fault; it has been written to the log, and had no effect"
        tick.outcomes.append(Outcome(event.id, Refused(Refusal.INTERNAL_ERROR, words)))
    elif event.held:
        words = "your comment could not be processed; that is our fault"
        tick.private.notices.append((event.user, Notice("rejected", words, comment_id)))
    else:
        tick.rows += hidden_rows([(Candidate.of_event(comment_id, event), "")])
