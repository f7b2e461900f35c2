from __future__ import annotations

from string import Formatter

import pytest
from grandstand.overlays.card_rules.telling import WEIGHTS
from grandstand.overlays.sentences.languages import CODES, PLURALS, language_for, written_in

ENGLISH = language_for("en")


@pytest.mark.parametrize("code", CODES)
def test_a_language_has_words_for_every_rule_and_every_known_unit_and_mark(code: str) -> None:
    language = language_for(code)
    assert language.code == code
    assert language.rules.keys() == WEIGHTS.keys()
    assert language.units.keys() >= ENGLISH.units.keys()
    assert language.marks.keys() == ENGLISH.marks.keys()
    assert language.asides.keys() == ENGLISH.asides.keys()
    assert language.plural in PLURALS
    assert all("#" in form for forms in language.units.values() for form in forms.values())


@pytest.mark.parametrize("code", CODES)
def test_every_language_says_the_same(code: str) -> None:
    def named(texts: list[str]) -> list[set[str]]:
        return [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]

    language = language_for(code)
    for rule, texts in ENGLISH.rules.items():
        assert named(language.rules[rule]) == named(texts), rule


@pytest.mark.parametrize("code", CODES)
def test_a_number_never_touches_what_stands_before_it(code: str) -> None:
    """Or heat 1 and 1:46.93 were 11:46.93."""
    language = language_for(code)
    texts = [
        text
        for each in (language.rules, language.asides)
        for all_ in each.values()
        for text in all_
    ]
    assert [text for text in texts if "}{" in text] == []


def test_the_language_is_that_of_the_tags_first_part_else_english() -> None:
    assert language_for("zh-Hant-TW").code == "zh"
    assert language_for("DE").code == "de"
    assert language_for("sw").code == language_for("").code == "en"


def test_a_reader_of_another_script_reads_none_of_ours() -> None:
    assert [written_in(tag) for tag in ("de-AT", "zh-Hans", "ZH")] == ["de", "zh", "zh"]
    assert [written_in(tag) for tag in ("zh-Hant", "zh-TW", "ja", "")] == [None] * 4


@pytest.mark.parametrize(
    ("rule", "ones", "others"),
    [
        ("one is 1", ["1"], ["0", "1.0", "2", "11", "21"]),
        ("one is below 2", ["0", "1", "1,5"], ["2", "10", "11"]),
        ("no plurals", [], ["0", "1", "2"]),
    ],
)
def test_plurals(rule: str, ones: list[str], others: list[str]) -> None:
    assert [PLURALS[rule](written) for written in ones] == ["one"] * len(ones)
    assert [PLURALS[rule](written) for written in others] == ["other"] * len(others)
