from __future__ import annotations

import pytest
from grandstand.moderation.findings import CATEGORIES, SUSPECT, Finding
from grandstand.moderation.word_rules import SWEARING, Rules, read_words
from grandstand.text.normalise import clean, skeleton
from hypothesis import given
from hypothesis import strategies as st

from tests.moderation.rules import RULES


def _find(text: str) -> list[Finding]:
    text = clean(text)
    return RULES.find(skeleton(text), text)


def _worst(text: str) -> tuple[str, int] | None:
    found = max(_find(text), key=lambda one: one.severity, default=None)
    return None if found is None else (found.category, found.severity)


@pytest.mark.parametrize(
    "text",
    [
        "fuck you",
        "FUCK YOU",
        "fuuuuck you",
        "f u c k you",
        "f.u.c.k you",
        "fvck y0u fuck y0u",
        "ｆｕｃｋ ｙｏｕ",
        "𝒻𝓊𝒸𝓀 you",
        "fuсk you",  # a Cyrillic с
        "f\u200buck you",
        "c*nt",
        "you iiidiot",
        "傻逼",
        "傻 逼",
        "傻.逼",
        "你是个傻逼吧",
        "nmsl",
        "你nmsl啊",
        "Arschloch",
        "hijo de puta",
        "씨발 뭐야",
        "くそ野郎が",
    ],
)
def test_plain_insults_are_found_however_dressed(text: str) -> None:
    assert _worst(text) == ("insult", 2)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("kill yourself", "threat"),
        ("k y s kys", "threat"),
        ("你怎么不去死", "threat"),
        ("send nudes", "sexual"),
        ("nigger", "hate"),
        ("n1gger", "hate"),
        ("支那猪", "hate"),
        ("加微信 abc12345", "spam"),
        ("+V：abc123456 有福利", "spam"),
        ("QQ群 123456789", "spam"),
    ],
)
def test_each_category_is_found(text: str, category: str) -> None:
    assert _worst(text) == (category, 2)


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe United away",
        "the Essex classic assassin",
        "Penistone and Cockburn",
        "a class act, what a pass",
        "grape juice and therapist",
        "Matsushita shiitake",
        "Johnny Depp was great",
        "raccoons in the snow",
        "Dickens and cocktails",
        "shoot! what a shot",
        "生日你好",
        "体操你最棒",
        "路口交通",
        "国内射手榜第一",
        "吓死妈妈了",
        "压力下体现水平",
        "先进群众",
        "今日你最帅",
        "보지 마세요",
        "자지 마",
        "楽しいしね",
        "バカンス最高",
        "Score 3.2 to 1.5",
        "1,000,000,000,000 viewers",
        "2026 11 24",
        "12:30:45.123 on the clock",
        "see you at 10.tomorrow",
        "great.amazing show",
        "the dot on the screen",
        "U.S.A. all the way",
        "we saw it... net was shaking",
    ],
)
def test_innocent_words_are_left_alone(text: str) -> None:
    assert _find(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/x",
        "www.example.com",
        "go to example.com now",
        "example dot com",
        "look at example.com.",
        "example [dot] com",
        "example (.) com",
        "bit.ly/abc",
        "call 13812345678",
        "请联系13812345678谢谢",
        "+44 7700 900 1234",
    ],
)
def test_links_and_numbers_are_found(text: str) -> None:
    assert _worst(text) == ("spam", 1)


def test_absurd_repeats_are_noise_and_a_long_cheer_is_not() -> None:
    assert _worst("a" * 60) == ("spam", 0)
    assert _worst("buy " * 20) == ("spam", 0)
    assert _worst("goooooooooal") is None
    assert _worst("哈哈哈哈哈哈哈哈哈哈") is None
    assert _worst("olé olé olé olé") is None


@pytest.mark.parametrize(
    "unit", ["1", "1 ", "-", "a.", "a*b ", "加V", "微信", "www", "f u ", "ab-", "q", "+v:", "点"]
)
def test_long_runs_of_what_patterns_look_for_do_no_harm(unit: str) -> None:
    assert all(one.severity < 2 for one in _find(unit * (4000 // len(unit)) + "x"))


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    assert all(one.category in CATEGORIES for one in _find(text))


def test_every_word_of_the_list_is_found_by_itself() -> None:
    for word, category, severity in read_words():
        if severity == SUSPECT:
            continue
        found = _find(word)
        assert any(one.severity >= severity or one is SWEARING for one in found), (word, category)


@pytest.mark.parametrize("text", ["holy shit what a save", "what the fuck", "a fucking banger"])
def test_swearing_at_nobody_is_noise_and_the_scorer_is_not_asked_about_it(text: str) -> None:
    look = RULES.look(skeleton(text), text)
    assert look.findings == (SWEARING,)
    assert "shit" not in look.asked
    assert "fuck" not in look.asked


@pytest.mark.parametrize("text", ["fuck him", "you are shit", "fucking pig", "shit ref, you clown"])
def test_swearing_at_somebody_is_rude(text: str) -> None:
    assert any(one.severity > 0 for one in _find(text))


@pytest.mark.parametrize(
    "text", ["don't call people idiots", 'he sang "you idiot" so well', "那句“你去死吧”是台词"]
)
def test_words_of_others_are_none_of_the_speakers(text: str) -> None:
    assert all(one.severity < 1 for one in _find(text))


@pytest.mark.parametrize(
    "text",
    [
        "腦殘東西",
        "煞筆",
        "淦你娘",
        "敲里吗",
        "你ma死了",
        "shabi",
        "caonima",
        "f*ck you",
    ],
)
def test_an_insult_is_found_in_other_letters_of_its_sound_or_sight(text: str) -> None:
    assert any(one.severity > 0 for one in _find(text))


def test_a_suspect_word_counts_only_where_somebody_is_named() -> None:
    assert [one.severity for one in _find("you are a whale")] == [SUSPECT]
    assert _find("a whale in the bay") == []


def test_a_wrong_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Rules([("word", "nonsense", 2)])


@given(st.integers(0, 60), st.integers(25, 40), st.sampled_from("a!哈😂"))
def test_one_character_over_and_over_is_found_wherever_it_begins(
    before: int, times: int, letter: str
) -> None:
    text = ("xy" * 40)[:before] + letter * times + "xy" * 20
    assert "one character over and over" in {each.rule for each in RULES.find("", text)}


@given(st.text("ab \n", max_size=80))
def test_a_character_that_is_not_said_so_often_is_no_spam(text: str) -> None:
    spam = any(letter * 25 in text for letter in "ab")
    rules = {each.rule for each in RULES.find("", text)}
    assert ("one character over and over" in rules) == (spam and len(text) >= 40)


def test_letters_never_become_signs_in_a_skeleton() -> None:
    """So that of letters and gaps alone nothing that has signs is looked for."""
    letters = "".join(filter(str.isalpha, map(chr, range(0x110000))))
    assert set(skeleton(letters)).isdisjoint("0123456789*._!@^~-")


@pytest.mark.parametrize(
    "text", ["go to example dot com now", "example点com", "you should kiII yourself", "씨1발 뭐야"]
)
def test_what_is_nearly_letters_alone_is_looked_at_in_full(text: str) -> None:
    assert _find(text)
