"""What the audience has decided about the stage."""

from __future__ import annotations

import pytest
from grandstand.demo.stage import (
    CALL_MS,
    REMEMBERED,
    Call,
    Draw,
    Order,
    Stage,
    Take,
)

T = 1_790_000_000_000
TRAM = Take("Midnight Tram", 70, 58)


def test_a_song_is_taken_and_what_was_played_before_is_known() -> None:
    stage = Stage().follow(Take("Red Moon", 9, 50), "one", T).follow(TRAM, "two", T + 1)
    assert (stage.before, stage.song, stage.since) == ("Red Moon", "Midnight Tram", T + 1)
    assert (stage.votes, stage.percent, stage.is_drawn) == (70, 58, False)


@pytest.mark.parametrize(
    "order",
    [TRAM, Call(["a", "b"]), Draw(["a", "b"], ["3", "3"], 3), Take("", 0, 0)],
    ids=lambda o: type(o).__name__,
)
def test_an_order_that_comes_again_changes_nothing(order: Order) -> None:
    once = Stage().follow(order, "one", T)
    later = once.follow(Take("Red Moon", 1, 100), "two", T + 1)
    assert later.follow(order, "one", T + 2) is later


def test_only_so_many_orders_are_remembered() -> None:
    stage = Stage()
    for number in range(REMEMBERED + 5):
        stage = stage.follow(TRAM, str(number), T)
    assert len(stage.orders) == REMEMBERED


def test_a_call_lasts_until_the_song_is_there_or_nothing_comes() -> None:
    stage = Stage().follow(Call(["a", "", "b"]), "one", T)
    assert stage.choices == ("a", "b")
    assert [stage.is_calling(T + each) for each in (-1, 0, CALL_MS - 1, CALL_MS)] == [
        False,
        True,
        True,
        False,
    ]
    assert not stage.follow(TRAM, "two", T + 1).is_calling(T + 2)


def test_a_tie_is_drawn_by_the_orders_id_among_those_who_lead() -> None:
    tie = Draw(["Yes, please", "c", "b", ""], ["3", "2", "3", ""], 3)
    drawn = {Stage().follow(tie, str(number), T).song for number in range(20)}
    assert drawn == {"Yes, please", "b"}
    one, again = (Stage().follow(tie, "one", T + each) for each in (0, 1))
    assert (one.song, one.is_drawn, one.votes) == (again.song, True, 3)


def test_an_order_without_a_song_leaves_the_one_that_is_played() -> None:
    stage = Stage().follow(TRAM, "one", T).follow(Take("", 2, 50), "two", T + 1)
    assert (stage.song, stage.since) == ("Midnight Tram", T)
