from __future__ import annotations

import numpy as np
import pytest
from grandstand.crowd import programme
from grandstand.crowd.programme import RAMPS, learn_appeal, states, words
from grandstand.crowd.show import Item

from tests.crowd.shows import BEGIN, audience, show


def test_without_a_run_down_nothing_is_said() -> None:
    assert not states([], BEGIN, 30, {"a": 1.0}).any()


def test_ramps_follow_an_item_its_break_and_the_next() -> None:
    items = [Item(BEGIN + 40, BEGIN + 100, "b"), Item(BEGIN, BEGIN + 25, "a")]
    off, _, begun, _, late, last, progress, _ = states(items, BEGIN, 130, {}).T
    assert off[20] == 0
    assert off[38] == 1
    assert off[45] == 0
    assert begun[0] == 1
    assert begun[10] == 0
    assert begun[40] == 1
    assert late[100] == 1 == last[100]
    assert late[60] == 0
    assert progress[70] == 0.5
    assert off[129] == 1


def test_an_item_without_an_end_lasts_until_the_next() -> None:
    off = states([Item(BEGIN), Item(BEGIN + 30)], BEGIN, 90, {})[:, 0]
    assert not off.any()


def test_titles_draw_as_such_titles_drew_before() -> None:
    items = [
        Item(BEGIN + at, BEGIN + at + 60, "Mario race" if at % 120 else "Puzzle any%")
        for at in range(0, 2400, 60)
    ]
    lift = np.repeat([0.0, 0.3] * 20, 60)
    appeal = learn_appeal([show(audience(2400, dip=0) * np.exp(lift), items)])
    assert appeal["mario"] > 0.05 > -0.05 > appeal["puzzle"]
    drawn = states(
        [Item(BEGIN, BEGIN + 60, "Puzzle"), Item(BEGIN + 60, BEGIN + 120, "New MARIO")],
        BEGIN,
        120,
        appeal,
    )[:, RAMPS]
    assert drawn[100] > drawn[30]


def test_nothing_is_learnt_of_shows_without_titles_or_counts() -> None:
    assert learn_appeal([]) == {}
    assert learn_appeal([show(audience(300))]) == {}
    assert learn_appeal([show(np.full(90, np.nan), [Item(BEGIN, BEGIN + 60, "x")])]) == {}


def test_words_are_few_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    assert words("Pokémon Blue — Any%") == {"pokémon", "blue", "any"}
    assert len("".join(words("a" * 10_000))) <= 200
    monkeypatch.setattr(programme, "WORDS_MAX", 5)
    titles = [letter * 5 for letter in "abcdefghijklmno"]
    items = [Item(BEGIN + n * 60, BEGIN + n * 60 + 60, each) for n, each in enumerate(titles)]
    assert len(learn_appeal([show(audience(900), items)])) == 5
