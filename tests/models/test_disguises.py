from __future__ import annotations

import random

import pytest
from grandstand.moderation.pinyin import SYLLABLES, heard
from grandstand.text.normalise import clean, skeleton

from models.comment_scorer.disguises import (
    CHINESE,
    DISGUISES,
    Disguise,
    dress,
    emoji,
    homophones,
    typed,
)

PLAIN = "you are a stupid idiot and a complete loser"
HAN = "你是一个没有妈妈的垃圾"


def _sound(text: str) -> list[int]:
    return [int(SYLLABLES[ord(each)]) for each in heard(skeleton(text)) if ord(each) > 0x7F]


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguise_changes_the_text_and_is_the_same_from_the_same_seed(name: str) -> None:
    texts = [DISGUISES[name](PLAIN, random.Random(7)) for _ in range(2)]
    assert texts[0] == texts[1] != PLAIN


@pytest.mark.parametrize("name", ["zero-width", "full-width", "maths fonts", "zalgo", "homoglyphs"])
def test_what_only_looks_like_letters_leaves_no_trace_in_a_skeleton(name: str) -> None:
    assert skeleton(clean(DISGUISES[name](PLAIN, random.Random(7)))) == skeleton(PLAIN)


@pytest.mark.parametrize("way", [homophones, typed, emoji])
def test_rewritten_chinese_sounds_as_before(way: Disguise) -> None:
    changed = way(HAN * 9, random.Random(7))
    assert changed != HAN * 9
    assert _sound(changed) == _sound(HAN * 9)


def test_a_share_of_the_characters_is_rewritten() -> None:
    text = HAN * 50
    changed = CHINESE["homophones"](text, random.Random(7))
    share = sum(one != other for one, other in zip(text, changed, strict=True)) / len(text)
    assert 0.2 < share < 0.35


def test_training_dresses_each_language_in_its_own_way() -> None:
    draw = random.Random(7)
    assert {dress(PLAIN, draw) for _ in range(40)} > {dress(PLAIN, random.Random(7))}
    assert all(len(_sound(dress(HAN, draw))) == len(HAN) for _ in range(40))
