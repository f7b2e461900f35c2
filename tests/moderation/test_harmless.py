from __future__ import annotations

import pytest
from grandstand.moderation.harmless import Harmless
from grandstand.moderation.word_rules import RuleResult
from grandstand.text.normalise import clean, skeleton

from tests.moderation.rules import RULES


def look(text: str) -> RuleResult:
    text = clean(text)
    return RULES.look(skeleton(text), text)


@pytest.mark.parametrize(
    "text",
    [
        "尊すぎて死ねる",
        "笑死全家了",
        "畜牲道",
        "딸바보",
        "镜头去死角了",
        "角色情感",
        "アホ毛",
        "カスタネット",
        "チョンマゲ",
        "参加群众演员",
        "彩排时时彩排",
        "Dick Van Dyke",
        "moby dick",
        "I met Dick Foster there",
        "a cock-up",
        "a chink in the armour",
        "我真是个废物",
        "I'm such an idiot",
        "난 바보야",
        "俺バカだから",
    ],
)
def test_an_entry_that_means_no_harm_where_it_stands_is_no_finding(text: str) -> None:
    assert look(text).findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "死ねよ",
        "死全家",
        "你个畜牲",
        "바보야",
        "快去死",
        "色情网站",
        "アホか",
        "suck my dick",
        "SUCK MY DICK",
        "Moby Dick, you dick",
        "chink",
        "我看你真是个废物",
        "我说他是个废物",
        "I'm sure you are an idiot",
        "I'm telling you, idiot",
        "fuck me",
    ],
)
def test_the_same_entries_elsewhere_are(text: str) -> None:
    assert look(text).findings


def test_the_scorer_is_asked_about_what_is_left() -> None:
    assert look("noob mistake by the keeper").asked == "by the keeper"
    assert look("my stupid phone died").asked == "my phone died"
    assert look("you stupid keeper").asked == "you stupid keeper"
    assert look("What a GOAL").asked == "What a GOAL"


def test_a_table_may_be_empty() -> None:
    assert not Harmless({}).excuses("insult", "idiot", "i'm an idiot", 7, 12)
    assert not Harmless({}).is_name("dick", "Dick Van Dyke")
