from __future__ import annotations

from itertools import islice
from random import Random

import msgspec
from grandstand.api.stat_updates import StatsBody
from grandstand.demo import meet
from grandstand.demo.announcer import ATTEMPT_EVERY_S
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.finder import CardFinder

T = 1_700_000_000_000
HOUR = round(3600 / ATTEMPT_EVERY_S)


def cards_of(seed: int, count: int) -> list[Card]:
    finder, cards = CardFinder([meet.SCHEMA]), list[Card]()
    finder.update(meet.house_records(T))
    for number, attempt in enumerate(islice(meet.attempts(Random(seed)), count), 1):
        now = T + round(number * ATTEMPT_EVERY_S * 1000)
        for entity, label, figure in attempt:
            finder.update(meet.update_of(entity, label, figure, now))
        cards += [card for card in finder.read(now).cards if card.audience == "everyone"]
    return cards


def test_in_every_hour_leads_change_records_fall_and_the_server_takes_all_cards() -> None:
    for seed in range(3):
        cards = cards_of(seed, HOUR)
        assert {"lead", "record", "best"} <= {card.rule for card in cards}
        assert 20 <= len(cards) <= 120
        for card in cards:
            body = msgspec.convert(meet.body_of(card), StatsBody)
            assert body.name.startswith(card.names[card.entity])


def test_all_athletes_take_part_in_every_final() -> None:
    a_final = [*islice(meet.attempts(Random(1)), meet.ROUNDS * len(meet.ATHLETES))]
    assert {entity for attempt in a_final for entity, _, _ in attempt} == {
        f"athlete:{name}" for name in meet.ATHLETES
    }
    assert {label for attempt in a_final for _, label, _ in attempt} == {"Long jump, final 1"}
    assert any(not attempt for attempt in a_final), "some are fouls"
