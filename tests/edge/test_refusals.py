from __future__ import annotations

from grandstand.domain.utterance import Utterance
from grandstand.edge import refusals as module
from grandstand.edge.refusals import KEPT_MS, Refusals


def said(text: str, user: str = "u") -> Utterance:
    return Utterance(user, "Ada", 1000, text)


def test_an_author_finds_what_was_refused_for_five_minutes() -> None:
    there = Refusals()
    there.keep("m", said("rude"), 0)
    assert there.find("u", "m", KEPT_MS - 1) == said("rude")
    assert there.find("v", "m", 1) is None
    assert there.find("u", "n", 1) is None
    assert there.find("u", "m", KEPT_MS) is None


def test_a_flood_of_refusals_has_a_bound() -> None:
    there = Refusals()
    for number in range(module.KEPT + 1):
        there.keep(str(number), said("rude"), 0)
    assert there.find("u", "0", 1) is None
    assert there.find("u", str(module.KEPT), 1) is not None
