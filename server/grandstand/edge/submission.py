"""Comments and votes of viewers that passed validation, on their way to the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.votes import Ballot
from grandstand.domain.utterance import Utterance
from grandstand.wire.codes import RefusedError
from grandstand.wire.messages import Ack

Answer = Callable[[Ack | RefusedError], None]
"""Called once with the answer to a message; an Ack has its id already."""


@dataclass(frozen=True, slots=True)
class CommentIn:
    """A comment that passed validation. With ``instead`` it has no effect any more: that is the
    answer, unless the same message was stored before."""

    message_id: str
    utterance: Utterance
    answer: Answer
    instead: RefusedError | None = None
    hold: bool = False
    refused_id: str = ""
    """With it this is an appeal: the comment was sent and refused under this id."""

    plea: str = ""

    @property
    def user(self) -> str:
        """Who sent it."""
        return self.utterance.user

    @property
    def stored_id(self) -> str:
        """Return the id by which the store knows it: a refusal is appealed to once."""
        return f"!{self.refused_id}" if self.refused_id else self.message_id

    @property
    def lane(self) -> str:
        """Return the place in the store to which it goes."""
        return ""


class VoteIn(Ballot, frozen=True, kw_only=True, gc=False):
    """A vote that passed validation. With ``instead`` it isn't counted any more: that is the
    answer, unless the same message was counted before."""

    poll: PollRecord
    answer: Answer
    instead: RefusedError | None = None

    @property
    def user(self) -> str:
        """Who sent it."""
        return self.voter

    @property
    def lane(self) -> str:
        """Return the place in the store to which it goes."""
        return self.poll.id
