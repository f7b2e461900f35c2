"""Numbers as a language writes them: decimals, thousands, times, amounts with their unit. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from grandstand.domain.schemas import SECONDS, ValueSchema
from grandstand.overlays.card_rules.card import Number
from grandstand.overlays.sentences.languages import PLURALS, Language

GROUPED_FROM = 10_000
"""9999, but 10,000: as the pages write numbers."""

MOST_DECIMALS = 3


def difference(one: Number, other: Number) -> Decimal:
    """Return how far two values are apart, exactly: 9.89 and 9.81 are 0.08 apart."""
    return abs(Decimal(str(one)) - Decimal(str(other)))


def number(value: Number | Decimal, schema: ValueSchema, language: Language) -> str:
    """Return a value, or a difference of two, without its unit. Seconds from a minute on are
    written as a clock."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    decimals = schema.decimals
    if decimals is None:
        exponent = exact.normalize().as_tuple().exponent
        decimals = min(MOST_DECIMALS, max(0, -exponent)) if isinstance(exponent, int) else 0
    exact = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    sign = "−" if exact < 0 else ""
    exact = abs(exact)
    if schema.unit == SECONDS and exact >= 60:
        return sign + _clock(exact, decimals, language)
    whole, _, fraction = f"{exact:f}".partition(".")
    if exact >= GROUPED_FROM:
        whole = f"{int(whole):,}".replace(",", language.group)
    return sign + whole + (language.decimal + fraction if fraction else "")


def _clock(seconds: Decimal, decimals: int, language: Language) -> str:
    whole, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(whole), 60)
    width = 3 + decimals if decimals else 2
    second = f"{rest:0{width}.{decimals}f}".replace(".", language.decimal)
    return f"{hours}:{minutes:02}:{second}" if hours else f"{minutes}:{second}"


def amount(value: Number | Decimal, schema: ValueSchema, language: Language) -> str:
    """Return a value with its unit; a clock has none."""
    written = number(value, schema, language)
    return written if ":" in written else with_unit(written, schema.unit, language)


def with_unit(written: str, unit: str, language: Language) -> str:
    """Return a written number with its unit, in the form that the number asks for."""
    if not unit:
        return written
    forms = language.units.get(unit)
    if forms is None:
        return f"{written} {unit}"
    form = PLURALS[language.plural](written)
    return (forms.get(form) or forms["other"]).replace("#", written)
