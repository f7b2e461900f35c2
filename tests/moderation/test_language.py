from __future__ import annotations

import pytest
from grandstand.moderation.language import languages
from grandstand.wire.messages import UNKNOWN_LANG as UNKNOWN
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("加油", "zh"),
        ("GOAL 加油！", "zh"),
        ("私はうれしい", "ja"),
        ("カッコイイ", "ja"),
        ("가자!", "ko"),
        ("ㅋㅋㅋ", "ko"),
        ("вперёд", "ru"),
        ("هيا بنا", "ar"),
        ("สู้ ๆ", "th"),
        ("चलो", "hi"),
        ("what a goal", UNKNOWN),
        ("¡qué golazo!", UNKNOWN),
        ("(´・ー・`)", UNKNOWN),
        ("👍👍", UNKNOWN),
        ("12:0", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_script_hints_at_a_language(text: str, language: str) -> None:
    assert languages([text]) == [language]


@given(st.lists(st.text()))
def test_every_text_gets_a_tag_by_itself(texts: list[str]) -> None:
    found = languages(texts)
    assert found == [languages([text])[0] for text in texts]
    assert set(found) <= {"zh", "ja", "ko", "ru", "ar", "th", "hi", UNKNOWN}


@pytest.mark.parametrize(
    ("text", "german", "language"),
    [
        ("what a goal", 0.01, "en"),
        ("was für ein Tor", 0.97, "de"),
        ("was ein Tor", 0.5, UNKNOWN),
        ("goal", 0.01, UNKNOWN),
        ("vamos, es un golazo", 0.01, UNKNOWN),
        ("!!", 0.99, UNKNOWN),
        ("加油", 0.01, "zh"),
        ("👍👍", 0.01, UNKNOWN),
    ],
)
def test_of_latin_letters_the_scorer_tells_more(text: str, german: float, language: str) -> None:
    assert languages([text], [german]) == [language]
