from __future__ import annotations

import pytest
from grandstand.text.word_boundaries import is_gapless, is_part


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("scunthorpe", "cunt", True),
        ("you cunt", "cunt", False),
        ("你cunt啊", "cunt", False),
        ("カスタネット", "カス", True),
        ("このカスめ", "カス", False),
        ("ロブスター", "ブス", True),
        ("你是个傻逼吧", "傻逼", False),
        ("바보야", "바보", False),
        ("f*ck", "f", False),
    ],
)
def test_a_part_of_a_word_is_told_from_a_word(text: str, word: str, expected: bool) -> None:
    start = text.index(word)
    assert is_part(text, start, start + len(word)) is expected


def test_scripts_without_gaps_are_known() -> None:
    assert all(map(is_gapless, ["傻", "バカ", "바보", "傻b"]))
    assert not any(map(is_gapless, ["fool", "дурак", "🐶", ""]))
