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
        ("omg what was that?? :D", "what was that?"),
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
        ("WHYYYYY nooooot", "WHY noot"),
        ("no one here, really?!?!?! wow!!!!", "no one here, really?"),
        ("hiiiii world war III again", "hi world war III again"),
        ("what is it!?", "what is it!?"),
        ("wait... what", "wait… what"),
        ("this can't be BibleThump say no", "this can't be [1] say no"),
        (
            "rosaHype on KEKW go rosaHype again KEKW and KEKW out",
            "on [1] go [2] again [1] and [1] out",
        ),
        ("see https://a.example/b first", "see [1] first"),
        ("see https://a.example/b first [1]", "see https://a.example/b first [1]"),
        ("we rise KEKW we rise KEKW we rise", "we rise"),
        ("no shot! KEKW no shot!", "no shot"),
        ("", ""),
    ],
)
def test_what_an_engine_is_asked_for(text: str, core: str) -> None:
    parts = trimmed(text)
    assert parts.core == core
    assert cut(parts.around(parts.core)) == cut(text)
    assert parts.before == text[: len(parts.before)]
    assert text.endswith(parts.after)


def test_what_stood_around_it_stands_around_the_translation() -> None:
    parts = trimmed("peepoSad one more  one more lol")
    assert parts.around("encore une") == "peepoSad encore une encore une lol"
    parts = trimmed("we rise!! KEKW we rise!! KEKW we rise!! lol")
    assert parts.around("debout") == "debout!! KEKW debout!! KEKW debout!! lol"
    parts = trimmed("this can't be BibleThump say no")
    assert parts.around("dis non [1] c'est trop") == "dis non BibleThump c'est trop"


def cut(text: str) -> list[str]:
    return re.sub(r"([^\W\d_])\1+", r"\1", text.replace("...", "…")).split()


@given(st.text(st.sampled_from("aB 😀@rosa/hl"), max_size=60))
def test_nothing_but_stretches_is_lost(text: str) -> None:
    parts = trimmed(text)
    assert cut(parts.around(parts.core)) == cut(text)
