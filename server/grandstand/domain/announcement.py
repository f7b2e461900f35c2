"""Announcement of what is set for later: viewers get a poll or a cue when its time is near. Pure.

A question that is on every viewer's wire an hour before it is asked is no secret. So a poll or cue
whose time is more than ``AHEAD_MS`` away waits in the room's state. Staff see it at once. It goes
to viewers in a numbered frame ``AHEAD_MS`` before its time, early enough for a viewer who is at
live.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import RoomState
from grandstand.wire.messages import Cue

MAX_CUES_AHEAD = 100
"""Cues that wait for their time: each change of them writes them all."""


def is_near(at: int, now: int) -> bool:
    """Return whether viewers may know at ``now`` of what happens at ``at`` (both ms)."""
    return at <= now + AHEAD_MS


def is_due(state: RoomState, now: int) -> bool:
    """Return whether time alone announces a poll or a cue at ``now``."""
    return any(due_polls(state.polls.values(), now)) or any(due_cues(state, now))


def due_polls(polls: Iterable[PollRecord], now: int) -> Iterator[PollRecord]:
    """Yield the polls to announce at ``now``, as announced; a cancelled poll never is."""
    for poll in polls:
        if not poll.announced and poll.status != "cancelled" and is_near(poll.opens_at, now):
            yield replace(poll, announced=True)


def due_cues(state: RoomState, now: int) -> Iterator[Cue]:
    """Yield the waiting cues to give to viewers at ``now``, by their time."""
    due = [cue for cue in state.cues_ahead.values() if is_near(cue.at, now)]
    yield from sorted(due, key=lambda cue: cue.at)
