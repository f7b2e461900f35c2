"""What is given in any order, late, twice, or corrected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from grandstand.overlays.card_rules import finder as module
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.corrections import effective
from grandstand.overlays.card_rules.finder import WINDOW_MS, CardFinder
from grandstand.overlays.card_rules.fold import Fold
from grandstand.overlays.card_rules.schema import with_records
from grandstand.overlays.card_rules.update import Update
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.overlays.card_rules.contests import SCHEMAS, T, found, give, said, throws

LATER = T + 300_000


def finder_of(items: Sequence[Update]) -> CardFinder:
    finder = CardFinder(SCHEMAS)
    for item in items:
        give(finder, item)
    return finder


def facts(cards: Iterable[Card]) -> dict[str, object]:
    return {card.id: card.facts for card in cards}


shows = st.lists(
    st.builds(
        said,
        st.sampled_from("abcde"),
        st.integers(0, 200),
        st.integers(1500, 2300).map(lambda each: each / 100),
        st.sampled_from(["Throw, final", "Race, heat 1"]),
    ),
    max_size=30,
    unique_by=lambda update: (update.entity, update.at),
)


@settings(max_examples=60, deadline=None)
@given(show=shows, seed=st.randoms())
def test_the_cards_do_not_depend_on_the_order(show: list[Update], seed: object) -> None:
    mixed = list(show)
    seed.shuffle(mixed)  # type: ignore[attr-defined]
    assert found(mixed) == found(show)


@settings(max_examples=60, deadline=None)
@given(show=shows, seed=st.randoms())
def test_late_and_repeated_ones_come_to_what_the_rules_find_at_once(
    show: list[Update], seed: object
) -> None:
    """Read after every update, each of which may be minutes late."""
    mixed = [*show, *show[:5]]
    seed.shuffle(mixed)  # type: ignore[attr-defined]
    finder = CardFinder(SCHEMAS)
    held: dict[str, Card] = {}
    for number, update in enumerate(mixed):
        give(finder, update)
        reading = finder.read(T + 210_000 + number)
        for name in reading.taken_back:
            del held[name]
        held.update({card.id: card for card in reading.cards})
    reading = finder.read(LATER)
    held.update({card.id: card for card in reading.cards})
    once = Fold(with_records(SCHEMAS))
    in_order = sorted(show, key=lambda update: (update.at, update.entity))
    once.run(effective(in_order, once.schemas), LATER)
    assert facts(held.values()).items() <= facts(once.proposed.values()).items()


def test_nothing_is_told_before_it_has_settled() -> None:
    finder = finder_of(throws(20.0, 21.0, 19.0, every_s=1))
    assert finder.read(T + 2_000 + module.SETTLE_MS - 1).cards == []
    assert finder.read(T + 60_000).cards


def test_the_same_update_again_changes_nothing() -> None:
    finder = finder_of(throws(20.0, 21.0, 19.0))
    assert finder.read(LATER).cards
    finder.update(throws(20.0, 21.0, 19.0)[1])
    assert finder.read(LATER + 1) == ([], [])
    assert finder.counts["repeated"] == 1


def test_another_value_for_the_same_moment_takes_the_card_back_or_replaces_it() -> None:
    finder = finder_of(throws(20.0, 21.0, 19.0))
    (lead,) = [card for card in finder.read(LATER).cards if card.rule == "lead"]
    finder.update(said("b", 60, 20.5))
    (again,) = [card for card in finder.read(LATER + 1).cards if card.id == lead.id]
    assert (again.values["value"], again.values["other"]) == (20.5, 20.0)
    finder.update(said("b", 60, 18.0))
    reading = finder.read(LATER + 2)
    assert lead.id in reading.taken_back
    assert [card.entity for card in reading.cards if card.rule == "lead"] == ["athlete:a"]
    assert finder.counts["corrected"] == 2


def test_a_worse_value_of_what_never_gets_worse_takes_back_what_was_said() -> None:
    finder = finder_of(throws(20.0, 21.0, 19.0))
    (lead,) = [card for card in finder.read(LATER).cards if card.rule == "lead"]
    finder.update(said("b", 400, 19.5))
    reading = finder.read(T + 500_000)
    assert lead.id in reading.taken_back
    assert [card.entity for card in reading.cards if card.rule == "lead"] == ["athlete:a"]


def test_a_disqualification_takes_back_what_was_said() -> None:
    finder = finder_of(throws(20.0, 21.0, 19.0, 18.0))
    (lead,) = [card for card in finder.read(LATER).cards if card.rule == "lead"]
    finder.update(said("b", 400, None))
    reading = finder.read(T + 500_000)
    assert lead.id in reading.taken_back
    assert "athlete:a" in [card.entity for card in reading.cards if card.rule == "lead"]


def test_a_value_that_may_get_worse_is_no_correction() -> None:
    finder = finder_of([said("a", 0, 300.0, "Speed"), said("b", 1, 290.0, "Speed")])
    finder.read(LATER)
    finder.update(said("a", 400, 280.0, "Speed"))
    assert finder.read(T + 500_000).taken_back == []


def test_an_entity_that_was_renamed_has_its_new_name() -> None:
    renamed = replace(said("c", 120, 22.0), name="Cyril")
    cards = found([*throws(20.0, 21.0, 19.0, every_s=1), renamed])
    assert [card for card in cards if card.rule == "lead"][-1].names["athlete:c"] == "Cyril"


def test_what_is_older_than_the_window_changes_nothing() -> None:
    finder = finder_of(throws(20.0, 21.0, 19.0))
    finder.read(T + WINDOW_MS * 3)
    finder.update(said("a", 1, 25.0))
    assert finder.read(T + WINDOW_MS * 3 + 1) == ([], [])
    assert finder.counts["late"] == 1


def test_what_comes_too_late_to_be_told_is_in_the_standings() -> None:
    finder = CardFinder(SCHEMAS)
    for update in throws(20.0, 19.0, 18.0):
        finder.know(update)
    finder.begin(T + 100_000)
    finder.update(said("d", 90, 21.0))
    finder.update(said("a", -10, 25.0))
    assert finder.read(T + 110_000) == ([], [])
    finder.update(said("b", 120, 22.0))
    (lead,) = [card for card in finder.read(LATER).cards if card.rule == "lead"]
    assert (lead.values["value"], lead.values["other"]) == (22.0, 21.0)


def test_a_flood_is_bounded_and_counted() -> None:
    finder = CardFinder(SCHEMAS)
    for number in range(module.MAX_LOG + 100):
        finder.update(said("a", number / 1000, 20.0))
    assert finder.counts["refused"] == 100
    finder.read(LATER)
    for number in range(1000):
        finder.update(said("b", 200 + number / 1000, 20.0))
    assert finder.counts["refused"] == 100


def test_values_that_are_no_numbers_cost_nobody_else_a_card() -> None:
    broken = [said("d", 1, "DNF"), said("e", 2, "n/a"), said("d", 3, 99.0, unit="ft")]
    assert facts(found([*throws(20.0, 21.0, 19.0), *broken])) == facts(
        found(throws(20.0, 21.0, 19.0))
    )
