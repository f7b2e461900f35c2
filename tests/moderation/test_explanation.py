from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from grandstand.moderation.explanation import SPANS_MAX, find_reasons
from grandstand.moderation.policy import Policy, Thresholds
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.scores import Scores

from tests.moderation.installation import SHIPPED


class WordScorer:
    """Adds up what each of its words is worth, as often as it stands in the text."""

    version = "words"
    categories = ("insult", "spam")

    def __init__(self, **words: Mapping[str, float]) -> None:
        self._words = words
        self.thresholds: Thresholds = {
            "insult": ((0.9, 0.99), (0.8, 0.9), (0.8, 0.9), (0.8, 0.9)),
            "spam": ((0.9, 0.99), (0.4, 0.9), (0.4, 0.9), (0.4, 0.9)),
        }

    def score(self, texts: list[str]) -> Scores:
        nothing = np.zeros(len(texts), np.float32)
        found = {
            name: np.array(
                [
                    min(1.0, sum(n * text.count(w) for w, n in self._words.get(name, {}).items()))
                    for text in texts
                ],
                np.float32,
            )
            for name in self.categories
        }
        return Scores(found, nothing, nothing, nothing, ["und"] * len(texts))


def spans(scorer: WordScorer | OnnxScorer, text: str, level: int = 2) -> list[str]:
    return [each.span for each in find_reasons(scorer, text, Policy(level))]


def test_the_words_that_decided_come_first_with_what_they_are_worth() -> None:
    scorer = WordScorer(insult={"fool": 0.5, "old": 0.2})
    found = find_reasons(scorer, "you old fool you", Policy())
    assert [(each.span, each.lowers_by) for each in found] == [("fool", 0.5), ("old", 0.2)]
    assert {each.category for each in found} == {"insult"}


def test_a_word_is_left_out_wherever_it_stands() -> None:
    found = find_reasons(WordScorer(insult={"fool": 0.2}), "fool, fool fool,", Policy())
    assert [(each.span, each.lowers_by) for each in found] == [("fool,", 0.4), ("fool", 0.2)]


def test_without_gaps_the_shortest_runs_that_tell_are_named_and_none_around_them() -> None:
    assert spans(WordScorer(insult={"坏": 0.9}), "你是个坏蛋吗") == ["坏"]
    assert spans(WordScorer(insult={"坏蛋": 0.9}), "你是个坏蛋吗") == ["坏", "蛋"]
    assert spans(WordScorer(insult={"坏": 0.3, "蛋": 0.3}), "你是个坏蛋吗") == ["坏蛋"]
    assert spans(WordScorer(insult={"ばか": 0.5, "fool": 0.2}), "fool ばか") == ["ば", "か", "fool"]


def test_the_category_nearest_to_acting_is_explained() -> None:
    scorer = WordScorer(insult={"fool": 0.5}, spam={"shop": 0.39})
    (found,) = find_reasons(scorer, "fool shop", Policy(level=2))
    assert (found.category, found.span) == ("spam", "shop")
    (found,) = find_reasons(scorer, "fool shop", Policy(level=1))
    assert (found.category, found.span) == ("insult", "fool")


def test_no_more_than_a_few_are_named_and_none_that_speaks_for_the_text() -> None:
    scorer = WordScorer(insult=dict.fromkeys("abcdefgh", 0.1) | {"kind": -0.1})
    assert len(spans(scorer, "a b c d e f g h")) == SPANS_MAX
    assert spans(scorer, "kind o") == []


@pytest.mark.parametrize("text", ["", " ", "\u200b", "👍", "\ud83d", "a" * 600, "坏" * 600])
@pytest.mark.parametrize("level", [0, 4])
def test_anything_can_be_explained_by_the_shipped_model(text: str, level: int) -> None:
    found = find_reasons(OnnxScorer(SHIPPED), text, Policy(level))
    assert all(each.lowers_by > 0 and each.span in text for each in found)
    drops = [each.lowers_by for each in found]
    assert drops == sorted(drops, reverse=True)
