"""The clock's letters."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from grandstand.demo.lettering import drawable, line

LETTERS = "0123456789-:.,'!?%·ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize("height", [15, 30])
def test_letters_differ_clearly_and_are_about_equally_dark(height: int) -> None:
    painted = {letter: line(letter, height) for letter in LETTERS}
    for one, other in itertools.combinations(LETTERS, 2):
        if painted[one].shape == painted[other].shape:
            away = np.abs(painted[one] - painted[other]).sum()
            assert away > height * 0.3, (one, other)
    for letter in "0123456789":
        assert 1.2 < painted[letter].sum() / height**2 / 0.115 < 3.2, letter


def test_a_line_is_as_wide_as_its_letters_whatever_they_are() -> None:
    assert line("11:11", 30).shape == line("08:58", 30).shape
    assert line("    ", 30).max() == 0


def test_letters_are_smooth_at_their_edges() -> None:
    painted = line("0", 30)
    assert painted.min() == 0
    assert painted.max() == 1
    assert ((painted > 0.1) & (painted < 0.9)).sum() > 30
    assert not painted[0].any()


def test_of_a_text_only_what_is_drawn_is_left() -> None:
    assert drawable("Ça va? 北极光 (live)") == "A VA? LIVE"


def test_a_letter_that_is_not_drawn_is_refused() -> None:
    with pytest.raises(KeyError):
        line("x", 30)
