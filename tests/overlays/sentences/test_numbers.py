from __future__ import annotations

import pytest
from grandstand.domain.schemas import ValueSchema
from grandstand.overlays.sentences.languages import language_for
from grandstand.overlays.sentences.numbers import amount, difference, number

TIME = ValueSchema("x", unit="s", decimals=2)
PLAIN = ValueSchema("x")


@pytest.mark.parametrize(
    ("value", "schema", "lang", "written"),
    [
        (9.8, TIME, "en", "9.80"),
        (9.8, TIME, "de", "9,80"),
        (1757.45, TIME, "en", "29:17.45"),
        (1757.45, TIME, "fr", "29:17,45"),
        (8644, ValueSchema("x", unit="s", decimals=0), "en", "2:24:04"),
        (3600.5, TIME, "en", "1:00:00.50"),
        (59.999, TIME, "en", "1:00.00"),
        (9999, PLAIN, "en", "9999"),
        (10_000, PLAIN, "en", "10,000"),
        (1_234_567.5, PLAIN, "de", "1.234.567,5"),
        (12_345, PLAIN, "fr", "12\u202f345"),
        (0.125, PLAIN, "en", "0.125"),
        (-3, PLAIN, "en", "−3"),
        (100.0, PLAIN, "en", "100"),
    ],
)
def test_numbers_as_languages_write_them(
    value: float, schema: ValueSchema, lang: str, written: str
) -> None:
    assert number(value, schema, language_for(lang)) == written


def test_differences_are_exact() -> None:
    assert str(difference(9.89, 9.81)) == "0.08"
    assert number(difference(0.3, 0.1), PLAIN, language_for("en")) == "0.2"


@pytest.mark.parametrize(
    ("value", "unit", "lang", "written"),
    [
        (1, "runs", "en", "1 run"),
        (2, "runs", "en", "2 runs"),
        (0, "points", "fr", "0 point"),
        (1, "points", "de", "1 Punkt"),
        (50, "runs", "zh", "50分"),
        (9.81, "s", "en", "9.81 s"),
        (9.81, "s", "zh", "9.81秒"),
        (61.5, "s", "zh", "1:01.5"),
        (7, "furlongs", "en", "7 furlongs"),
        (7, "", "en", "7"),
    ],
)
def test_amounts_have_their_unit_in_the_right_form(
    value: float, unit: str, lang: str, written: str
) -> None:
    assert amount(value, ValueSchema("x", unit=unit), language_for(lang)) == written
