"""What a name is refused for: words, links, the staff's own, and what looks like them."""

from __future__ import annotations

from pathlib import Path

import pytest
from grandstand.moderation.names import MAX_FOLDED_CHARS, Names, outline
from grandstand.moderation.policy import Policy
from grandstand.text.normalise import skeleton
from hypothesis import given
from hypothesis import strategies as st

NAMES = Names.load()
STAFF = ["Alice", "Mo", "viewer", "小林导播"]


def fault(name: str, level: int = 2) -> str:
    return NAMES.fault(name, Policy(level), STAFF) or ""


@pytest.mark.parametrize(
    "name",
    [
        *("Ada", "Guest 4821", "viewer", "Badminton Fan", "modern", "Modesto", "Falstaff"),
        *("Staffan", "Support Ukraine", "Alicia", "小明", "김민준", "Анна", "なな", "x" * 100),
    ],
)
def test_ordinary_names_are_taken(name: str) -> None:
    assert not fault(name)


@pytest.mark.parametrize(
    "name",
    [
        *("Moderator", "M0derat0r", "Мoderаtor", "МОDERATOR", "rnoderator", "The_Moderator_"),
        *("admin", "Admin_2", "a d m i n", "adm1n", "ad min", "0fficial Fan", "mod", "Support"),
        *("官方", "官 方", "官方小助手", "管理员01", "運営スタッフ", "관리자", "модератор"),
    ],
)
@pytest.mark.parametrize("level", [0, 2])
def test_names_that_claim_to_be_the_staff_are_not(name: str, level: int) -> None:
    assert "staff" in fault(name, level)


@pytest.mark.parametrize(
    "name", ["alice", "AIice", "Al1ce", "A l i c e", "ALlCE", "Аlicе", "mo", "M.O.", "小林 导播"]
)
def test_a_name_that_looks_like_one_of_the_staff_s_is_not(name: str) -> None:
    assert "looks like" in fault(name)


@pytest.mark.parametrize(
    ("name", "category", "from_level"),
    [
        ("N1gger", "hate", 1),
        ("fuck you", "insult", 1),
        ("t.me/x", "spam", 2),
        ("idiot", "insult", 2),
        ("nigger88", "hate", 1),
        ("KillAllJews", "hate", 1),
        ("gas_the_jews", "hate", 1),
        ("xX_cunt_Xx", "insult", 1),
        ("杀光黑人", "hate", 1),
    ],
)
def test_words_and_links_are_judged_at_the_room_s_level(
    name: str, category: str, from_level: int
) -> None:
    for level in range(5):
        assert (category in fault(name, level)) == (level >= from_level), level


def test_a_name_is_bounded_after_folding() -> None:
    assert "too long" in fault("\ufdfa" * (MAX_FOLDED_CHARS // 18 + 1))


@given(st.text(max_size=100))
def test_any_name_is_judged_and_resembles_itself_alone_if_it_has_letters(name: str) -> None:
    NAMES.fault(name, Policy(), STAFF)
    assert NAMES.resembles(name, [name]) == (outline(name) not in ("", outline("viewer")))


def test_a_crowd_s_names_push_no_comment_s_skeleton_out_of_the_cache() -> None:
    before = skeleton.cache_info().currsize, skeleton.cache_info().misses
    for number in range(100):
        name = f"Nobody {number:02} of many"
        assert not fault(name)
        assert not NAMES.resembles(name, STAFF)
    assert (skeleton.cache_info().currsize, skeleton.cache_info().misses) == before


def test_the_words_are_in_a_file_of_their_own() -> None:
    source = Path(__file__).parents[2] / "server" / "grandstand" / "moderation"
    assert (source / "names.toml").is_file()
