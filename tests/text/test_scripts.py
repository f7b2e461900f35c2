from __future__ import annotations

import pytest
from grandstand.text.scripts import scripts_of, words


@pytest.mark.parametrize(
    ("lang", "scripts"),
    [
        ("zh-Hant-TW", ("Han",)),
        ("ja", ("Kana", "Han")),
        ("sr-Latn", ("Latin",)),
        ("pt-BR", ("Latin",)),
        ("tlh", ("Latin",)),
    ],
)
def test_a_language_has_its_scripts(lang: str, scripts: tuple[str, ...]) -> None:
    assert scripts_of(lang) == scripts


def test_runs_of_letters_have_their_script() -> None:
    assert words("VAR 检查, привет हिन्दी 12 !") == [
        ("Latin", "VAR"),
        ("Han", "检查"),
        ("Cyrillic", "привет"),
        ("Devanagari", "हिन्दी"),
    ]
