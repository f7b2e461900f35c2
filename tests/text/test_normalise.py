from __future__ import annotations

import re
import subprocess
import sys
import unicodedata

import pytest
from grandstand.text import normalise
from grandstand.text.normalise import clean, dedupe_key, skeleton
from hypothesis import given
from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(), max_size=80)
NASTY_TEXT = st.text(
    st.sampled_from(
        list("aé e\u0301\u0323\u0489\u200b\u200c\u200d\u202e\u2066\u2069\ufeff\ufe0f\u20e3")
        + list("\U0001f468\U0001f3f4\U000e0067\U000e007f\U0001f3fb1#\u0e01\u0e48\u0915\u094d")
        + list("\ud83d\udc68\n\t\x00\x85\u3164\u2028\ufdd0\uffff\ue000가\u1100\u1161\u05d0\u05b8")
    ),
    max_size=30,
)


@given(st.one_of(ANY_TEXT, NASTY_TEXT))
def test_cleaned_text_holds_nothing_that_cannot_be_shown(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert cleaned == cleaned.strip()
    for letter in cleaned:
        category = unicodedata.category(letter)
        assert category not in ("Cc", "Cs", "Co", "Zl", "Zp"), repr(letter)
        assert letter not in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068"


@given(st.one_of(ANY_TEXT, NASTY_TEXT))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert unicodedata.is_normalized("NFC", clean(text))


@given(st.one_of(ANY_TEXT, NASTY_TEXT))
def test_skeleton_and_dedupe_key_take_any_text(text: str) -> None:
    skeleton(text)
    assert 0 <= dedupe_key(text) < 1 << 63


@pytest.mark.parametrize(
    "text",
    [
        "plain words",
        "👨‍👩‍👧 family",
        "❤️",
        "1️⃣",
        "👍🏽",
        "🏳️‍🌈",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f come on",
        "สวัสดีที่นี่",
        "नमस्ते क्षि",
        "שָׁלוֹם",
        "مُحَمَّدٌ",
        "می‌خواهم",
        "Tiếng Việt",
        "今天真好看",
        "안녕하세요",
    ],
)
def test_what_people_write_in_earnest_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\n\tb  c\u3000d", "a b c d"),
        ("abc\u202edef\u2066", "abcdef"),
        ("he\u200bll\u200do", "hello"),
        ("\ud83d half", "half"),
        ("\u3164", ""),
        ("\u200b \ufeff", ""),
        ("a" + "\u0301" * 50, "á\u0301\u0301"),
        ("ก" + "\u0e47" * 50, "ก" + "\u0e47" * 4),
        ("x\ufe0f", "x"),
        ("e\u200b\u0301", "é"),
    ],
)
def test_what_harms_is_taken_out(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "idiot",
        "IDIOT",
        "i d i o t",
        "i.d.i.o.t",
        "i_d_i_o_t",
        "i-d-i-o-t",
        "1d10t",
        "id!ot",
        "ｉｄｉｏｔ",
        "𝓲𝓭𝓲𝓸𝓽",
        "іdіоt",
        "ídïôt",
        "i\u0336d\u0336i\u0336o\u0336t\u0336",
        "id\u200biot",
    ],
)
def test_a_disguised_word_has_the_skeleton_of_the_word(text: str) -> None:
    assert skeleton(clean(text)) == "idiot"


@pytest.mark.parametrize(
    ("text", "bones"),
    [
        ("傻 逼", "傻逼"),
        ("你个傻*逼", "你个傻逼"),
        ("goooooal", "gooal"),
        ("a$$", "ass"),
        ("7h1$ d074 h3'$", "this dota he's"),
        ("100k 30's $10m 4v5 ps4 1080p 17th", "100k 30's $10m 4v5 ps4 1080p 17th"),
        ("1v1 me at 10", "1v1 me at 10"),
        ("mp3 2nd 4k", "mp3 2nd 4k"),
        ("ばか", "ばか"),
        ("한국", "한국"),
        ("٣ goals", "3 goals"),
        ("you’re", "you're"),
    ],
)
def test_a_skeleton_keeps_what_words_are_told_apart_by(text: str, bones: str) -> None:
    assert skeleton(text) == bones


def test_comments_that_differ_in_dress_alone_are_alike() -> None:
    assert dedupe_key("GOOOOAL!!!") == dedupe_key("gooooooooal") == dedupe_key("Gooal !")
    assert dedupe_key("goal") != dedupe_key("gaol")


def test_comments_without_letters_are_alike_only_to_their_own_kind() -> None:
    assert dedupe_key("👍") != dedupe_key("🔥")
    assert dedupe_key("👍👍👍") == dedupe_key("👍👍👍👍👍")
    assert dedupe_key("!!!") != dedupe_key("...")


def test_dedupe_key_is_the_same_in_another_process() -> None:
    code = "from grandstand.text.normalise import dedupe_key; print(dedupe_key('加油 gooal'))"
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
    )
    assert int(told.stdout) == dedupe_key("加油 gooal")


_MARKS, _LOOSE = normalise._MARKS, normalise._LOOSE_MARKS
_PLAIN_ZALGO = re.compile(
    f"(?:^|(?<=\\s))[{_MARKS}]+|(?<=[{_LOOSE}\ufe0f]{{2}})[{_LOOSE}]+|"
    f"(?<=[{_MARKS}]{{4}})[{_MARKS}]+"
)
_PLAIN_LONG_MARKS = re.compile(f"(?<=[{_MARKS}]{{30}})[{_MARKS}]+")


@given(
    st.text(st.sampled_from("ab \u0301\u0489\u05b8\ufe0f\u1acf\U0001e000\U0001d165\U0001f600"))
    | st.text(st.characters(categories=["Mn", "Me", "Lo", "Zs"])),
    st.integers(0, 40),
)
def test_marks_are_found_quickly_as_they_are_plainly(text: str, many: int) -> None:
    for each in (text, text + "\u0301" * many + text):
        assert normalise._ZALGO.sub("", each) == _PLAIN_ZALGO.sub("", each)
        assert normalise._LONG_MARKS.sub("", each) == _PLAIN_LONG_MARKS.sub("", each)


def test_no_mark_of_any_plane_is_stacked_up_or_left_alone() -> None:
    marks = [
        each for each in map(chr, range(0x1F000)) if unicodedata.category(each) in ("Mn", "Me")
    ]
    for mark in marks:
        assert len(unicodedata.normalize("NFD", clean("a" + mark * 20))) <= 9, hex(ord(mark))
        assert clean(mark) == ""
