from __future__ import annotations

import base64

import pytest
from grandstand.replica.entity_names import EntityNames, folded
from hypothesis import given
from hypothesis import strategies as st

NAMES = {
    "athlete:1": "Zoë Müller",
    "athlete:2": "张三丰",
    "athlete:3": "Łukasz Ødegård",
    "athlete:4": "Anna-Lena Groß",
    "athlete:5": "さくら 花子",
    "athlete:6": "김연아",
    "team:Real Madrid": "Los Blancos",
}


@pytest.fixture
def names() -> EntityNames:
    made = EntityNames()
    for entity, name in NAMES.items():
        made.put(entity, name)
    return made


def found(names: EntityNames, words: str) -> list[str]:
    return [entity for _, entity in names.search(words, "", 50)]


@pytest.mark.parametrize(
    ("words", "entity"),
    [
        ("mul", "athlete:1"),
        ("ZOE M", "athlete:1"),
        ("ｍüｌ", "athlete:1"),
        ("三丰", "athlete:2"),
        ("张", "athlete:2"),
        ("luk", "athlete:3"),
        ("odeg", "athlete:3"),
        ("gross", "athlete:4"),
        ("lena", "athlete:4"),
        ("くら", "athlete:5"),
        ("연아", "athlete:6"),
        ("blan", "team:Real Madrid"),
    ],
)
def test_a_name_is_found_in_its_script_by_the_beginning_of_a_word(
    names: EntityNames, words: str, entity: str
) -> None:
    assert found(names, words) == [entity]


@pytest.mark.parametrize("words", ["uller", "madrid", "丰三", "zoe x", "athlete"])
def test_what_is_in_no_name_is_not_found(names: EntityNames, words: str) -> None:
    assert found(names, words) == []


def test_a_renamed_entity_is_found_by_its_new_name_alone(names: EntityNames) -> None:
    names.put("athlete:1", "Zoë Weiß")
    assert (found(names, "mul"), found(names, "weiss")) == ([], ["athlete:1"])
    names.put("athlete:1", "")
    assert found(names, "zoe") == []


@given(st.lists(st.text(alphabet="ab ", min_size=1, max_size=4), max_size=12), st.integers(1, 4))
def test_pages_have_all_in_one_order_and_none_twice(words: list[str], size: int) -> None:
    names = EntityNames()
    for number, name in enumerate(words):
        names.put(f"e{number}", name)
    for asked in ("", "a"):
        whole = names.search(asked, "", 100)
        expected = {f"e{n}" for n, name in enumerate(words) if f" {asked}" in f"{folded(name)} "}
        assert {entity for _, entity in whole} == expected
        pages, after = [], ""
        while page := names.search(asked, after, size):
            pages += page
            after = page[-1][0]
        assert pages == whole == sorted(whole)


def test_a_page_can_be_asked_for_behind_the_longest_name() -> None:
    names, longest = EntityNames(), 100
    for letter in ("\ufdfa", "\u3316", "\U0001d518", "a"):
        names.put("\U0001d518" * longest, letter * longest)
        ((line, _),) = names.search("", "", 1)
        assert len(base64.urlsafe_b64encode(line.encode())) <= 2000
