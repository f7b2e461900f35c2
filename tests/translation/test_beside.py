from __future__ import annotations

import pytest
from grandstand.translation.beside import AT_AN_END, beside
from grandstand.translation.phrasebook import our_own


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("yes, that was close to me", ("sí, ", "that was close to me", "")),
        ("good luck! we need you tonight", ("buena suerte! ", "we need you tonight", "")),
        ("we need you tonight, good luck", ("", "we need you tonight", ", buena suerte")),
        ("hello, good luck", ("hola, buena suerte", "", "")),
        ("Yeah he moved", ("Sí ", "he moved", "")),
        ("NO HE NEVER MOVED", ("NO ", "HE NEVER MOVED", "")),
        ("yes yes we know", ("sí sí ", "we know", "")),
        ("wait he is american", ("espera ", "he is american", "")),
        ("play the old one please", ("", "play the old one", " por favor")),
        ("hello again people", ("", "hello again people", "")),
        ("no one saw him", ("", "no one saw him", "")),
        ("wait for me here", ("", "wait for me here", "")),
        ("hello there people", ("", "hello there people", "")),
        ("the goal was late", ("", "the goal was late", "")),
        ("a 2, 3 and 4 seat", ("", "a 2, 3 and 4 seat", "")),
        ("", ("", "", "")),
    ],
)
def test_what_the_book_knows_at_an_end_is_not_asked_for(
    text: str, parts: tuple[str, str, str]
) -> None:
    assert beside(text, lambda piece: our_own().find(piece, "en", "es")) == parts


def test_a_hundred_known_words_are_not_looked_up_one_by_one() -> None:
    for text in ("no. " * 125, "hi " * 160 + "you", "seat, " + "no, " * 120):
        asked: list[str] = []

        def find(piece: str, asked: list[str] = asked) -> str | None:
            asked.append(piece)
            return piece if len(piece) < 6 else None

        beside(text, find)
        assert len(asked) <= 3 * (AT_AN_END + 1)


def test_marks_of_other_scripts_set_sentences_apart() -> None:
    find = our_own().find
    assert beside("加油，他今晚不睡觉", lambda piece: find(piece, "zh", "en")) == (
        "come on,",
        "他今晚不睡觉",
        "",
    )
