"""How much one comment says about the crowd."""

from __future__ import annotations

import pytest
from grandstand.overlays.voices import PERSON_S, TEXT_S, Voices, long_text_key

PASTE = "we came from another channel, say hello"


def test_people_count_and_not_lines() -> None:
    voices = Voices()
    assert [voices.weigh(1, "a", f"{n}") for n in range(4)] == [1, 0.5, 0, 0]
    assert voices.weigh(1, "b", "x") == 1
    assert voices.weigh(PERSON_S + 1, "a", "x") == 1


def test_unknown_people_are_all_others() -> None:
    voices = Voices()
    assert [voices.weigh(1, "", "go") for _ in range(4)] == [1, 1, 1, 1]


def test_copies_of_a_long_text_count_less_and_less() -> None:
    voices = Voices()
    assert [voices.weigh(1, f"u{n}", PASTE) for n in range(3)] == [1, 1 / 2, 1 / 3]
    assert voices.weigh(TEXT_S + 1, "z", PASTE) == 1


@pytest.mark.parametrize(
    "text",
    [
        "GG",
        "PogChamp PogChamp PogChamp",
        "6666666666666",
        "哈哈哈哈哈哈哈哈",
        "加油中国队",
        "🎉" * 30,
        "",
    ],
)
def test_cheers_count_in_full(text: str) -> None:
    assert long_text_key(text) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PASTE, "WE came from another channel, say hello!!! 12"),
        ("buy cheap followers at site 1", "buy cheap followers at site 22 now"),
        ("低价代练上分包赢加群领取福利一", "低价代练上分包赢加群领取福利 22"),
    ],
)
def test_what_a_spammer_varies_makes_no_other_text(one: str, other: str) -> None:
    assert long_text_key(one) == long_text_key(other)[: len(long_text_key(one))] != ""
