"""What a song looks like."""

from __future__ import annotations

from grandstand.demo.auto_producer import running_order
from grandstand.demo.looks import LOOKS, OPENING, look_of
from grandstand.demo.titles import title_of


def test_each_song_that_is_offered_has_a_look_of_its_own() -> None:
    offered = {
        title_of(option)
        for step in running_order()
        if step.body.get("tag")
        for option in step.body["options"]
    }
    assert offered == set(LOOKS)


def test_another_song_has_one_of_them_the_same_each_time() -> None:
    found = {look_of(f"SONG {number}") for number in range(40)}
    assert found == set(LOOKS.values())
    assert look_of("YESTERDAY") is look_of("YESTERDAY")


def test_before_the_first_song_it_is_the_opening() -> None:
    assert look_of("") is OPENING
