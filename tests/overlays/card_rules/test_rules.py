"""Each rule, by the cards of a contest."""

from __future__ import annotations

import pytest
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.update import Start

from tests.overlays.card_rules.contests import NAMES, T, found, said, throws


def by_rule(cards: list[Card], rule: str) -> list[Card]:
    return [card for card in cards if rule in (fact.rule for fact in card.facts)]


def test_the_lead_is_told_once_the_field_is_there_and_when_it_changes() -> None:
    cards = by_rule(found([*throws(20.0, 21.0, 19.0), said("c", 600, 22.0)]), "lead")
    assert [(card.entity, card.values["value"], card.values["other"]) for card in cards] == [
        ("athlete:b", 21.0, 20.0),
        ("athlete:c", 22.0, 21.0),
    ]


def test_a_race_whose_results_come_at_once_has_one_leader() -> None:
    race = [
        said(who, 10, time, "Race, final") for who, time in zip("abc", (9.9, 9.8, 10), strict=True)
    ]
    (lead,) = by_rule(found(race), "lead")
    assert (lead.entity, lead.values["value"], lead.values["other"]) == ("athlete:b", 9.8, 9.9)


def test_a_race_told_runner_by_runner_has_its_winner_as_leader() -> None:
    race = [
        said(who, time, time, "Race, final")
        for who, time in zip("abc", (9.8, 9.9, 10), strict=True)
    ]
    (lead,) = by_rule(found(race), "lead")
    assert lead.entity == "athlete:a"


def test_a_value_that_ties_the_leader_takes_no_lead() -> None:
    assert not by_rule(found([*throws(20.0, 19.0), said("c", 200, 20.0)]), "lead")


def test_who_moves_up_is_told_from_where_to_where() -> None:
    (card,) = by_rule(found([*throws(20.0, 18.0, 17.0, 16.0), said("d", 900, 19.0)]), "rank")
    assert (card.values["came_from"], card.values["rank"]) == (4, 2)


def test_a_best_is_told_by_the_numbers_or_the_feeds_word() -> None:
    by_number = by_rule(found([said("a", 0, 20.1, best=20.0)]), "best")
    assert by_number[0].values == {"value": 20.1, "best": 20.0, "rank": 1}
    by_word = by_rule(found([said("a", 0, 20.1, best="NR|PB")]), "best")
    assert by_word[0].facts[0].mark == "PB"
    assert not by_rule(found([said("a", 0, 20.0, best=20.0)]), "best")
    assert by_rule(found([said("a", 0, 20.1, best="SB")]), "season")


def test_a_record_is_told_by_whom_and_has_to_be_beaten_anew() -> None:
    show = [
        said("record:world", 0, 22.0, "Throw"),
        said("a", 10, 22.5),
        said("b", 600, 22.4),
        said("c", 1200, 22.6),
    ]
    cards = by_rule(found(show), "record")
    assert [(card.entity, card.values["record"]) for card in cards] == [
        ("athlete:a", 22.0),
        ("athlete:c", 22.5),
    ]
    assert cards[0].facts[0].entities == ("athlete:a", "record:world")


def test_of_two_who_beat_a_record_at_once_the_better_one_has_it() -> None:
    show = [
        said("record:world", 0, 9.9, "Race"),
        *(said(who, 10, time, "Race, final") for who, time in (("a", 9.85), ("b", 9.8))),
    ]
    assert [card.entity for card in by_rule(found(show), "record")] == ["athlete:b"]


def test_a_split_is_not_held_against_the_record_of_the_whole() -> None:
    show = [said("record:world", 0, 9.9, "Race"), said("a", 5, 5.0, "Walk, 50 m")]
    assert found(show) == []


def test_two_who_come_close_are_told_once() -> None:
    show = [*throws(20.0, 18.0), said("b", 200, 19.97), said("b", 400, 19.98)]
    (card,) = by_rule(found(show), "close")
    assert card.facts[0].entities == ("athlete:b", "athlete:a")


def test_a_running_count_is_told_by_its_steps_with_the_other_side() -> None:
    counts = [
        ("team:x", 4),
        ("team:x", 9),
        ("team:x", 12),
        ("team:y", 0),
        ("team:y", 11),
        ("team:y", 13),
    ]
    cards = found(
        [said(who, n * 700, points, "Points, match") for n, (who, points) in enumerate(counts)],
        9000,
    )
    assert [(card.rule, card.entity, dict(card.values)) for card in cards] == [
        ("score", "team:x", {"value": 12}),
        ("score", "team:y", {"value": 11, "other": 12, "rank": 2}),
        ("lead", "team:y", {"value": 13, "other": 12, "rank": 1}),
    ]


def test_a_running_count_breaks_a_record_and_a_best_once() -> None:
    show = [
        said("tally:best", 0, 12, "Points"),
        *(
            said("team:x", (1 + points) * 2000, points, "Points, match", best=14)
            for points in (11, 12, 13, 14, 15, 16)
        ),
    ]
    told = [(card.rule, card.values["value"]) for card in found(show, 60_000)]
    assert told == [("score", 11), ("record", 13), ("best", 15)]


def test_followers_hear_what_is_missing_to_the_leader() -> None:
    (card,) = by_rule(found(throws(20.0, 19.0)), "gap")
    assert card.audience == "followers"
    assert (card.values["value"], card.values["other"], card.values["rank"]) == (19.0, 20.0, 2)


def test_a_gap_is_told_again_when_it_has_halved_or_doubled_since_it_was_told() -> None:
    thrown = (19.0, 19.2, 19.4, 19.5, 19.6)
    show = [said("a", 0, 20.0), *(said("b", 60 * n, mark) for n, mark in enumerate(thrown, 1))]
    gaps = by_rule(found(show), "gap")
    assert [card.values["value"] for card in gaps] == [19.0, 19.5]


def test_a_gap_is_told_again_to_who_has_led_meanwhile() -> None:
    marks = [("a", 20.0), ("b", 19.0), ("c", 15.0), ("b", 21.0), ("a", 22.1), ("b", 21.1)]
    show = [said(who, 60 * n, mark) for n, (who, mark) in enumerate(marks)]
    told = [card.values["value"] for card in by_rule(found(show), "gap") if card.entity[-1] == "b"]
    assert told == [19.0, 21.1]


def test_where_the_feed_gives_places_who_has_none_yet_is_on_the_way() -> None:
    times = (("a", 80.0, None), ("b", 81.0, None), ("c", 82.0, 3))
    show = [said(who, 10, time, "Race, heat", rank=place) for who, time, place in times]
    assert [card.entity for card in by_rule(found(show), "gap")] == ["athlete:c"]


def test_only_the_rules_that_a_schema_names_speak_of_a_value() -> None:
    show = [said(who, 10, time, "Lap") for who, time in zip("abc", (80.0, 81.0, 82.0), strict=True)]
    assert [card.rule for card in found(show)] == ["lead"]
    bests = {"athlete:a": 80.0}
    assert found([Start(T + 120_000, "Lap", {"athlete:a": "Ada"}, bests)]) == []


def test_favourites_are_told_a_minute_before_the_best_first() -> None:
    bests = {"athlete:a": 20.0, "athlete:b": 22.0, "athlete:c": 21.0, "athlete:d": 19.0}
    names = {f"athlete:{letter}": name for letter, name in NAMES.items()}
    cards = found([Start(T + 120_000, "Throw, final", names, bests)])
    assert {card.entity: card.values["rank"] for card in cards} == {
        "athlete:b": 1,
        "athlete:c": 2,
        "athlete:a": 3,
    }
    assert all(T + 60_000 <= card.at <= T + 80_000 for card in cards)
    assert [card.entity for card in cards if card.audience == "everyone"] == ["athlete:b"]


def test_who_starts_without_a_known_best_is_no_favourite() -> None:
    assert found([Start(T + 120_000, "Throw, final", {"athlete:a": "Ada"}, {})]) == []


def test_values_that_no_schema_names_are_no_cards() -> None:
    assert found([said("a", 0, 1.0, "Weight"), said("horse:x", 0, 1.0)]) == []


@pytest.mark.parametrize("age_s", [30, 150])
def test_a_card_with_a_value_from_a_feed_that_stopped_says_how_old_it_is(age_s: int) -> None:
    show = [said("a", 0, 300.0, "Speed"), said("b", age_s, 290.0, "Speed")]
    (card,) = by_rule(found(show), "gap")
    assert card.values.get("age_min") == (2 if age_s > 60 else None)
