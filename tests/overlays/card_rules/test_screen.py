from __future__ import annotations

from dataclasses import replace

from grandstand.domain.schemas import NO_STAGE, ValueSchema
from grandstand.overlays.card_rules import screen
from grandstand.overlays.card_rules.card import Card, Fact
from grandstand.overlays.card_rules.screen import FOLLOWERS_GAP_MS, GAP_MS, GATHER_MS, Screen


def card(entity: str, at: int, telling: float) -> Card:
    fact = Fact("lead", (entity,), {"value": 1}, at)
    return Card(
        f"{entity}{at}", at, entity, "x", (fact,), {}, ValueSchema("x"), NO_STAGE,
        fact.values, telling, telling, "followers",
    )  # fmt: skip


def shown(*cards: Card, until: int) -> list[tuple[str, int, str]]:
    its = Screen()
    out = []
    for each in cards:
        out += its.release(each.at - 1)
        out += its.add(each)
    return [(one.entity, one.at, one.audience) for one in [*out, *its.release(until)]]


def test_a_card_is_shown_after_a_moment_and_the_screen_is_then_taken() -> None:
    assert shown(card("a", 0, 0.5), card("b", 2000, 0.5), until=30_000) == [
        ("a", GATHER_MS, "everyone"),
        ("b", GATHER_MS + GAP_MS, "everyone"),
    ]


def test_of_those_that_wait_the_most_telling_goes_first() -> None:
    cards = [card("a", 0, 0.4), card("b", 500, 0.6), card("c", 1500, 0.5), card("d", 2000, 0.9)]
    order = [who for who, _, audience in shown(*cards, until=60_000) if audience == "everyone"]
    assert order == ["b", "d", "c"]


def test_what_waits_in_vain_goes_to_followers() -> None:
    cards = [card("a", 0, 0.9), card("b", 1, 0.8), card("c", 2, 0.7), card("d", 3, 0.4)]
    assert ("d", 3, "followers") in shown(*cards, until=60_000)


def test_what_is_not_telling_goes_to_followers_at_once() -> None:
    assert shown(card("a", 0, 0.1), until=0) == [("a", 0, "followers")]


def test_followers_get_one_card_of_an_entity_at_a_time_or_a_more_telling_one() -> None:
    first = card("a", 0, 0.1)
    again = [card("a", 1000, 0.05), card("a", 2000, 0.2), card("a", 2000 + FOLLOWERS_GAP_MS, 0.1)]
    assert [at for _, at, _ in shown(first, *again, until=60_000)] == [0, 2000, 7000]
    dull = replace(first, to_followers=screen.LEAST_TO_FOLLOWERS / 2)
    assert shown(dull, until=60_000) == []


def test_what_waits_is_bounded() -> None:
    its = Screen()
    for number in range(200):
        its.add(card(str(number), 0, 0.5))
    assert len(its.waiting) == screen.MAX_WAITING
