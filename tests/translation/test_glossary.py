from __future__ import annotations

import pytest
from grandstand.translation import glossary as module
from grandstand.translation.glossary import Cover, Glossary, spoken, without
from hypothesis import given
from hypothesis import strategies as st

NAMES = ["Rosa", "Rosa Blitz", "A.C. Nord", "(.*)", "王小明", "[1]", "a|b", "x*"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("go Rosa Blitz!", ("Rosa Blitz",)),
        ("Rosa and Rosa", ("Rosa",)),
        ("rosa Rosanna ROSA", ()),
        ("A.C. Nord wins", ("A.C. Nord",)),
        ("AXCX Nord wins", ()),
        ("is (.*) a name", ("(.*)",)),
        ("加油王小明加油", ("王小明",)),
        ("", ()),
    ],
)
def test_names_are_plain_text_and_whole_words(text: str, names: tuple[str, ...]) -> None:
    assert Glossary(NAMES).names_in(text) == names


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Declan Rice", ["Declan Rice", "Rice"]),
        ("王小明", ["王小明"]),
        ("The final", ["The final"]),
        ("Yi Xu", ["Yi Xu"]),
        ("Rosa B. (GER)", ["Rosa B. (GER)"]),
        ("  ", []),
    ],
)
def test_of_a_name_its_last_word_is_one_too(name: str, forms: list[str]) -> None:
    assert [*spoken(name)] == forms


def test_a_glossary_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NAMES_MAX", 50)
    names = Glossary([*(f"name {number}" for number in range(55)), "n" * 101, "", " "])
    assert len(names.names) == 50
    assert Glossary().names_in("anything") == ()


def test_a_text_without_its_names() -> None:
    assert without("go Rosa Blitz go", ("Rosa", "Rosa Blitz")).split() == ["go", "go"]


def test_names_are_covered_by_numbers_that_the_text_does_not_have() -> None:
    cover = Cover.brackets("Rosa [1] meets Rosa Blitz", ("Rosa", "Rosa Blitz"))
    assert cover.text == "[2] [1] meets [3]"
    assert cover.uncovered("[ 3 ] trifft [2] [1]") == "Rosa Blitz trifft Rosa [1]"


def test_names_are_covered_by_elements() -> None:
    cover = Cover.tags("a < b & Rosa", ("Rosa",))
    assert cover.text == "a &lt; b &amp; <k>Rosa</k>"
    assert cover.uncovered("b &gt; a &amp; <k>Rosa</k>") == "b > a & Rosa"


@given(st.text(alphabet="Rosa Blitz[]123.*()|x王小明<&>k/", max_size=60))
def test_what_is_covered_comes_back(text: str) -> None:
    names = Glossary(NAMES).names_in(text)
    for cover in (Cover.brackets(text, names), Cover.tags(text, names)):
        if "[" not in text and "<" not in text:
            assert cover.uncovered(cover.text) == text
