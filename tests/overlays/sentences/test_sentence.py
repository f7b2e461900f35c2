"""What cards say; above all that every number in it is one of the card's."""

from __future__ import annotations

import pytest
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.update import Start, Update
from grandstand.overlays.sentences.languages import CODES
from grandstand.overlays.sentences.sentence import Sentence, sentence, unfounded, worded
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.overlays.card_rules.contests import T, found, said, throws

LEAD = [*throws(20.5, 21.25, 19.0)]


def of(rule: str, show: list[Update]) -> Card:
    return next(card for card in found(show) if card.rule == rule)


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Bo leads Throw, final with 21.25 m, 0.75 m ahead of Ada"),
        ("zh", "Bo以21.25米领先投掷, 决赛，比Ada多出0.75米的优势"),
        ("de", "Bo führt in Throw, final: 21,25 m, Vorsprung auf Ada 0,75 m"),
        ("fr", "Throw, final : Bo en tête avec 21,25 m, 0,75 m d'avance sur Ada"),
        ("es", "Bo lidera Throw, final con 21,25 m, 0,75 m por delante de Ada"),
    ],
)
def test_a_lead_in_every_language(lang: str, text: str) -> None:
    assert sentence(of("lead", LEAD), lang) == Sentence(text, "template")


def test_a_second_fact_becomes_an_aside() -> None:
    show = [said("a", 0, 9.80, "Race, final"), said("b", 1, 9.92, "Race, final", best="PB")]
    assert sentence(of("best", show), "en").text == (
        "Bo sets a personal best: 9.92 s in Race, final, 0.12 s behind Ada"
    )


def test_an_aside_does_not_say_the_place_again() -> None:
    show = [*throws(20.0, 18.0, 17.0, 16.0), said("d", 900, 18.5), said("b", 950, 18.8)]
    show.append(said("d", 1000, 19.0, best="SB"))
    assert sentence(of("season", show), "en").text == (
        "Dee sets a season's best: 19.00 m in Throw, final, place 2, up from place 3"
    )


def test_of_two_who_are_close_nothing_is_said_that_is_of_one() -> None:
    show = [*throws(20.0, 18.0, 17.0), said("c", 200, 19.96, best="SB")]
    card = of("close", show)
    assert "season" in [fact.rule for fact in card.facts]
    assert sentence(card, "en").text == (
        "Cy and Ada are 0.04 m apart in Throw, final: 19.96 m and 20.00 m"
    )


def test_a_record_names_what_it_breaks() -> None:
    show = [said("record:world", 0, 22.0, "Throw"), said("a", 60, 22.5)]
    assert sentence(of("record", show), "en").text == (
        "Ada breaks the record (world): 22.50 m in Throw, final, 0.50 m better than before"
    )


def test_an_old_value_is_said_to_be_old() -> None:
    show = [said("a", 0, 300.0, "Speed"), said("b", 70, 290.0, "Speed")]
    assert sentence(of("gap", show), "en").text.endswith("place 2 (data 1 minute old)")


def test_two_who_are_level_are_not_said_to_be_apart() -> None:
    show = [said("a", 0, 300.0, "Speed"), said("b", 1, 300.0, "Speed")]
    assert sentence(of("gap", show), "en").text == "Bo is level with Ada in Speed: 300.0 km/h"


def test_a_start_names_the_favourite() -> None:
    (card,) = found([Start(T + 60_000, "Throw, final", {"athlete:a": "Ada"}, {"athlete:a": 20.5})])
    assert sentence(card, "en").text == (
        "Throw, final starts within a minute: Ada, best so far 20.50 m"
    )


values = st.one_of(
    st.integers(1, 2_000_000).map(lambda each: each / 100),
    st.floats(0.001, 1e6, allow_nan=False),
)


@settings(max_examples=80, deadline=None)
@given(
    show=st.lists(
        st.builds(
            said,
            st.sampled_from(["a", "b", "c", "d", "record:world", "team:x", "team:y"]),
            st.integers(0, 3000),
            values,
            st.sampled_from(["Throw, final", "Throw", "Race, heat", "Race", "Speed", "Points, x"]),
            best=st.one_of(st.none(), values, st.sampled_from(["PB", "WR|PB", "SB", "??"])),
        ),
        max_size=25,
    ),
    lang=st.sampled_from(CODES),
)
def test_every_number_in_a_sentence_is_a_value_of_the_card_or_a_difference(
    show: list[Update], lang: str
) -> None:
    for card in found(show):
        text = sentence(card, lang).text
        assert text
        assert "{" not in text
        assert unfounded(text, card, lang) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Bo leads with 21.25 m", []),
        ("Bo leads with 21.52 m", ["21.52"]),
        ("0.75 m ahead, her 3rd win", ["3"]),
        ("21.2 m", ["21.2"]),
        ("2125 cm", ["2125"]),
    ],
)
def test_a_number_of_nobodys_is_found(text: str, wrong: list[str]) -> None:
    assert unfounded(text, of("lead", LEAD), "en") == wrong


def test_a_model_may_word_it_but_invents_no_number() -> None:
    card = of("lead", LEAD)
    honest = f"{card.names[card.entity]} throws 21.25 m and leads"
    assert worded(card, "en", honest, "a-model") == Sentence(honest, "a-model")
    assert worded(card, "en", "Bo wins for the 7th time", "a-model") is None
    assert sentence(card, "en").by == "template"
