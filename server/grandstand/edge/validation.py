"""The checks of a viewer's hello, comments and votes before they enter the queue. Pure.

Theory of operation: faults are looked for in the contract's order: identity, fields, limits, state.
A message that was acknowledged before gets the same answer again, whatever has changed since (a
mute, a shield, the end of a poll, a stricter setting). Only the store knows whether it was. So
where that is possible, a message with a fault enters the queue all the same, and the fault goes
with it as the answer ``instead``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from msgspec import UNSET

from grandstand.domain.clock import check_at
from grandstand.domain.identity import Action, Identity, check_may, neutral_name
from grandstand.domain.polls import votes
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import RoomState
from grandstand.domain.utterance import Utterance, look_of
from grandstand.edge.playhead import Playhead
from grandstand.edge.submission import Answer, CommentIn, VoteIn
from grandstand.moderation.names import Names
from grandstand.moderation.policy import Policy
from grandstand.text.normalise import clean
from grandstand.wire.codec import BadMessageError
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import PostComment, Vote
from grandstand.wire.settings import Settings

UNCLEANED_TIMES, UNCLEANED_MORE = 2, 100
"""A text that exceeds the room's limit by this much isn't cleaned: 4 KiB of marks or blanks take 3
ms."""

BANNED = "you are banned from this room"
ANOTHER_ROOM = "the token is for another room"
FOR_GOOD_RETRY_S = 3600.0
"""``retry_after`` of a mute without an end."""


class Identifier(Protocol):
    """Something that knows the holders of tokens."""

    def identify(self, token: str) -> Identity:
        """Return the holder of ``token``. Raises RefusedError for an invalid token."""


def comment(
    message: PostComment,
    identity: Identity | None,
    user: str,
    state: RoomState,
    now: int,
    limited: RefusedError | None,
    answer: Answer,
) -> CommentIn:
    """Return ``message`` as it enters the queue at programme time ``now``; ``limited`` if its
    connection sends too much.

    Raises RefusedError if the answer is certain without the store.
    """
    known = _known(identity, "comment")
    settings = state.settings
    at = now if message.at is UNSET else message.at
    text = message.text
    if len(text) <= UNCLEANED_TIMES * settings.max_text + UNCLEANED_MORE:
        text = clean(text)
    fault = _first(
        lambda: check_may(known, "comment", settings),
        lambda: _check_text(text, settings.max_text),
        lambda: check_at(at, now, settings.max_latency),
    )
    if isinstance(fault, BadMessageError):
        raise fault
    if limited is not None:
        raise fault or limited
    return CommentIn(
        message_id=message.id,
        utterance=Utterance(user, known.name, at, text, look_of(message), known.role),
        hold=now < known.held_until,
        answer=answer,
        instead=fault or _first(lambda: _check_may_speak(known, user, state, now)),
    )


def vote(
    message: Vote,
    identity: Identity | None,
    user: str,
    state: RoomState,
    now: int,
    limited: RefusedError | None,
    answer: Answer,
    playhead: Playhead | None = None,
) -> VoteIn:
    """Return a vote as it enters the queue; as ``comment``. ``playhead`` is what its connection has
    said before; without one the vote is judged by its own ``at`` alone."""
    known = _known(identity, "vote")
    poll = state.polls.get(message.poll)
    at = now if message.at is UNSET else message.at
    fault = None
    try:  # one after the other, and not by `_first`: five closures take 2 us
        check_may(known, "vote", state.settings)
        if poll is not None:
            votes.check_choices(poll, message.choices)
        check_at(at, now, state.settings.max_latency)
    except RefusedError as refused:
        fault = refused
    if limited is not None:
        raise fault or limited
    if poll is None:
        raise fault or RefusedError(ErrorCode.UNKNOWN_POLL, "there is no such poll")
    fault = fault or _fault_of_moment(poll, at, now, playhead)
    return VoteIn(
        user,
        message.id,
        tuple(message.choices),
        in_window=fault is None,
        weight=known.weight if poll.weights else 1,
        ms=max(0, at - poll.opens_at),
        name=known.name,
        poll=poll,
        answer=answer,
        instead=fault,
    )


def identified(token: str, room: str, tokens: Identifier) -> Identity:
    """Return the holder of ``token``. Raises RefusedError if it is invalid, or for another room."""
    identity = tokens.identify(token)
    if not identity.may_enter(room):
        raise RefusedError(ErrorCode.FORBIDDEN, ANOTHER_ROOM)
    return identity


def named(identity: Identity, user: str, state: RoomState, names: Names) -> Identity:
    """Return ``identity`` under a name that the room can show; a refused name becomes a neutral
    one.

    Nobody is locked out for a name that another gave them. A guest's name was judged when it got
    its token; but new staff may have come since.
    """
    if identity.role != "viewer":
        return identity
    staff = [each.name for other, each in state.staff.items() if other != user]
    if identity.guest:
        is_taken = names.resembles(identity.name, staff)
    else:
        moderation = state.settings.moderation
        policy = Policy(moderation.level, moderation.categories)
        is_taken = names.fault(identity.name, policy, staff) is not None
    return replace(identity, name=neutral_name(user)) if is_taken else identity


def by_token(fault: BadMessageError, room: str, tokens: Identifier) -> RefusedError:
    """Return the answer to a ``hello`` with wrong fields: a fault of identity comes first."""
    token = fault.token
    if fault.kind != "hello" or token is None:
        return fault
    try:
        identified(token, room, tokens)
    except RefusedError as refused:
        return refused
    return fault


def by_identity(
    fault: BadMessageError, identity: Identity | None, settings: Settings
) -> RefusedError:
    """Return the answer to wrong fields: a fault of identity comes before one of a field."""
    if fault.kind not in ("comment", "vote"):
        return fault
    action: Action = "comment" if fault.kind == "comment" else "vote"
    return _first(lambda: check_may(identity, action, settings)) or fault


def _known(identity: Identity | None, action: Action) -> Identity:
    """Return the identity. What the room allows may have changed since the viewer did it."""
    if identity is None:
        raise RefusedError(ErrorCode.UNAUTHORIZED, f"to {action}, say hello with a token")
    return identity


def _first(*checks: Callable[[], None]) -> RefusedError | None:
    """Return the first fault that the checks find."""
    for check in checks:
        try:
            check()
        except RefusedError as fault:
            return fault
    return None


def _check_text(text: str, max_text: int) -> None:
    if not text:
        raise BadMessageError("comment: `text` is blank")
    if len(text) > max_text:
        words = f"{len(text)} characters; this room takes {max_text}"
        raise RefusedError(ErrorCode.TOO_LONG, words)


def _check_may_speak(identity: Identity, user: str, state: RoomState, now: int) -> None:
    sanction = state.sanction(user, now)
    if sanction is not None:
        wait_s = FOR_GOOD_RETRY_S if sanction.until is None else (sanction.until - now) / 1000
        raise RefusedError(ErrorCode.MUTED, "a moderator muted you", wait_s)
    if state.settings.shield and not identity.is_at_least("moderator"):
        raise RefusedError(ErrorCode.SHIELDED, "only moderators comment at the moment")


def _fault_of_moment(
    poll: PollRecord, at: int, now: int, playhead: Playhead | None
) -> RefusedError | None:
    if not votes.counts(poll, at, now):
        words = "this poll takes no vote for that moment"
        return RefusedError(ErrorCode.POLL_NOT_OPEN, words)
    if playhead is not None and playhead.has_seen(poll.closes_at):
        words = "you can't go back to vote: your picture was past the end of this poll already"
        return RefusedError(ErrorCode.POLL_NOT_OPEN, words)
    return None
