"""A quiz' leaderboard: who chose the answer, ranked by how fast they did on their own playhead.

Nothing is computed from all votes here: the store ranks each vote as it counts it.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from grandstand.api import polls
from grandstand.api.operations import Call, answer
from grandstand.api.problems import of_refusal
from grandstand.domain.identity import neutral_name
from grandstand.domain.outcome import Refusal
from grandstand.domain.polls.registry import KINDS

MOST = 100
"""Half of what the store keeps of each shard, so that others follow where some were banned."""


class LeaderboardQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of the fastest."""

    limit: Annotated[int, Meta(ge=1, le=MOST)] = 10


class Leader(Struct, frozen=True):
    """A viewer with the right answer, and how long after the quiz opened on that viewer's own
    playhead the vote was cast, in ms."""

    user: str
    name: str
    ms: int


class Leaderboard(Struct, frozen=True):
    """The fastest; those of the same ``ms`` in the order of ``user``."""

    leaderboard: list[Leader]


async def get(call: Call) -> Response:
    """List who chose the answer of a quiz, the fastest first, once it is revealed.

    A name is the viewer's at the vote. Viewers who are banned are left out; those who are muted
    have a neutral name.
    """
    query = call.query(LeaderboardQuery)
    poll, live = await polls.found(call), call.live
    if not poll.announced and poll.status != "revealed":  # viewers know nothing of it
        raise polls.unknown(poll.id)
    if not KINDS[poll.kind].has_leaderboard:
        raise of_refusal(Refusal.IMPOSSIBLE_STEP, f"a {poll.kind} has no leaderboard")
    if poll.status != "revealed":
        raise of_refusal(Refusal.IMPOSSIBLE_STEP, "the quiz isn't revealed")
    state, now = live.replica.state, live.now()
    found = await call.api.fastest.of(live.room, poll)
    leaders = [
        Leader(
            each.user,
            neutral_name(each.user) if state.sanction(each.user, now) else each.name,
            each.ms,
        )
        for each in found
        if state.ban(each.user, now) is None
    ]
    return answer(Leaderboard(leaders[: query.limit]))
