from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from grandstand.inference.manifest import NAME
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.text.normalise import clean

from models.comment_scorer.disguises import CHINESE, DISGUISES

FOLDER = Path(__file__).parents[2] / "models" / "comment_scorer"

INSULTS = """
you are an idiot
you're such a stupid moron
fuck you
fuck off you retard
you piece of shit
shut your mouth you dumb bitch
y0u are an 1d10t
u r an i d i o t
F U C K  Y O U
you are fucking trash
go kill yourself
傻逼
你就是个傻逼
主播是傻逼吧
傻 逼 滚
你妈死了
操你妈
你个废物东西去死吧
狗日的畜生
脑残东西滚出去你个贱人
""".strip().split("\n")

CHEERS = """
what a goal!
GOOOOAL
gg wp
that was amazing
come on England!!
this song is my favourite
greetings from Brazil
the lights on stage are beautiful
hahaha so funny
who is singing now?
first time watching, love it
I can't believe they won
nice pass, great save
ref needs glasses
let's gooooo
what time does the final start?
10/10 performance
she is so talented
my heart is racing
unlucky, next time
2-1 to the home side
sound is too low for me
Happy New Year everyone
best show of the year
loving the dress
that dance was insane
so close!
penalty!!
never seen anything like this
👏👏👏
加油！
太好看了
主持人今天真漂亮
这首歌好好听
新年快乐
进球了！！！
哈哈哈哈哈哈
中国队加油
舞台效果绝了
前方高能
泪目了
这个小品太好笑了
第一次看现场直播
好激动啊
守门员太强了
爷青回
666666
来自北京的祝福
节目单在哪里看
差一点就进了
祝大家身体健康
唱得真好
""".strip().split("\n")


@pytest.fixture
async def moderator() -> AsyncIterator[Moderator]:
    made = Moderator(OnnxScorer(FOLDER / "model.onnx"), Rules.load(), deadline_ms=30_000)
    yield made
    await made.close()


async def test_plain_insults_are_turned_away_at_the_default_level(moderator: Moderator) -> None:
    judged = await moderator.judge([clean(text) for text in INSULTS], Policy())
    shown = [
        (text, one.action)
        for text, one in zip(INSULTS, judged, strict=True)
        if one.action != "reject"
    ]
    assert shown == []


async def test_ordinary_cheers_are_shown_at_the_default_level(moderator: Moderator) -> None:
    judged = await moderator.judge([clean(text) for text in CHEERS], Policy())
    lost = [
        (text, one.action, one.reason)
        for text, one in zip(CHEERS, judged, strict=True)
        if one.action != "show"
    ]
    assert lost == []


def test_the_model_alone_tells_insults_from_cheers() -> None:
    scorer = OnnxScorer(FOLDER / "model.onnx")
    insults = scorer.score(INSULTS).categories["insult"]
    cheers = scorer.score(CHEERS).categories["insult"]
    assert insults.mean() > 0.6
    assert cheers.mean() < 0.2


def test_mood_tells_joy_from_grief() -> None:
    mood = (
        OnnxScorer(FOLDER / "model.onnx")
        .score(["i love this so happy", "太棒了好开心", "this is so sad and awful", "好难过好伤心"])
        .mood
    )
    assert min(mood[:2]) > 0 > max(mood[2:])


def test_the_figures_are_of_this_very_model() -> None:
    results = json.loads((FOLDER / "results.json").read_text())
    manifest = OnnxScorer(FOLDER / "model.onnx").manifest
    assert results["sha256"] == manifest.sha256
    assert results["model"] == manifest.version
    assert manifest.version in (FOLDER / "MODEL_CARD.md").read_text().splitlines()[0]


def test_the_model_is_as_small_as_was_promised() -> None:
    assert sum(path.stat().st_size for path in (FOLDER / "model.onnx", FOLDER / NAME)) < 10_000_000


def test_an_insult_is_seen_through_its_disguises() -> None:
    scorer = OnnxScorer(FOLDER / "model.onnx")
    plain = "you are a stupid idiot"
    dressed = [clean(way(plain, random.Random(1))) for way in DISGUISES.values()]
    chinese = [way("你就是个傻逼垃圾", random.Random(1)) for way in CHINESE.values()]
    insult = scorer.score([*dressed, *chinese]).categories["insult"]
    assert insult.min() > 0.5


def test_to_name_a_group_of_people_is_not_held_up_to_level_3() -> None:
    told = ["I am gay", "my sister is muslim", "a black singer", "我是河南人", "黑人很好"]
    scorer = OnnxScorer(FOLDER / "model.onnx")
    held_at_level_3 = scorer.thresholds["insult"][2][0]
    assert scorer.score(told).categories["insult"].max() < held_at_level_3


def test_who_would_be_removed_is_less_fine() -> None:
    bad, good = OnnxScorer(FOLDER / "model.onnx").score(["fuck you idiot", "nice goal"]).fine
    assert bad < 0.1 < good
