"""What the crowd says fits a room, but for what moderation is there to stop."""

from __future__ import annotations

from random import Random
from typing import get_args

import pytest
from grandstand import resources
from grandstand.demo.phrases import UNFRIENDLY_SHARE, Phrases
from grandstand.demo.rhythm import Occasion
from grandstand.demo.side_rooms import PHRASES as SPORT
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.text.normalise import clean

OPTIONS = ("Song A", "Song B")


@pytest.mark.parametrize("file", ["phrases.toml", SPORT])
@pytest.mark.parametrize("occasion", get_args(Occasion))
def test_every_occasion_has_words_that_fit_a_comment(occasion: Occasion, file: str) -> None:
    phrases, random = Phrases.load(file), Random(1)
    for _ in range(500):
        text = phrases.say(random, occasion, OPTIONS)
        assert 1 <= len(clean(text)) <= 100
        assert "{" not in text


def test_a_poll_is_talked_of_by_its_options() -> None:
    phrases, random = Phrases.load(), Random(1)
    said = [phrases.say(random, "poll", OPTIONS) for _ in range(100)]
    assert sum("Song" in text for text in said) > 80


def test_a_poll_without_options_is_a_moment_like_others() -> None:
    phrases, random = Phrases.load(), Random(1)
    assert all(phrases.say(random, "poll") for _ in range(100))


async def test_moderation_stops_the_unfriendly_ones_and_few_of_the_others() -> None:
    phrases, random = Phrases.load(), Random(1)
    friendly = {phrases.say(random, each, OPTIONS) for each in get_args(Occasion) for _ in "x" * 99}
    lines = phrases.templates["unfriendly"]
    unfriendly = {phrases.fill(random, line, OPTIONS) for line in lines}
    moderator = Moderator(OnnxScorer(resources.model()), Rules.load(), deadline_ms=60_000)
    try:
        stopped = await moderator.judge(sorted(unfriendly), Policy())
        others = await moderator.judge(sorted(friendly - unfriendly), Policy())
    finally:
        await moderator.close()
    assert all(each.action != "show" for each in stopped)
    wrong = sum(each.action != "show" for each in others)
    assert wrong <= 2 * UNFRIENDLY_SHARE * len(others) + 2


def test_a_crowd_has_many_names() -> None:
    phrases, random = Phrases.load(), Random(1)
    assert len({phrases.name(random) for _ in range(100)}) > 50
