from __future__ import annotations

from itertools import islice
from random import Random
from typing import Any

import msgspec
from grandstand.api.stat_updates import StatsBody
from grandstand.demo import meet
from grandstand.demo.announcer import ATTEMPT_EVERY_S
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.finder import CardFinder
from grandstand.overlays.card_rules.update import Update, figure_of

T = 1_700_000_000_000
FINALS = round(3600 / ATTEMPT_EVERY_S / meet.ATTEMPTS)
"""Of an hour."""


def update_of(body: dict[str, Any], at: int) -> Update:
    figures = {label: figure_of(value) for label, value in body["values"].items()}
    return Update(body["entity"], body["name"], at, figures)


def cards_of(seed: int) -> list[Card]:
    finder, cards, now, random = CardFinder(meet.SCHEMAS), list[Card](), T, Random(seed)
    finder.update(update_of(meet.house_records(), T))
    for final in islice(meet.finals(), FINALS):
        for body in meet.attempts(final, random):
            now += round(ATTEMPT_EVERY_S * 1000)
            if body is not None:
                msgspec.convert(body, StatsBody)
                finder.update(update_of(body, now))
            cards += [card for card in finder.read(now).cards if card.audience == "everyone"]
    return cards


def test_in_every_hour_leads_change_and_records_fall() -> None:
    for seed in range(3):
        cards = cards_of(seed)
        assert {"lead", "record", "best"} <= {card.rule for card in cards}
        assert 20 <= len(cards) <= 120


def test_all_athletes_take_part_in_every_final() -> None:
    final = next(meet.finals())
    athletes = {f"athlete:{name}" for name in meet.ATHLETES}
    bodies = [*meet.attempts(final, Random(1))]
    assert len(bodies) == meet.ATTEMPTS
    assert {body["entity"] for body in bodies if body} == athletes
    assert {body["entity"] for body in meet.start_list(final, T)} == athletes
    assert any(body is None for body in bodies), "some are fouls"


def test_the_board_has_the_best_five_by_names_in_their_script() -> None:
    final = next(meet.finals())
    marks = {f"athlete:{name}": 7 + number / 10 for number, name in enumerate(meet.ATHLETES)}
    body = meet.board(final, marks)
    assert msgspec.convert(body, StatsBody).is_for_everyone
    assert list(body["values"]) == ["Lin 林", "Kai", "Jo", "Ivo", "Hana 花"]
    assert [value["rank"] for value in body["values"].values()] == [1, 2, 3, 4, 5]
