"""What is written on the picture, and when."""

from __future__ import annotations

import pytest
from grandstand.demo import titles
from grandstand.demo.stage import Call, Draw, Stage, Take
from grandstand.demo.titles import LIT_MS, NOTHING, SHOWN_MS, level_at, song_at, words_at

T = 1_790_000_000_000
MOON = Stage().follow(Take("Red Moon · 红月亮", 3, 60), "one", T - 600_000)
TRAM = MOON.follow(Take("Midnight Tram · 末班电车", 1234, 52), "two", T)


def test_a_song_ends_in_darkness_and_the_next_begins_in_light() -> None:
    assert [song_at(TRAM, T + each) for each in (-40, 0, LIT_MS - 1, LIT_MS)] == [
        "RED MOON",
        "RED MOON",
        "RED MOON",
        "MIDNIGHT TRAM",
    ]
    levels = [level_at(TRAM, T + each) for each in (-40, 0, 150, 400, LIT_MS, 10_000)]
    assert levels == [1, 1, 0.5, 0, 1 + titles.FLASH, 1]
    assert level_at(Stage(), T) == 1


def test_the_name_comes_with_its_light_and_says_whose_choice_it_was() -> None:
    assert words_at(TRAM, T + LIT_MS - 1) == NOTHING
    words = words_at(TRAM, T + LIT_MS + 2000)
    assert words == ("MIDNIGHT TRAM", "CHOSEN BY 1,234 OF YOU · 52 %", 1)
    assert words_at(TRAM, T + LIT_MS + SHOWN_MS) == NOTHING


def test_of_a_tie_it_says_that_lots_were_drawn() -> None:
    drawn = Stage().follow(Draw(["Red Moon"], ["40"], 40), "one", T)
    assert words_at(drawn, T + 3000).small == "A TIE · 40 VOTES EACH · DRAWN BY LOT"


def test_while_a_vote_is_on_it_says_who_chooses() -> None:
    calling = TRAM.follow(Call(["Red Moon · 红月亮", "Paper Boats"]), "three", T + 60_000)
    words = words_at(calling, T + 62_000)
    assert words == ("YOU CHOOSE THE NEXT SONG", "RED MOON · PAPER BOATS", 1)
    assert words_at(calling, T + 60_000).bright == 0


@pytest.mark.parametrize("big", ["I", "A SONG WHOSE NAME IS MUCH TOO LONG FOR IT", ""])
def test_words_fit_and_stand_in_the_middle(big: str) -> None:
    painted = titles.paint(big, "")
    assert painted.shape == (titles.HEIGHT, titles.WIDTH)
    if big:
        columns = painted.max(axis=0).nonzero()[0]
        assert abs(columns[0] + columns[-1] - titles.WIDTH) < 12
        assert columns[0] > 0
    glow = titles.paint_halo(big, "", 4, 8)
    assert glow.shape == (titles.HEIGHT // 4 + 16, titles.WIDTH // 4 + 16)
    assert glow.max() <= 1
