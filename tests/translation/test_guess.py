from __future__ import annotations

import pytest
from grandstand.translation.guess import Guesser


@pytest.fixture(scope="module")
def guesser() -> Guesser:
    made = Guesser()
    made.loaded()
    return made


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("the keeper is asleep again", "en"),
        ("el portero está dormido otra vez", "es"),
        ("le gardien dort encore une fois", "fr"),
        ("der Torwart schläft schon wieder", "de"),
        ("o goleiro está dormindo de novo", "pt"),
        ("il portiere sta dormendo di nuovo", "it"),
        ("DER TORWART SCHLÄFT SCHON WIEDER", "de"),
        ("守门员又睡着了", "zh"),
        ("キーパーがまた寝てる", "ja"),
        ("вратарь опять спит", "ru"),
        ("골키퍼가 또 자고 있어", "ko"),
        ("ok", ""),
        ("!!", ""),
        ("", ""),
    ],
)
def test_short_chat_has_a_language(guesser: Guesser, text: str, lang: str) -> None:
    assert guesser.guess(text) == lang


def test_what_its_script_tells_loads_nothing() -> None:
    made = Guesser()
    assert made.guess("守门员又睡着了") == "zh"
    assert made.guess("gg") == ""
    assert made._loading is None
