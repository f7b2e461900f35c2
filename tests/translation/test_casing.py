from __future__ import annotations

import pytest
from grandstand.translation.casing import in_case_of, plain


@pytest.mark.parametrize(
    ("text", "lang", "key", "said"),
    [
        ("WHAT IS THAT", "es", "what is that", "¿QUÉ ES [1]?"),
        ("What is that", "es", "what is that", "¿qué es [1]?"),
        ("what is that", "es", "what is that", "¿qué es [1]?"),
        ("I think so", "de", "i think so", "¿qué es [1]?"),
        ("OPEN HTTPS://A.EXAMPLE/B", "es", "oPEN HTTPS://A.EXAMPLE/B", "¿qué es [1]?"),
        ("ASK @BO", "es", "aSK @BO", "¿qué es [1]?"),
        ("WHAT IS THAT", "tr", "wHAT IS THAT", "¿qué es [1]?"),
        ("那是什么", "es", "那是什么", "¿qué es [1]?"),
        ("", "es", "", "¿qué es [1]?"),
    ],
)
def test_what_is_shouted_is_asked_for_as_said_and_answered_shouted(
    text: str, lang: str, key: str, said: str
) -> None:
    assert plain(text, lang) == key
    assert in_case_of(text, lang)("¿qué es [1]?") == said


def test_a_capital_comes_back_and_none_is_taken_away() -> None:
    assert in_case_of("What", "de")("was") == "Was"
    assert in_case_of("what", "de")("Was tut der Mann") == "Was tut der Mann"
