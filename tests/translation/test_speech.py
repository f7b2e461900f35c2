from __future__ import annotations

from itertools import product

import pytest
from grandstand.translation.speech import says_something, stands_apart


@pytest.mark.parametrize(
    "text",
    [
        *("hahaha", "HAHAHAHA", "jajajaja", "kkkkkk", "rsrsrs", "хахаха", "哈哈哈哈", "www", "草"),
        *("ahahah", "HAHHAHA", "bwahaha", "muahaha", "hehe", "hohoho"),
        *("ㅋㅋㅋㅋ", "ㅠㅠ", "ههههه", "5555", "666", "233333", "lol", "LOOOL", "xD", "mdr"),
        *("PogChamp", "monkaS", "KEKW", ":heart_eyes:", "😀", "!!!", "12:0", "3", "gg", "GG WP"),
        *("o7", "rosa7 rosa7", "Cheer100", "!uptime", "/srs", "oooh", "yaaaay", "woooo", "<3 :D"),
        *("aaaaaa", "啊啊啊啊", "https://a.example/b", "@rosa", "#final", "", "  ", "❤❤❤ lol"),
    ],
)
def test_what_is_no_language(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize(
    "text",
    [
        "goal",
        "加油",
        "haha what a goal",
        "no",
        "да",
        "好",
        "गोल",
        "هدف",
        "가자",
        "草原",
        "who? @rosa",
    ],
)
def test_what_is_said(text: str) -> None:
    assert says_something(text)


def test_names_alone_say_nothing() -> None:
    assert not says_something("Rosa Blitz!!", ("Rosa Blitz",))
    assert says_something("go Rosa Blitz", ("Rosa Blitz",))


def test_no_word_that_a_stranger_makes_up_keeps_us_busy() -> None:
    """Where a pattern can be read in two ways at each repeat, one comment takes for ever."""
    letters = "haeokjwsx7х"
    units = ["".join(unit) for size in (1, 2, 3, 4) for unit in product(letters, repeat=size)]
    for unit in units:
        word = f"{unit * (100 // len(unit))}é"
        says_something(word)
        stands_apart(word)
