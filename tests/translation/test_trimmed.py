from __future__ import annotations

import re

import pytest
from grandstand.translation.trimmed import trimmed
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("what a goal", "what a goal"),
        ("PogChamp what a goal KEKW KEKW", "what a goal"),
        ("rosaHype rosaHype rosaHype encore please", "encore please"),
        ("@rosa come on 😀 !!", "come on"),
        ("look at https://a.example/b", "look at"),
        ("hahaha no", "no"),
        ("haha what lol is this", "what lol is this"),
        ("2 years ago", "2 years ago"),
        ("turn on the tv", "turn on the tv"),
        ("I saw it on PlayStation", "I saw it on PlayStation"),
        ("my iPhone", "my iPhone"),
        ("omg what was that?? :D", "what was that??"),
        ("!vote the blue one /srs", "the blue one"),
        ("oh, no", "no"),
        ("bro was ready", "bro was ready"),
        ("clap for him", "clap for him"),
        ("yo creo que no", "yo creo que no"),
        ("um acht geht es los", "um acht geht es los"),
        ("sois sage", "sois sage"),
        ("one more one more one more", "one more"),
        ("peepoSad one more one more lol", "one more"),
        ("one more one more one", "one more one more one"),
        ("加油 加油 加油", "加油"),
        ("  goal  ", "goal"),
        ("KEKW", "KEKW"),
        ("WHYYYYY nooooot", "WHYY noot"),
        ("", ""),
    ],
)
def test_what_an_engine_is_asked_for(text: str, core: str) -> None:
    parts = trimmed(text)
    assert parts.core == core
    assert parts.before == text[: len(parts.before)]
    assert text.endswith(parts.after)


def test_what_stood_around_it_stands_around_the_translation() -> None:
    parts = trimmed("peepoSad one more  one more lol")
    assert parts.around("encore une") == "peepoSad encore une encore une lol"


def cut(text: str) -> list[str]:
    return re.sub(r"([^\W\d_])\1{2,}", r"\1\1", text).split()


@given(st.text(st.sampled_from("aB 😀@rosa/hl"), max_size=60))
def test_nothing_but_stretches_is_lost(text: str) -> None:
    parts = trimmed(text)
    assert cut(parts.around(parts.core)) == cut(text)
