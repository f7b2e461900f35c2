"""One sentence about a card, from the templates of a language. Pure.

Theory of operation: the card's most telling fact chooses the text, the next one that has something
to add becomes an aside; not where two are the subject, since it is of one of them. Every number
comes from the card: ``{value}`` is written with its unit, ``{value-other}`` is how far two values
are apart.

A model may word sentences instead (``worded``). What it writes is used only if every number in it
is one of the card's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from string import Formatter

from msgspec import Struct

from grandstand.domain.schemas import ValueSchema
from grandstand.overlays.card_rules.card import Card, Fact
from grandstand.overlays.sentences.languages import Language, language_for
from grandstand.overlays.sentences.numbers import amount, difference, number, with_unit

TEMPLATE = "template"
MEASURED = ("value", "other", "record", "best")
"""Values in the unit of the card's label; others (a rank) are plain numbers."""

_PLAIN = ValueSchema("")
_NUMBER = re.compile(r"\d(?:[\d.,:\u202f\u00a0]*\d)?")


class Sentence(Struct, frozen=True):
    """The data of an overlay: the text, and by whom: ``template``, or a model's name."""

    text: str
    by: str


def sentence(card: Card, lang: str) -> Sentence:
    """Return what a card says in a language (BCP 47), by the templates."""
    return Sentence(_text(card, language_for(lang)), TEMPLATE)


def worded(card: Card, lang: str, text: str, by: str) -> Sentence | None:
    """Return what a model says of a card; None if it has a number that the card doesn't have."""
    return None if unfounded(text, card, lang) else Sentence(text, by)


def unfounded(text: str, card: Card, lang: str) -> list[str]:
    """Return the numbers in a text that are neither a value of the card nor the difference of two,
    as the language writes them. Numbers in names and labels are theirs."""
    language = language_for(lang)
    for known in sorted({*card.names.values(), label_in(card, language)}, key=len, reverse=True):
        text = text.replace(known, " ") if known else text
    founded = set(_numbers_of(card, language))
    return [found for found in _NUMBER.findall(text) if found not in founded]


def label_in(card: Card, language: Language) -> str:
    """Return a card's label with the names of value and stage in a language."""
    name = card.schema.names.get(language.code, card.schema.name)
    rest = card.label.removeprefix(card.schema.name)
    stage = card.stage.names.get(language.code)
    if rest and stage:
        rest = f", {stage}" + "".join(rest.removeprefix(", ").partition(" ")[1:])
    return name + rest


def _numbers_of(card: Card, language: Language) -> Iterator[str]:
    measured = [card.values[name] for name in MEASURED if name in card.values]
    for value in measured:
        yield number(value, card.schema, language).lstrip("−")
    for one, other in combinations(measured, 2):
        yield number(difference(one, other), card.schema, language)
    for name, value in card.values.items():
        if name not in MEASURED:
            yield number(value, _PLAIN, language)


def _text(card: Card, language: Language) -> str:
    first, *more = card.facts
    text, named = _filled(language.rules[first.rule], _fields(card, first, language))
    for fact in more if first.rule != "close" else ():
        if fact.entities == first.entities and len(fact.entities) > 1:
            continue  # of the same two nothing is left to say
        fields = dict(_fields(card, fact, language))
        if "rank" in named:
            fields.pop("rank", None)  # the place was said
        aside, _ = _filled(language.asides.get(fact.rule, []), fields)
        if aside:
            text += language.joint + aside
            break
    if "age_min" in card.values:
        age = number(card.values["age_min"], _PLAIN, language)
        text += language.old.format(age=with_unit(age, "min", language))
    return text


def _fields(card: Card, fact: Fact, language: Language) -> Mapping[str, str]:
    """Return all that a text about a fact may name."""
    values = fact.values
    measured = [name for name in MEASURED if name in values]
    out = {name: amount(values[name], card.schema, language) for name in measured}
    for one, other in combinations(measured, 2):
        if values[one] != values[other]:
            apart = difference(values[one], values[other])
            out[f"{one}-{other}"] = amount(apart, card.schema, language)
        else:
            out[f"{one}={other}"] = out[one]
    plain = {name: number(value, _PLAIN, language) for name, value in values.items()}
    names = [card.names[entity] for entity in fact.entities]
    if fact.mark:
        out["mark"] = language.marks.get(fact.mark, fact.mark)
    if len(names) > 1:
        out["other_name"] = names[1]
    return {**plain, **out, "name": names[0], "label": label_in(card, language)}


def _filled(texts: list[str], fields: Mapping[str, str]) -> tuple[str, set[str]]:
    """Return the first text for which all fields are known, filled, and what it names; "": none."""
    for text in texts:
        parts = [(plain, name or "") for plain, name, _, _ in Formatter().parse(text)]
        named = {name for _, name in parts if name}
        if named <= fields.keys():
            return "".join(plain + fields.get(name, "") for plain, name in parts), named
    return "", set()
