"""Hold what viewers were told against what the feed said, without the rules that found it.

- Each number of a sentence is a value that the feed gave an entity which the sentence names, under
  the label that it names; or the difference of two of these, a place, or an age.
- Nobody is told the same twice, or of a moment after a later one.

A card for everyone may wait for the screen, so numbers may be those of any moment of the half
minute before it. Sentences are English.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from grandstand.domain.entities import kind_of
from grandstand.domain.schemas import KindSchema, ValueSchema
from grandstand.overlays.sentences.languages import language_for
from grandstand.overlays.sentences.numbers import difference, number

BEFORE_MS = 30_000
MINUTE_MS = 60_000
_NUMBER = re.compile(r"\d(?:[\d.,:]*\d)?")
_ENGLISH = language_for("en")

Card = Mapping[str, Any]
Said = tuple[int, str, Mapping[str, Any]]
"""At which moment (ms) which entity has which value, with its rank and its best."""


class Feed:
    """What was said in a room, by kind and label, in the order of moments."""

    def __init__(
        self, bodies: Iterable[Mapping[str, Any]], schemas: Mapping[str, KindSchema]
    ) -> None:
        self._schemas = schemas
        self._said: dict[tuple[str, str], list[Said]] = defaultdict(list)
        self._names: dict[str, set[str]] = defaultdict(set)
        for body in sorted(bodies, key=lambda body: int(body["at"])):
            entity = body["entity"]
            self._names[body["name"]].add(entity)
            for label, given in (body["values"] or {}).items():
                value = given if isinstance(given, dict) else {"value": given}
                self._said[kind_of(entity), label].append((body["at"], entity, value))
        self._longest_first = sorted(self._names, key=len, reverse=True)
        self._labels = sorted(self._said, key=lambda place: -len(place[1]))

    def unfounded(self, card: Card) -> list[str]:
        """Return the numbers of a card that the feed doesn't give, or its text if it names no label
        of its kind. A start may have been announced after the moment at which it is told."""
        kind, text = kind_of(card["entity"]), card["text"]
        label = next((known for its, known in self._labels if its == kind and known in text), None)
        schema = self._schemas[kind].get(label) if label is not None else None
        if label is None or schema is None:
            return [text]
        text = text.replace(label, " ")
        named = {card["entity"]}
        for name in self._longest_first:
            if name in text:
                named |= self._names[name]
                text = text.replace(name, " ")
        founded = set(self._numbers(card, label, schema, named))
        return [each for each in _NUMBER.findall(text) if each not in founded]

    def _numbers(
        self, card: Card, label: str, schema: ValueSchema, named: set[str]
    ) -> Iterator[str]:
        kind, at = kind_of(card["entity"]), card["at"]
        at += MINUTE_MS if card["rule"] == "start" else 0
        said = self._said[kind, label]
        values, ages = set[float](), set[int]()
        for moment, _, value in _of_the_moment(said, at, named):
            numbers = [schema.number(value.get(field)) for field in ("value", "best")]
            values |= {each for each in numbers if each is not None}
            ages |= {(at - BEFORE_MS - moment) // MINUTE_MS, (at - moment) // MINUTE_MS}
        if card["rule"] == "record":
            values |= self._records(kind, schema, at)
        yield from (number(value, schema, _ENGLISH).lstrip("−") for value in values)
        for one, other in combinations(values, 2):
            yield number(difference(one, other), schema, _ENGLISH)
        yield from map(str, ages | _places(said, card["entity"], at, schema))

    def _records(self, kind: str, schema: ValueSchema, at: int) -> set[float]:
        """Return the best values of a name, each as long as it was the best, of the half minute
        before ``at`` and of before that."""
        said = [
            (moment, value)
            for (its, label), all_said in self._said.items()
            if its in (kind, self._schemas[kind].records) and self._schema(kind, label) == schema
            for moment, _, given in all_said
            if moment <= at and (value := schema.number(given.get("value"))) is not None
        ]
        found, best = set[float](), None
        for moment, value in sorted(said, key=lambda each: each[0]):
            if best is None or schema.is_better(value, best):
                found = found if moment >= at - BEFORE_MS else set()
                best = value
                found.add(value)
        return found

    def _schema(self, kind: str, label: str) -> ValueSchema | None:
        return self._schemas[kind].get(label)


def _of_the_moment(said: list[Said], at: int, named: set[str]) -> Iterator[Said]:
    """Yield what held of some entities at any time of the half minute before ``at``."""
    held: dict[str, Said] = {}
    for one in said[: bisect_right(said, at, key=_moment)]:
        if one[1] not in named:
            continue
        if one[0] < at - BEFORE_MS:
            held[one[1]] = one
        else:
            yield one
    yield from held.values()


def _places(said: list[Said], entity: str, at: int, schema: ValueSchema) -> set[int]:
    """Return an entity's places before and after each change of the half minute before ``at``."""
    found, table = set[int](), dict[str, float]()
    first = bisect_left(said, at - BEFORE_MS, key=_moment)
    for place, (_, other, value) in enumerate(said[: bisect_right(said, at, key=_moment)]):
        if place >= first:
            found |= _place(table, entity, schema)
        reached = schema.number(value.get("value"))
        if reached is not None:
            table[other] = reached
        if other == entity and value.get("rank"):
            found.add(value["rank"])
    return found | _place(table, entity, schema)


def _place(table: Mapping[str, float], entity: str, schema: ValueSchema) -> set[int]:
    own = table.get(entity)
    if own is None:
        return set()
    return {1 + sum(schema.is_better(other, own) for other in table.values())}


def _moment(said: Said) -> int:
    return said[0]


def told_twice(cards: Iterable[Card]) -> list[str]:
    """Return the sentences that were told of the same entity more than once."""
    counts = Counter((card["entity"], card["text"]) for card in cards)
    return [text for (_, text), count in counts.items() if count > 1]


def out_of_order(cards: Iterable[Card]) -> list[str]:
    """Return the sentences that came after one of a later moment: to everyone, or to the followers
    of the same entity. What comes in one message has no order."""
    newest: dict[str, tuple[int, int]] = {}
    found = []
    for card in sorted(cards, key=lambda card: int(card["message"])):
        to = "" if card["audience"] == "everyone" else card["entity"]
        at, message = newest.get(to, (0, 0))
        if card["at"] < at and card["message"] > message:
            found.append(card["text"])
        newest[to] = max((at, message), (card["at"], card["message"]))
    return found
