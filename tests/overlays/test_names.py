"""Whose names are left out of what is shown, and whose are not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from grandstand.overlays import names
from grandstand.overlays.names import PrivateNames, PublicNames


def heard(public: Sequence[str], *authors: str) -> PrivateNames:
    private = PrivateNames(PublicNames(public))
    for author in authors:
        private.note(100, [author], "hello")
    return private


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Allyson Felix", "felix"),
        ("Allyson Felix", "AllysonFelix"),
        ("Renata de la Cruz Ortega", "Cruz"),
        ("Peres Jepchirchir (KEN)", "Jepchirchir"),
        ("Caeleb O'Shea", "O'Shea"),
        ("莱昂内尔·梅西", "梅西"),
        ("莱昂内尔·梅西", "莱昂内尔"),
        ("中国女子体操队", "体操队"),
    ],
)
def test_a_word_of_a_public_name_may_be_shown_whoever_has_it(name: str, word: str) -> None:
    assert heard([], word).has(word, 100)
    assert not heard([name], word).has(word, 100)


def test_of_a_public_name_only_its_own_words_are_public() -> None:
    private = heard(["Allyson Felix", "梅西"], "Allyson Smith", "Felix Smith", "梅西迷小王", "小王")
    assert private.has("smith", 100)
    assert private.has("小王赢", 100)
    assert not private.has("felix", 100)
    assert not private.has("梅西赢了", 100)


def test_a_name_may_become_public_after_somebody_of_it_spoke() -> None:
    public = PublicNames()
    private = PrivateNames(public)
    private.note(100, ["Felix", "谷爱凌"], "go @Allyson")
    assert private.has("Allyson", 100)
    assert private.has("谷爱凌赢", 100)
    public.add("Allyson Felix")
    public.add("谷爱凌")
    assert not private.has("Allyson", 100)
    assert not private.has("谷爱凌赢", 100)


def test_of_too_many_public_names_the_newest_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MAX_PUBLIC_WORDS", 30)
    public = PublicNames(f"{chr(97 + n)}anna {chr(97 + n)}smith" for n in range(26))
    assert len(public) == 30
    assert "zsmith" in public
    assert "aanna" not in public


def test_of_a_long_public_name_some_words_are_known() -> None:
    public = PublicNames(["".join(map(chr, range(0x4E00, 0x4E64)))])
    assert 10 < len(public) <= names.WORDS_OF_NAME
