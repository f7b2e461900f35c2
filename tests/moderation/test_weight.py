from __future__ import annotations

from grandstand.moderation.weight import weigh
from grandstand.text.normalise import clean, skeleton
from hypothesis import given
from hypothesis import strategies as st


def _weigh(text: str, fine: float = 1.0, mood: float = 0.0, excitement: float = 0.0) -> float:
    return weigh(text, skeleton(text), fine, mood, excitement)


@given(st.text(max_size=120), st.floats(0, 1), st.floats(-1, 1), st.floats(0, 1))
def test_weight_is_tenths_from_0_to_10(
    text: str, fine: float, mood: float, excitement: float
) -> None:
    weight = _weigh(clean(text), fine, mood, excitement)
    assert 0 <= weight <= 10
    assert weight == round(weight, 1)


def test_a_sentence_is_worth_more_than_a_letter_and_noise() -> None:
    sentence = _weigh("what a brilliant save by the keeper")
    assert sentence > _weigh("k") > 0
    assert sentence > _weigh("LOLOLOLOLOLOLOLOLOLOLOLOLOLOLOLOLOL")
    assert sentence > _weigh("look at www.example.com now please all")
    assert _weigh("今天的舞台灯光真好看") > _weigh("好")


def test_what_may_be_wrong_is_worth_less() -> None:
    assert _weigh("well said indeed", fine=0.2) < _weigh("well said indeed", fine=0.9)


def test_excitement_and_mood_are_worth_something() -> None:
    assert _weigh("what a goal", excitement=1.0) > _weigh("what a goal")
    assert _weigh("what a goal", mood=-1.0) > _weigh("what a goal")


def test_nothing_weighs_nothing() -> None:
    assert _weigh("") == 0.0
