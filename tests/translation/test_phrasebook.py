from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from grandstand.errors import OperatorError
from grandstand.moderation.policy import SEVERITIES
from grandstand.text.contents import links, numbers
from grandstand.text.normalise import skeleton
from grandstand.text.scripts import scripts_of, words
from grandstand.translation.phrasebook import PhraseBook, key_of, our_own

from tests.moderation.rules import RULES

LANGS = ("en", "zh", "fr", "it", "es", "de", "pt", "ja", "ko", "ru", "ar", "hi")


@pytest.mark.parametrize(
    ("text", "source", "lang", "said"),
    [
        ("goal", "en", "fr", "but"),
        ("GOAL!!!", "en", "es", "GOL!!!"),
        ("Goooooooal", "en", "de", "Tor"),
        ("gooooooool!", "es", "en", "Goal!"),
        ("加油！！", "zh", "en", "come on!!"),
        ("加油加油加油", "zh", "fr", "allez allez allez"),
        ("goal?", "en", "zh", "进球？"),
        ("😀 who won??", "en", "es", "😀 ¿quién ganó??"),
        ("¿quién ganó?", "es", "en", "who won?"),
        ("goal?", "en", "ar", "هدف؟"),
        ("🔥 good luck 🔥", "en", "it", "🔥 buona fortuna 🔥"),
        ("Que Golazo", "es", "en", "What a goal"),
        ("с днём рождения", "ru", "en", "happy birthday"),
        ("谢谢", "", "en", "thank you"),
        ("thank you", "und", "pt-BR", "obrigado"),
        ("धन्यवाद!", "hi", "de", "danke!"),
        ("i love you", "en", "ja", "愛してる"),
        ("the keeper sleeps", "en", "fr", None),
        ("goal", "en", "sw", None),
        ("", "", "en", None),
        ("?!", "", "en", None),
    ],
)
def test_our_own_book(text: str, source: str, lang: str, said: str | None) -> None:
    found = our_own().find(text, source, lang)
    assert (found and found.lower()) == (said and said.lower())


def test_case_is_carried_over() -> None:
    assert our_own().find("THANK YOU", "en", "de") == "DANKE"
    assert our_own().find("Thank you", "en", "es") == "Gracias"


def test_a_name_beside_a_phrase_stays() -> None:
    names = ("Rosa Blitz",)
    assert our_own().find("come on Rosa Blitz!", "en", "fr", names) == "allez Rosa Blitz!"
    assert our_own().find("Rosa Blitz加油", "zh", "en", names) == "Rosa Blitz come on"
    assert our_own().find("Rosa Blitz", "en", "fr", names) is None


def test_a_word_that_means_different_things_is_left_if_nobody_knows_the_language() -> None:
    book = PhraseBook.of(
        {"phrase": [{"en": "gift", "fr": "cadeau"}, {"de": "gift", "fr": "poison"}]}
    )
    assert book.find("gift", "en", "fr") == "cadeau"
    assert book.find("Gift", "de", "fr") == "Poison"
    assert book.find("gift", "", "fr") is None


def test_our_own_book_has_every_language_in_its_script_and_says_nothing_that_rules_would_hold() -> (
    None
):
    content = files("grandstand.translation").joinpath("phrases.toml").read_text("utf-8")
    rows = tomllib.loads(content)["phrase"]
    assert len(rows) >= 1000
    severe = SEVERITIES[1][0]
    for row in rows:
        assert tuple(row) == LANGS
        for lang, forms in row.items():
            said = forms if isinstance(forms, str) else forms[0]
            assert len(said) <= 60, said
            assert not links(said), said
            assert not numbers(said), said
            own = (*scripts_of(lang), "Latin")
            assert all(script in own for script, _ in words(said)), said
            look = RULES.look(skeleton(said), said)
            assert [each for each in look.findings if each.severity >= severe] == [], said


def test_no_form_of_ours_stands_for_two_phrases_in_its_language_and_is_said_in_one() -> None:
    content = files("grandstand.translation").joinpath("phrases.toml").read_text("utf-8")
    seen: dict[tuple[str, str], int] = {}
    twice = []
    for number, row in enumerate(tomllib.loads(content)["phrase"]):
        for lang, forms in row.items():
            for place, form in enumerate([forms] if isinstance(forms, str) else forms):
                if seen.setdefault((lang, key_of(form)), number) != number and place:
                    twice.append((lang, form))
    assert twice == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("phrase = 3", r"\[\[phrase\]\]"),
        ("phrases = []", "neither names nor"),
        ("[[phrase]]\nen = 'goal'", "two languages"),
        ("[[phrase]]\nen = 'goal'\nEnglish = 'goal'", "'English' is no language"),
        ("[[phrase]]\nen = 'goal'\nfr = 3", "phrase 1, fr"),
        ("[[phrase]]\nen = 'goal'\nfr = '!!'", "letters"),
        ("[[phrase]]\nen = 'goal'\nfr = []", "letters"),
        ("[[phrase]]\nen = 'goal'\nfr = \"b\\u202eut\"", "phrase 1, fr"),
        (f"names = ['{'n' * 201}']", "names"),
        ("names = [", "line 1|Invalid"),
        ("\x00", "line 1|Illegal"),
    ],
)
def test_a_file_that_is_no_phrase_book_is_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "phrases.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(OperatorError, match=words) as caught:
        PhraseBook.read(path)
    assert str(path) in str(caught.value)


def test_a_phrase_book_of_a_million_lines_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "phrases.toml"
    path.write_bytes(b"[[phrase]]\nen = 'a'\nfr = 'b'\n" * 350_000)
    monkeypatch.setattr(tomllib, "loads", lambda text: pytest.fail("it was read"))
    with pytest.raises(OperatorError, match="larger than 2 MB"):
        PhraseBook.read(path)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="No such file"):
        PhraseBook.read(tmp_path / "phrases.toml")
    (tmp_path / "phrases.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(OperatorError, match=r"phrases\.toml"):
        PhraseBook.read(tmp_path / "phrases.toml")
