from __future__ import annotations

import numpy as np
from grandstand.moderation.ngrams import MAX_CHARS
from grandstand.moderation.text_features import WIDTH, shouted, surfaces
from hypothesis import given
from hypothesis import strategies as st

from tests.moderation.nasties import HARD

(
    LENGTH,
    CAPITALS,
    DIGITS,
    MARKS,
    PICTURES,
    MONEY,
    CALLS,
    RUNS,
    NUMBERS,
    LOUD,
    CHINESE,
) = range(WIDTH)


def _of(text: str) -> list[float]:
    found: list[float] = surfaces([text])[0].tolist()
    return found


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_a_text_looks_the_same_in_any_batch(texts: list[str]) -> None:
    found = surfaces(texts)
    assert found.shape == (len(texts), WIDTH)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found < 1.2)).all()
    assert (found == np.vstack([surfaces([text]) for text in texts])).all()


@given(st.one_of(st.text(max_size=40), st.text(HARD + "A!？£5¼𠮷\U0001ffff\n", max_size=40)))
def test_a_text_looks_the_same_alone_as_among_many(text: str) -> None:
    assert (surfaces([text]) == surfaces([text] * 20)).all()


def test_what_is_on_the_surface_is_seen() -> None:
    advert = _of("WIN £5 NOW: 07123456789!!")
    quiet = _of("what a lovely evening")
    assert advert[MONEY] == advert[NUMBERS] == advert[LOUD] == 1
    assert _of("GOAL 加油")[CHINESE] == np.float32(1 / 3)
    assert advert[DIGITS] > 0.3
    assert advert[CALLS] == 0.5
    assert quiet[CAPITALS:] == [0] * (WIDTH - 1)
    assert _of("goooal")[RUNS] > 0
    assert _of("👏👏")[PICTURES] == 1
    assert _of("a,b")[MARKS] > 0


def test_letters_apart_or_under_marks_are_as_many() -> None:
    plain = _of("idiot")[LENGTH]
    assert _of("i d i o t")[LENGTH] == plain
    assert _of("".join(letter + "\u0336" for letter in "idiot"))[LENGTH] == plain


def test_shouting_is_heard() -> None:
    texts = ["quiet words", "GOAL", "GOAL goooool yes!!!", "太棒了！！"]
    quiet, loud, louder, chinese = shouted(surfaces(texts))
    assert quiet == 0
    assert 0 < loud <= louder <= np.float32(0.6)
    assert chinese > 0


def test_endless_texts_are_cut() -> None:
    assert _of("A" * 1_000_000) == _of("A" * MAX_CHARS)
