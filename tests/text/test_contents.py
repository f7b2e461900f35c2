from __future__ import annotations

import pytest
from grandstand.text.contents import (
    amounts,
    columns,
    fits_script,
    has_controls,
    links,
    numbers,
)


def test_measures() -> None:
    assert (columns("加油!"), columns("é"), columns("👍")) == (5, 1, 2)
    assert numbers("9,58 and 1 000 and ٣") == {"958": 1, "1": 1, "000": 1, "3": 1}
    assert links("a@b.example HTTPS://X.example/") == {"a@b.example": 1, "https://x.example/": 1}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9,58 s and 9.58 s", {"9.58"}),
        ("1.000, 1,000 and 1'000", {"1000"}),
        ("1,234,567.5", {"1234567.5"}),
        ("1:46.93 and 1:46,93", {"1:46.93"}),
        ("12.3.4", {"12.3.4"}),
        ("٣ and ３", {"3"}),
        ("0:3, then 3", {"0:3", "3"}),
        ("½ and Ⅳ and ②", {"½", "Ⅳ", "②"}),
        ("九十分钟，一起", {"九十"}),
        ("see https://a.example/5", set()),
        ("no number", set()),
    ],
)
def test_amounts_are_the_same_however_a_language_writes_them(text: str, found: set[str]) -> None:
    assert amounts(text) == found


def test_what_nobody_sees_is_seen() -> None:
    assert has_controls("a\nb")
    assert has_controls("a\u202eb")
    assert not has_controls("👨‍👩‍👧 é")


def test_words_of_another_script_must_be_known() -> None:
    assert fits_script("VAR 现在", "zh", "the VAR speaks")
    assert not fits_script("какой goal", "en", "a goal")
