from typing import Any

import pytest

from loadtest.users.place import Place, Step

NOW_MS = 1_790_000_000_000


def welcome(offset: int, *, recovered: bool = False, epoch: str = "e") -> dict[str, Any]:
    return {
        "now": NOW_MS, "epoch": epoch, "offset": offset, "recovered": recovered,
        "polls": [{"id": "old", "status": "open"}],
    }  # fmt: skip


def frame(offset: int | None = None, head: int = 0) -> dict[str, Any]:
    return {"now": NOW_MS} | ({"head": head} if offset is None else {"offset": offset})


@pytest.fixture
def place() -> Place:
    made = Place()
    assert not made.welcomed(welcome(7), 100.0)
    return made


def test_a_first_hello_has_no_place_and_the_next_one_the_last_frame() -> None:
    place = Place()
    assert place.resume() == {}
    place.welcomed(welcome(7), 100.0)
    place.framed(frame(8), 100.2)
    assert place.resume() == {"resume": {"epoch": "e", "offset": 8}}


def test_frames_in_their_order_are_next_and_what_repeats_is_known(place: Place) -> None:
    steps = [place.framed(frame(offset), 100.0) for offset in (8, 9, 9, 8, 10)]
    assert steps == [Step.NEXT, Step.NEXT, Step.KNOWN, Step.KNOWN, Step.NEXT]


def test_a_gap_waits_two_seconds_for_a_welcome(place: Place) -> None:
    assert place.framed(frame(9), 100.0) is Step.GAP
    assert place.framed(frame(10), 101.0) is Step.KNOWN
    assert not place.is_lost(101.9)
    assert place.patience_s(101.5, 30) == pytest.approx(0.5)
    assert place.is_lost(102.0)
    assert place.resume() == {"resume": {"epoch": "e", "offset": 7}}


def test_a_welcome_ends_the_gap(place: Place) -> None:
    place.framed(frame(9), 100.0)
    place.welcomed(welcome(9), 100.5)
    assert not place.is_lost(110)
    assert place.patience_s(110, 30) == 30
    assert place.framed(frame(10), 110) is Step.NEXT


def test_a_head_beyond_the_last_frame_is_a_gap_too(place: Place) -> None:
    assert place.framed(frame(head=7), 100.0) is Step.KNOWN
    assert place.framed(frame(head=8), 100.0) is Step.GAP


def test_one_that_recovers_goes_on_from_its_place(place: Place) -> None:
    assert not place.welcomed(welcome(12, recovered=True), 105.0)
    assert place.framed(frame(8), 105.0) is Step.NEXT


def test_another_epoch_replaces_the_place_and_begins_anew(place: Place) -> None:
    assert place.welcomed(welcome(3, epoch="f"), 105.0)
    assert place.resume() == {"resume": {"epoch": "f", "offset": 3}}


def test_the_programme_clock_goes_on_between_messages(place: Place) -> None:
    assert place.programme_ms(101.5) == NOW_MS + 1500


def test_a_poll_is_new_once_and_those_of_the_welcome_are_not(place: Place) -> None:
    opened = {"id": "p", "status": "open"}
    assert not place.is_new_and_open({"id": "old", "status": "open"})
    assert not place.is_new_and_open({"id": "q", "status": "closed"})
    assert [place.is_new_and_open(opened) for _ in range(2)] == [True, False]
