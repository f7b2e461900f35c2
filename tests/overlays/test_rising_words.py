"""The words that a burst is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from grandstand.overlays.names import PublicNames
from grandstand.overlays.rising_words import RisingWords, terms_of


def counting(
    is_muted: Callable[[str], bool] | None = None, public: Sequence[str] = ()
) -> RisingWords:
    return RisingWords(is_muted, PublicNames(public))


def said(
    words: RisingWords, text: str, people: int, second: int = 300, author: str = ""
) -> RisingWords:
    for _ in range(people):
        words.note(second, [author] if author else [], text)
        words.add(second, text, 1.0)
    return words


def murmured(words: RisingWords, text: str = "lovely evening music") -> RisingWords:
    for second in range(300):
        said(words, text, 1, second)
    return words


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("What a GOAL by Messi!", {"goal", "messi"}),
        ("GOOOOOOAL", {"gooal"}),
        ("666 123 7 2:1", {"66"}),
        ("🎉🎉", {"🎉"}),
        ("@Anna hi www.site.example/x", set()),
        ("Messi\u3000goal.COM/a .tv box.TVs", {"messi", "tv", "box", "tvs"}),
        ("это гол!", {"гол"}),
        ("이겼다 대박", {"이겼다", "대박"}),
        ("我们的", set()),
        ("", set()),
    ],
)
def test_words_without_those_that_say_nothing(text: str, terms: set[str]) -> None:
    assert set(terms_of(text)) == terms


def test_in_chinese_n_grams_are_words_and_none_begins_or_ends_with_a_particle() -> None:
    found = set(terms_of("梅西进球了"))
    assert {"梅西", "进球", "梅西进球"} <= found
    assert not [term for term in found if term.endswith("了")]


def test_a_comment_of_many_words_counts_with_some() -> None:
    assert len(terms_of("".join(map(chr, range(0x4E00, 0x4F00))))) <= 24
    assert len(terms_of(" ".join(f"{chr(97 + n)}word" for n in range(26)))) <= 12


def test_what_is_said_all_the_time_does_not_rise() -> None:
    words = murmured(counting())
    said(words, "lovely evening", 10)
    said(words, "goal tonight", 10)
    assert set(words.top(5)) == {"goal", "tonight"}


def test_the_longer_of_two_words_stands_for_both() -> None:
    words = murmured(counting())
    said(words, "谷爱凌", 8)
    said(words, "谷爱凌夺冠", 4)
    assert "谷爱凌" in words.top(5)
    assert "爱凌" not in words.top(5)


def test_one_person_makes_no_word() -> None:
    words = murmured(counting())
    words.add(300, "spam", 1.0)
    words.add(300, "spam", 0.5)
    assert words.top(5) == []


def test_muted_words_are_left_out() -> None:
    words = murmured(counting(lambda word: word == "goal"))
    assert said(words, "goal tonight", 10).top(5) == ["tonight"]


@pytest.mark.parametrize("name", ["Goal", "goal_", "Anna Goal"])
def test_names_of_who_speaks_are_left_out(name: str) -> None:
    words = murmured(counting())
    said(words, "hello", 1, author=name)
    assert said(words, "goal tonight", 10).top(5) == ["tonight"]


def test_who_is_mentioned_is_left_out_also_in_chinese() -> None:
    words = murmured(counting())
    said(words, "@anna anna wins", 10)
    said(words, "好啊", 1, author="王小明")
    said(words, "王小明赢了", 10)
    found = words.top(5)
    assert "wins" in found
    assert not [word for word in found if "anna" in word or "小明" in word]


def test_public_names_stay() -> None:
    words = murmured(counting(public=["Lionel Messi"]))
    said(words, "hello", 1, author="Messi")
    assert said(words, "messi", 10).top(5) == ["messi"]


def test_what_was_said_ten_minutes_ago_is_forgotten() -> None:
    words = murmured(counting())
    said(words, "goal", 10)
    words.advance(1000)
    assert words.top(5) == []
    said(words, "goal", 10, 1000)
    assert words.top(5) == ["goal"]
