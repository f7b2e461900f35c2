"""Where a client is in a room, and what is missing."""

from __future__ import annotations

import pytest
from grandstand.client.position import NEVER, Position, Step
from grandstand.wire.messages import Frame, Resume
from msgspec import UNSET

from tests.client.messages import welcome


def frame(offset: int | None = None, head: int | None = None) -> Frame:
    return Frame(1, UNSET if offset is None else offset, UNSET if head is None else head)


@pytest.fixture
def position() -> Position:
    made = Position()
    made.welcomed(welcome(7))
    return made


def test_it_is_nowhere_before_a_welcome() -> None:
    position = Position()
    assert position.framed(0, frame(1)) is Step.PASSED_OVER
    assert position.resume is None


def test_each_frame_is_next_once(position: Position) -> None:
    steps = [position.framed(0, frame(offset)) for offset in (8, 9, 9, 8, 10)]
    over = Step.PASSED_OVER
    assert steps == [Step.NEXT, Step.NEXT, over, over, Step.NEXT]
    assert position.resume == Resume("e", 10)


def test_a_gap_has_two_seconds_from_its_beginning(position: Position) -> None:
    assert position.framed(100, frame(9)) is Step.PASSED_OVER
    assert position.framed(101, frame(10)) is Step.PASSED_OVER
    assert position.gap_due_s == 102
    assert position.resume == Resume("e", 7)


@pytest.mark.parametrize("mended", [[8, 9, 10], [8, 9, 10, 11]])
def test_the_missing_frames_mend_a_gap(position: Position, mended: list[int]) -> None:
    position.framed(100, frame(10))
    for offset in mended[:-1]:
        position.framed(100, frame(offset))
        assert (position.gap_due_s == NEVER) is (offset == 10)
    position.framed(100, frame(mended[-1]))
    assert position.gap_due_s == NEVER


def test_a_gap_lasts_to_the_furthest_frame_that_is_known(position: Position) -> None:
    for offset in (12, 11, 8, 9, 10, 11):
        position.framed(100, frame(offset))
        assert position.gap_due_s == 102
    position.framed(100, frame(12))
    assert position.gap_due_s == NEVER


def test_a_gap_of_before_says_nothing_of_the_next(position: Position) -> None:
    position.framed(100, frame(90))
    position.welcomed(welcome(3, epoch="f"))
    position.framed(103, frame(5))
    assert position.gap_due_s == 105
    position.framed(103, frame(4))
    position.framed(103, frame(5))
    assert position.gap_due_s == NEVER


def test_a_welcome_mends_a_gap(position: Position) -> None:
    position.framed(100, frame(10))
    position.welcomed(welcome(10))
    assert position.gap_due_s == NEVER
    assert position.framed(101, frame(11)) is Step.NEXT


def test_a_head_beyond_is_a_gap_too_and_its_frame_passes(position: Position) -> None:
    assert position.framed(100, frame(head=7)) is Step.LATEST
    assert position.gap_due_s == NEVER
    assert position.framed(100, frame(head=9)) is Step.LATEST
    assert position.gap_due_s == 102


def test_frames_up_to_a_recovered_welcome_are_replayed(position: Position) -> None:
    position.welcomed(welcome(9, recovered=True))
    steps = [position.framed(0, frame(offset)) for offset in (8, 9, 10)]
    assert steps == [Step.REPLAYED, Step.REPLAYED, Step.NEXT]


@pytest.mark.parametrize(
    ("offset", "epoch"), [(12, "f"), (3, "e")], ids=["another epoch", "behind this client"]
)
def test_a_recovery_that_can_t_be_is_a_new_beginning(
    position: Position, offset: int, epoch: str
) -> None:
    position.welcomed(welcome(offset, epoch=epoch, recovered=True))
    assert position.resume == Resume(epoch, offset)


def test_a_gap_that_a_resume_leaves_again_is_given_up(position: Position) -> None:
    position.doubt()
    assert position.resume == Resume("e", 7)
    position.doubt()
    assert position.resume is None
    position.welcomed(welcome(9))
    position.doubt()
    assert position.resume == Resume("e", 9)
