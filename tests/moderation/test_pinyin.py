from __future__ import annotations

import time

import pytest
from grandstand.moderation.pinyin import FILE, SYLLABLES, heard
from hypothesis import given
from hypothesis import strategies as st


def _syllables(text: str) -> list[int]:
    return [int(SYLLABLES[ord(each)]) for each in heard(text)]


@pytest.mark.parametrize(
    "typed", ["你是shabi", "你是sha bi", "ni是傻bi", "ni shi sha bi", "你shi沙比"]
)
def test_what_is_typed_sounds_as_what_is_written(typed: str) -> None:
    assert _syllables(typed) == _syllables("你是傻逼")


@pytest.mark.parametrize(
    "text", ["shabi", "she can", "hello world", "dance dance dance", "", "gg wp"]
)
def test_other_languages_are_left_as_they_are(text: str) -> None:
    assert heard(text) == text


def test_words_that_are_no_syllables_stay_beside_chinese() -> None:
    assert heard("你好hello") == "你好hello"


def test_emoji_sound_as_the_word_they_stand_for() -> None:
    assert SYLLABLES[ord("🐴")] == SYLLABLES[ord("妈")] == SYLLABLES[ord("马")]


def test_every_line_of_the_table_is_a_syllable_and_its_characters() -> None:
    lines = FILE.read_text("utf-8").splitlines()
    assert lines == sorted(lines)
    for line in lines:
        syllable, _, characters = line.partition(" ")
        assert syllable.isascii()
        assert syllable.isalpha()
        assert len(set(characters)) == len(characters) > 0


@given(st.text(max_size=60))
def test_any_text_can_be_heard(text: str) -> None:
    assert len(heard(text)) <= len(text)


def test_no_text_takes_long() -> None:
    began = time.process_time()
    for text in ("sha" * 2000 + "x", "a" * 6000 + "!", "nia" * 2000, "中" + "xian" * 2000 + "q"):
        heard(text)
    assert time.process_time() - began < 1  # milliseconds; a pattern that tries all ways never ends


def test_a_word_is_parted_as_a_whole_not_only_longest_first() -> None:
    assert _syllables("lajini好") == _syllables("垃圾你好")  # jin would leave an i
