from __future__ import annotations

import pytest
from grandstand.domain.announcement import due_cues, due_polls, is_due, is_near
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import RoomState
from grandstand.wire.messages import Cue
from msgspec.structs import replace

AT = 60_000
POLL = PollRecord(
    id="p",
    kind="single",
    question="?",
    options=["A", "B"],
    opens_at=AT,
    closes_at=AT + 1,
    grace=0,
)


def test_viewers_may_know_two_seconds_before() -> None:
    assert (is_near(AT, AT - AHEAD_MS), is_near(AT, AT - AHEAD_MS - 1)) == (True, False)


def test_a_poll_is_announced_once() -> None:
    assert list(due_polls([POLL], AT - AHEAD_MS - 1)) == []
    (announced,) = due_polls([POLL], AT - AHEAD_MS)
    assert announced == replace(POLL, announced=True)
    assert list(due_polls([announced], AT)) == []


@pytest.mark.parametrize("status", ["closed", "revealed"])
def test_a_poll_of_before_it_could_be_announced_is_announced_late(status: str) -> None:
    assert [poll.status for poll in due_polls([replace(POLL, status=status)], AT)] == [status]


def test_a_poll_that_was_taken_back_is_never_announced() -> None:
    assert list(due_polls([replace(POLL, status="cancelled")], AT)) == []


def test_cues_come_in_the_order_of_their_times() -> None:
    cues = [Cue(name, "x", at, {}) for name, at in [("late", AT + 1), ("early", AT)]]
    cues.append(Cue("far", "x", AT + AHEAD_MS + 1, {}))
    state = RoomState(cues_ahead={cue.id: cue for cue in cues})
    assert [cue.id for cue in due_cues(state, AT)] == ["early", "late"]


def test_a_room_is_due_when_something_of_it_is() -> None:
    cue = Cue("k", "x", AT, {})
    assert not is_due(RoomState(), AT)
    for state in (RoomState(polls={"p": POLL}), RoomState(cues_ahead={"k": cue})):
        assert (is_due(state, AT - AHEAD_MS - 1), is_due(state, AT - AHEAD_MS)) == (False, True)
